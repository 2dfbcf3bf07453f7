"""How stdout is written to."""

from __future__ import annotations

import io
import sys


def prepare(as_json: bool) -> None:
    """JSON is UTF-8 whatever the locale; text shows what its terminal cannot as an escape."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace", newline="\n")
