"""Where identity tokens lie about: one file a provider, each ending in `PROVIDER`."""
