"""A whole service as one file, and back."""
