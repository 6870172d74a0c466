"""What CycloneDX and SPDX documents have in common: components, what holds what, and licences."""
