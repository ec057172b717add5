"""The plain mode (``cctui --plain``): the same work as on the screens, asked and told line by line.

For screen readers and for terminals on which nothing can be drawn: one question a line, nothing moves, no colour, no
boxes. It calls what the screens and the commands call; here are only questions and sentences.
"""
