"""The API: one module a subject, each with a router; below a version in the path."""

from __future__ import annotations

import importlib
from typing import Final

from fastapi import FastAPI

from partwatch.service.api.describing import describe

V1: Final = "/v1"
# In the order of the reference. Their paths stand below V1.
SUBJECTS: Final = (
    "submissions", "decisions", "events", "webhooks", "watchlist", "hunt", "assemblies", "families", "cases",
    "figures", "accounts", "audit",
)  # fmt: skip
# At the root, where monitoring expects them.
AT_ROOT: Final = ("health", "metrics")


def mount_api(app: FastAPI) -> None:
    """Add every router to the application."""
    for names, prefix in ((AT_ROOT, ""), (SUBJECTS, V1)):
        for name in names:
            app.include_router(importlib.import_module(f"{__name__}.{name}").router, prefix=prefix)
    describe(app)
