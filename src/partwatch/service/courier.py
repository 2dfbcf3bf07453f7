"""Webhooks: deliveries of events."""

from __future__ import annotations

from partwatch.service.context import Service


def deliver(service: Service) -> bool:
    """A piece of it; whether there is more."""
    return False
