"""Keys in PKCS#11 tokens: their URIs, the tokens themselves, and what stands on them."""
