"""Stage 7, bytes to a signed statement and back: keys, statement, envelope, bundle, stores, verification."""
