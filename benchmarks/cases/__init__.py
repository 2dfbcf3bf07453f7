"""A seeded generator of whole cases whose truth is known, and what is measured on them."""
