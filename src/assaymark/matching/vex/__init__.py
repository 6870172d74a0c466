"""VEX: what publishers say of vulnerabilities in their products, and which findings that takes out."""
