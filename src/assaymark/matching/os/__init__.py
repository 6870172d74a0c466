"""One file for the distribution families that share a rule; each ends in `DRIVER`."""
