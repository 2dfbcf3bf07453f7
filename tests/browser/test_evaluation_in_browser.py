"""The evaluation's page in a real browser: it fits, in the light and in the dark, and fetches nothing.

With PARTWATCH_SCREENSHOTS=folder each page is also saved there as a picture, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from evaluations import made_up
from partwatch.report.evaluation import page as evaluation_page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 390])
def test_it_fits_and_fetches_nothing(browser: Any, tmp_path: Path, width: int, scheme: str) -> None:
    complaints: list[str] = []
    path = tmp_path / "evaluation.html"
    path.write_text(evaluation_page(made_up()), encoding="utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        offline=True,
        java_script_enabled=True,
        color_scheme=scheme,
    )
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on(
        "request",
        lambda request: None if request.url == path.as_uri() else complaints.append(f"fetched {request.url}"),
    )
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")

    assert page.evaluate("document.documentElement.scrollWidth") == width
    # No plot is empty, none hides its labels: the smallest letters are still letters.
    sizes = page.evaluate(
        "[...document.querySelectorAll('svg.plot')].map((p) => p.getBoundingClientRect().width / 440 * 12)"
    )
    assert len(sizes) == 3
    assert min(sizes) > 8
    if folder := os.environ.get("PARTWATCH_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"evaluation-{width}-{scheme}.png"), full_page=True)
        if width == 1280 and scheme == "light":
            page.pdf(path=str(Path(folder) / "evaluation.pdf"), format="A4")
    context.close()
    assert complaints == []
