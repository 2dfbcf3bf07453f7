"""The page of assemblies in a real browser: it fits, in the light and in the dark, and fetches nothing.

With PARTWATCH_SCREENSHOTS=folder each page is also saved there as a picture, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assembly_documents import assembly, document
from partwatch.report.assembly_page import write
from partwatch.report.assembly_pictures import place_of
from partwatch.report.png import encode


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_fetches_nothing(browser: Any, tmp_path: Path, width: int, scheme: str) -> None:
    complaints: list[str] = []
    path = tmp_path / "assemblies.html"
    one = assembly()
    picture = encode(np.full((180, 240, 4), 120, np.uint8))
    drawn = {place_of(state.held[0], one.design): picture for state in one.slots if state.held}
    write(document(one, assembly("all", "all", 20.0)), drawn, path)
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
    page.evaluate("document.querySelectorAll('img').forEach((image) => { image.loading = 'eager'; })")
    page.wait_for_function("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    assert page.locator(".slot img").count() == 12
    assert page.locator("svg.timeline circle").count() > 10
    if folder := os.environ.get("PARTWATCH_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"assemblies-{width}-{scheme}.png"), full_page=True)
    context.close()
    assert complaints == []
