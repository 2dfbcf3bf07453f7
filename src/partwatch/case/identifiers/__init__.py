"""Identifiers in free text: found, checked and normalised, one module a kind."""
