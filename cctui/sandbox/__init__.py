"""A local stand-in for Constant Contact, for the demo, the tests and rehearsals; and a sample environment."""
