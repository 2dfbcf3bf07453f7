"""Renderers of the result document: text, JSON, NDJSON, HTML. None of them reads anything else."""
