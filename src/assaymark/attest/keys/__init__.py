"""Keys that sign and verify: one file a scheme."""
