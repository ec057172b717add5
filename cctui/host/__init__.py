"""The box under the program: its clock, its disk and its locks, each behind a seam that a test can replace."""
