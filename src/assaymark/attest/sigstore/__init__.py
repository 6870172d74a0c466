"""Signing and verifying with identities: certificates, transparency logs, timestamps and the trust in them."""
