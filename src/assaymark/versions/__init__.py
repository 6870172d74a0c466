"""Version orders: one file a scheme, pure functions, each with a corpus of pairs in `tests/corpus/versions`."""
