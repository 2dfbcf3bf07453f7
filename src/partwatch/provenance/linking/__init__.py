"""Links: for any two items, bits that they share a source, from their marks."""
