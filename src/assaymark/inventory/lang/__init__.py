"""Analysers of language ecosystems: lockfiles, manifests and installed packages."""
