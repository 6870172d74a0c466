"""What Python's files mean, for the analysers that read them."""
