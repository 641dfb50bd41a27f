"""What the knowledge lacks: gaps by meaning, and documents that maintainers add for them."""
