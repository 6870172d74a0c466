"""Completions for shells: what can be typed, and one file for each shell that writes it down."""
