"""Readers of rpm's package database: three kinds of files, one kind of header in all of them."""
