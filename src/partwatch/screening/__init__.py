"""Drives reading and matching for one item or a million: each item gets one finding."""
