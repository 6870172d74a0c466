"""Executable files: where the sections and the addresses of ELF, PE, Mach-O and WebAssembly lie in the file."""
