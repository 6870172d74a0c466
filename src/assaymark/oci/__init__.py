"""Content addressed by digest: registries, image layouts, manifests and credentials (OCI distribution and image specs)."""
