"""What all HTML pages have in common: how they begin, their assets, and that they are written whole."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, TextIO

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<header class="top">
<p class="mark"><span class="logo" aria-hidden="true"></span>Partwatch</p>
<h1>{heading}</h1>
"""


def head(heading: str, styles: Sequence[str], *, title: str | None = None, images: bool = False) -> str:
    """A page without a script, up to its heading; the header element stays open. All of it markup.

    styles: names of assets. title: the heading by default. images: whether it has pictures, within itself.
    """
    allowed = " img-src data:;" if images else ""
    return _HEAD.format(
        policy=f"default-src 'none'; style-src 'unsafe-inline';{allowed} base-uri 'none'; form-action 'none'",
        title=heading if title is None else title,
        style="\n".join(asset(name) for name in styles),
        heading=heading,
    )


def asset(name: str) -> str:
    """A style, script or template that comes with the program."""
    return (resources.files("partwatch.report") / "assets" / name).read_text(encoding="utf-8")


def safe_json(value: Any) -> str:
    """JSON that cannot end a script element or a line: ASCII only, and no `<`, `>` or `&` in it."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def script_digest(script: str) -> str:
    """What a page's policy names a script by that it may run."""
    return f"'sha256-{b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode('ascii')}'"


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A stream whose text is put in place of `path` at the end, and not at all where that is not reached.

    OSError where it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
