"""Formats of VEX documents: one file each, which ends in `FORMAT`."""
