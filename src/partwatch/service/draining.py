"""Fingerprints of what was screened, on their way into the history."""

from __future__ import annotations

from partwatch.service.context import Service


def drain(service: Service) -> bool:
    """A piece of it; whether there is more."""
    return False
