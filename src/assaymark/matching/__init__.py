"""Stage 5, packages and advisories to findings: detection, details, severity, filters."""
