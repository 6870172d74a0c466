"""Analysers of bills of materials found inside artifacts."""
