"""The comparison's page in a real browser: it fits, in the light and in the dark, and fetches nothing.

With PARTWATCH_SCREENSHOTS=folder each page is also saved there as a picture, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import parts
from partwatch.formats.stl import write_binary
from partwatch.model.comparison import Comparison
from partwatch.model.mesh import Mesh
from partwatch.report.compared_page import page as comparison_page
from partwatch.screening import compare


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """A bracket that got a boss, a gear that stayed, and a knob that went."""
    gear, knob = (parts.part_mesh(name) for name in ("gear", "knob"))
    gear, knob = (
        Mesh(mesh.vertices + np.array([x, 0, 0]), mesh.triangles) for mesh, x in ((gear, 90), (knob, 150))
    )
    edited = parts.mesh_of(parts.bracket() + parts.rod(5, 10, (40, 20, 5)))
    folder = tmp_path_factory.mktemp("compared")
    paths = []
    for name, meshes in (
        ("before" + ", and long" * 12 + ".stl", (parts.part_mesh("bracket"), gear, knob)),
        ("after.stl", (edited, gear)),
    ):
        mesh = parts.together(*meshes)
        (folder / name).write_bytes(write_binary(mesh.vertices[mesh.triangles]))
        paths.append(str(folder / name))
    compare.setup()
    answer = compare.compare_files(paths, [Path(path).name for path in paths], views=True)
    return Comparison.model_validate_json(answer)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 390])
def test_it_fits_and_fetches_nothing(
    browser: Any, tmp_path: Path, comparison: Comparison, width: int, scheme: str
) -> None:
    complaints: list[str] = []
    path = tmp_path / "comparison.html"
    path.write_text(comparison_page(comparison), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((path.as_uri(), "data:"))
            else complaints.append(f"fetched {request.url}")
        ),
    )
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.inner_text(".answer") == (
        "The files differ: 1 of 2 pairs of bodies; 1 body of A without a partner in B."
    )
    # Two pairs from two sides each, and the body that went.
    assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 100 && image.alt)")
    assert page.locator("img").count() == 2 * 4 + 1
    # A and B of one view stand beside each other at one size.
    tops = page.evaluate(
        "[...document.querySelectorAll('.beside img')].slice(0, 2).map((i) => i.getBoundingClientRect().top)"
    )
    assert tops[0] == pytest.approx(tops[1], abs=1)
    row = page.inner_text(".sheet tbody tr")
    assert "added" in row
    assert "10.0 mm" in row
    if folder := os.environ.get("PARTWATCH_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"comparison-{width}-{scheme}.png"), full_page=True)
        if width == 1280 and scheme == "light":
            page.pdf(path=str(Path(folder) / "comparison.pdf"), format="A4")
    context.close()
    assert complaints == []
