"""Rust: Cargo's manifests and lockfiles, and what cargo-auditable embeds in executables."""
