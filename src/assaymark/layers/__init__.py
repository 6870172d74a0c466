"""Stage 2, layers to files: decompression, the tar reader, whiteouts, the harvest, the directory walk, the cache."""
