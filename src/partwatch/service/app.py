"""The application: API and pages over one store. `uvicorn` serves it; tests call it directly."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from partwatch import __version__
from partwatch.service.access import middleware
from partwatch.service.api import V1, mount_api
from partwatch.service.api.metrics import count_answers
from partwatch.service.api.problems import add_problems
from partwatch.service.context import Service
from partwatch.service.pages import mount_pages
from partwatch.service.settings import Settings


def create_app(home: Path, settings: Settings) -> FastAPI:
    """The application of a home folder. Raises StoreError where its store cannot be used."""
    app = FastAPI(
        title="Partwatch",
        version=__version__,
        summary="Screens printable files against a watch-list by shape.",
        openapi_url=f"{V1}/openapi.json",
        # Their pages fetch scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = Service.open(home, settings)
    add_problems(app)
    middleware.add_to(app)
    count_answers(app)
    mount_api(app)
    mount_pages(app)
    return app
