"""Who signs: identity tokens (OpenID Connect Core 1.0), from the user, the surroundings, or by signing in."""
