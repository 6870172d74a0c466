"""Analysers of operating systems: release files and package databases."""
