"""Where a file comes from: marks that it carries, and what they say together."""
