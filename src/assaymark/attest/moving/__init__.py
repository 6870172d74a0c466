"""Images on the move, with everything that is attached to them."""
