"""The pages: rendered on the server, with little script, from the same store as the API."""

from __future__ import annotations

import importlib
from typing import Final

from fastapi import FastAPI

SUBJECTS: Final = (
    "assets", "submitting", "reviewing", "watchlist", "hunt", "assemblies", "families", "cases", "figures",
    "account", "administration",
)  # fmt: skip


def mount_pages(app: FastAPI) -> None:
    """Add every page to the application."""
    for name in SUBJECTS:
        app.include_router(importlib.import_module(f"{__name__}.{name}").router, include_in_schema=False)
