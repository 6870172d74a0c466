"""Bounded, verifying and atomic input and output: every guard against hostile bytes that more than one stage needs."""
