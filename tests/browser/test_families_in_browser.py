"""The page of families in a real browser: it fits, in the light and in the dark, and fetches nothing.

With PARTWATCH_SCREENSHOTS=folder each page is also saved there as a picture, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from families_documents import chain, difference, document, shape, unread
from partwatch.model.families import Kinship, Link
from partwatch.report.families_page import write
from partwatch.report.png import encode


def made_up() -> Any:
    """A long chain of revisions, a shape of many files, files alone, links, unread items."""
    long = "a-rather-long-folder-name-without-any-break/" * 3
    families = [
        chain(1, [shape(k, f"{long}revision-{k}.stl") for k in range(1, 13)]),
        chain(2, [shape(20, *(f"{long}copy-{k}.stl" for k in range(9)))]),
        *(chain(k, [shape(k, f"{long}alone-{k}.stl")]) for k in range(30, 40)),
    ]
    links = [Link(shape=1, other=20, difference=difference(Kinship.REMIX))]
    return document(families, links, [unread(f"{long}broken.stl", "cut short: transfer it again")])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_fetches_nothing(browser: Any, tmp_path: Path, width: int, scheme: str) -> None:
    complaints: list[str] = []
    path = tmp_path / "families.html"
    picture = encode(np.full((186, 240, 4), 120, np.uint8))
    write(made_up(), dict.fromkeys(range(1, 25), picture), path)
    context = browser.new_context(
        viewport={"width": width, "height": 900}, offline=True, java_script_enabled=True, color_scheme=scheme
    )
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on(
        "request",
        lambda request: (
            None
            if request.url == path.as_uri() or request.url.startswith("data:image/png")
            else complaints.append(f"fetched {request.url}")
        ),
    )
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")

    assert page.evaluate("document.documentElement.scrollWidth") == width
    # The deepest revision still has room for its picture and its words.
    narrowest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('.shape > div')]"
        ".map((p) => p.getBoundingClientRect().width))"
    )
    assert narrowest > 80
    page.evaluate("document.querySelectorAll('img').forEach((image) => { image.loading = 'eager'; })")
    if folder := os.environ.get("PARTWATCH_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"families-{width}-{scheme}.png"), full_page=True)
    context.close()
    assert complaints == []
