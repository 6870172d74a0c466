"""Analysers of executables that name what they were built from."""
