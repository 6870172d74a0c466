"""The version of the program, alone in its file so that printing it loads nothing else."""

__version__ = "0.1.0"
