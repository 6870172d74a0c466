"""What a verified record must say to be good enough: rules over facts, without any input or output."""
