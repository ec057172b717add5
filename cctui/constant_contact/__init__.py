"""Constant Contact's V3 API: client, sign-in, tokens, limits and errors."""
