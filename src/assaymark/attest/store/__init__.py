"""Where attestations live: Sigstore bundles as referrers, and the legacy `.att` tag."""
