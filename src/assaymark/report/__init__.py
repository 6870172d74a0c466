"""Stage 6, findings to bytes: one file a format."""
