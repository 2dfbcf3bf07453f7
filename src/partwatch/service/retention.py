"""What is no longer kept: files, results, fingerprints whose days are over."""

from __future__ import annotations

from partwatch.service.context import Service


def forget_due(service: Service) -> bool:
    """A piece of it; whether there is more."""
    return False
