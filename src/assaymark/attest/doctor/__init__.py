"""What a registry can do for attestations, what is attached to an image, and who will find it; nothing is proven."""
