"""Content addressed by digest: registries, image layouts, manifests, credentials (OCI distribution and image specs)."""
