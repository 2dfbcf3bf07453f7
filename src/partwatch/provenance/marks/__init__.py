"""Marks: what a file tells of its origin, each with its place, its rarity and how easily it is forged."""
