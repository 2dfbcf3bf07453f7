"""Welding, connected bodies, sampling, distance, alignment: pure functions on arrays."""
