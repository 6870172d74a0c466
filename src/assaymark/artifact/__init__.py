"""Stage 1, what to scan: registry, container engine, archive, image layout or directory."""
