"""Go: module files, what the linker embeds in executables, and how modules are versioned."""
