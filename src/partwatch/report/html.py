"""The result as one HTML file that opens anywhere, offline, and fetches nothing.

The page is a template, a script and a style sheet (`assets/`), with the result as data blocks between
them. Nothing from outside ever becomes markup: strings travel as JSON and are set as text.
"""

from __future__ import annotations

import html
import importlib.util
import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from partwatch.model.document import Finding, ResultDocument
from partwatch.report import facts, ramp, weight, words
from partwatch.report.page import asset, safe_json, script_digest, written_whole
from partwatch.report.pictures import Blocks

_SCRIPTS = ("dom.js", "space.js", "item.js", "list.js")
# Where the data blocks go, between the page and its script.
_DATA = "{{data}}"


def write(
    document: ResultDocument,
    path: Path,
    *,
    title: str = "Screening report",
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write the report to `path`, whole or not at all; the same document gives the same bytes.

    progress: called with how many items are done, and of how many.
    Raises DocumentError where a view in the document is damaged, OSError where `path` cannot be written.
    """
    with written_whole(path) as stream:
        render(document, stream, title=title, progress=progress)


def render(
    document: ResultDocument,
    stream: TextIO,
    *,
    title: str = "Screening report",
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write the report to an open text stream."""
    viewer = _viewer() if _has_view(document) else None
    script = "\n".join(asset(name) for name in _SCRIPTS)
    hashes = [script_digest(text) for text in (script, viewer) if text is not None]
    values = {
        "title": html.escape(title),
        "script-sources": " ".join(hashes),
        "style": asset("report.css"),
        "script": script,
        "without-script": _without_script(document),
    }
    before, after = asset("report.html").split(_DATA)
    stream.write(_filled(before, values))
    for block in _data(document, viewer, progress):
        stream.write(block)
    stream.write(_filled(after, values))


def _data(
    document: ResultDocument, viewer: str | None, progress: Callable[[int, int], None] | None
) -> Iterator[str]:
    """The data blocks: overview, rows, one block an item, pictures, views, and the 3D viewer if needed."""
    blocks = Blocks()
    for number, item in enumerate(document.items):
        yield _json_block(f"data-{number}", facts.details(item, document.header, blocks))
        for key, text in blocks.take():
            yield _block(key, "application/octet-stream", text)
        if progress is not None:
            progress(number + 1, len(document.items))
    overview = facts.overview(document.header, document.summary)
    overview["ghost"] = blocks.any_ghost
    overview["colours"] = {
        "coincident": ramp.COINCIDENT,
        "ramp": ramp.RAMP,
        "beyond": ramp.BEYOND,
        "ghost": ramp.GHOST,
    }
    yield _json_block("data-overview", overview)
    yield _json_block("data-rows", [facts.row(item, document.header) for item in document.items])
    if viewer is not None:
        packed = zlib.compress(viewer.encode("utf-8"), 9)
        yield _block("viewer", "application/octet-stream", b64encode(packed).decode("ascii"))


def _has_view(document: ResultDocument) -> bool:
    return any(
        match.view is not None for item in document.items for body in item.bodies for match in body.matches
    )


def _json_block(key: str, value: Any) -> str:
    return _block(key, "application/json", safe_json(value))


def _block(key: str, kind: str, text: str) -> str:
    return f'<script type="{kind}" id="{key}">{text}</script>\n'


def _without_script(document: ResultDocument) -> str:
    """What a browser without scripts shows: each item with something found, and how many are clear."""
    lines = []
    for item in document.items:
        if item.finding is Finding.CLEAR and not words.is_accepted_clear(item):
            continue
        best = words.best_match(item)
        row = facts.row(item, document.header)
        said = ": ".join([words.target(best[1]), row[4]]) if best else ""
        worth = ", ".join(filter(None, row[-3:]))
        cells = [item.finding.value, words.place(item), said, row[6], worth]
        lines.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
    head = "<tr><th>Finding</th><th>Item</th><th>Best match</th><th>Part covered</th><th>Weight</th></tr>"
    clear = document.summary.findings.get(Finding.CLEAR, 0)
    rests = weight.in_words(document.header)
    return f"<p>{html.escape(rests)}</p><table>{head}{''.join(lines)}</table><p>Clear: {clear:,}.</p>"


def _filled(template: str, values: dict[str, str]) -> str:
    """The template with each `{{name}}` replaced, in one pass, so that no value can name another."""
    return re.sub(r"\{\{([a-z-]+)\}\}", lambda found: values.get(found[1], found[0]), template)


def _viewer() -> str:
    """plotly.js out of the installed plotly wheel; found without importing that large package."""
    spec = importlib.util.find_spec("plotly")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("plotly is not installed; pip install plotly")
    return (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
