"""Where `--html FILE` may go."""

from __future__ import annotations

from pathlib import Path

from partwatch.model.errors import UsageError


def check_page(html: Path | None) -> None:
    """UsageError, before anything is done, where no page can be written there."""
    if html is not None and (html.is_dir() or not html.absolute().parent.is_dir()):
        raise UsageError(f"--html {html}: give a file in a folder that is there")
