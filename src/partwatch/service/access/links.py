"""Addresses of this service, for those who are sent there."""

from __future__ import annotations

from partwatch.service.settings import Settings


def base_of(settings: Settings) -> str:
    """Under which address people reach it."""
    serving = settings.serving
    host = f"[{serving.host}]" if ":" in serving.host else serving.host
    return serving.public_url.rstrip("/") or f"http://{host}:{serving.port}"


def link_of(settings: Settings, secret: str) -> str:
    """The link of a setup secret."""
    return f"{base_of(settings)}/setup/{secret}"
