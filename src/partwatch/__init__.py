"""Partwatch screens printable files against a watch-list of designs, by shape."""

__version__ = "0.1.0"
