"""Designs and their parts: the manifests, the store, the index that is searched, exchange.

Knows nothing of matching: what a list is compared with, and how, is decided further down the stream.
"""
