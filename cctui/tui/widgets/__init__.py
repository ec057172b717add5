"""Widgets: they show what a page gives them and keep no state of their own beyond cursor and scroll position."""
