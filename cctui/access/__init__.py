"""Who is at the keyboard and what they may do. Every screen, command and the worker ask here and nowhere else."""
