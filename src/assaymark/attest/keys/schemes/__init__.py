"""One file a scheme of key references, each ending in `KEY_SCHEME`."""
