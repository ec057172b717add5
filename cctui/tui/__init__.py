"""The face: shows state, sends intents, decides nothing about exports."""
