"""Where the watch-list and everything else that is kept lies."""

from __future__ import annotations

import os
from pathlib import Path

import typer

VARIABLE = "PARTWATCH_HOME"


def home_of(context: typer.Context) -> Path:
    """What --home says, else PARTWATCH_HOME, else the platform's data folder; it may not exist yet."""
    given = context.find_root().params.get("home") or os.environ.get(VARIABLE)
    if given:
        return Path(given)
    import platformdirs

    return platformdirs.user_data_path("partwatch", appauthor=False)
