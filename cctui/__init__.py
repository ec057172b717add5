"""cctui delivers segments of unified customer profiles to Constant Contact lists, from a terminal."""

__version__ = "0.1.0"
