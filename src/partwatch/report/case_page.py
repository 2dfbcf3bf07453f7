"""A case as one HTML page that opens anywhere, offline: its network, time line and map, and what is behind
them.

Nothing from outside ever becomes markup: strings travel as JSON and are set or drawn as text. The page runs
one script, by its digest, and may fetch nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from partwatch.model.case_overview import CaseOverview, Question
from partwatch.report.case_data import captions, page_data, short
from partwatch.report.markup import Cell, number, said, table
from partwatch.report.page import asset, safe_json, script_digest, written_whole

SCRIPTS: Final = (
    "dom.js", "case_state.js", "case_stage.js", "case_network.js", "case_time.js", "case_map.js",
    "case_panel.js", "case_tools.js",
)  # fmt: skip
_MOST_WITHOUT_SCRIPT: Final = 100


def write(document: CaseOverview, path: Path) -> None:
    """Write the page to `path`, whole or not at all; the same document gives the same bytes. Raises
    OSError."""
    with written_whole(path) as stream:
        stream.writelines(page(document))


def page(document: CaseOverview) -> Iterable[str]:
    """The page in pieces."""
    script = "\n".join(asset(name) for name in SCRIPTS)
    charter = document.charter
    values = {
        "title": said(f"Case: {charter.name}"),
        "name": said(charter.name),
        "policy": script_digest(script),
        "style": f"{asset('report.css')}\n{asset('case.css')}",
        "views": views(),
        "charter": charter_facts(document),
        "without-script": without_script(document),
        "about": (
            f'{about(document)}<p class="muted">Partwatch {said(document.program_version)}. This file opens '
            "no network connection.</p>"
        ),
        "data": data_block(document),
        "script": script,
    }
    yield re.sub(r"\{\{([a-z-]+)\}\}", lambda found: values[found[1]], asset("case.html"))


def views() -> str:
    """The filters, network, map, time line and panel, as markup that the SCRIPTS fill."""
    return asset("case_views.html")


def data_block(document: CaseOverview) -> str:
    """What the SCRIPTS read, as an element that no browser executes."""
    return f'<script type="application/json" id="data">{safe_json(page_data(document))}</script>'


def charter_facts(document: CaseOverview) -> str:
    """The charter as the inside of a `dl`."""
    charter = document.charter
    told = (
        ("Kept by", charter.authority),
        ("Legal basis", charter.legal_basis),
        ("Purpose", charter.purpose),
        ("Kept until", charter.retention),
        ("As of", document.as_of.replace("T", " ").replace("Z", " UTC")),
    )
    return "".join(f"<div><dt>{name}</dt><dd>{said(text)}</dd></div>" for name, text in told)


def about(document: CaseOverview) -> str:
    """What the page shows of how much, and how its figures are meant; markup."""
    totals, shown = document.totals, len(document.nodes)
    return (
        f"<p>The case holds {number(totals.statements)} statements of {number(totals.sources)} sources about "
        f"{number(totals.entities)} entities, with {number(totals.links)} links. This page shows "
        f"{number(shown)} entities and {number(len(document.links))} links: {said(document.chosen_by)}.</p>"
        f"<p>{said(document.not_claimed)}</p>"
        '<p class="muted">Bits of a link or a path say how small the chance is that it is wrong, its sources '
        "included: 2 to the minus bits. Bits of an inferred statement are log2 of a likelihood "
        "ratio. The letter "
        "of a source is its reliability in the "
        "Admiralty code; what it counts for in bits is a policy, stated and not measured. Outlines "
        "on the map: "
        "Natural Earth 1:110m, public domain; a country without coordinates is marked in its middle; "
        "the country that a number of a phone, an account or a parcel belongs to is not where "
        "anybody was.</p>"
    )


def without_script(document: CaseOverview) -> str:
    """What a browser without scripts shows: answers, the best linked, the sources."""
    answers = "".join(f"<li>{_answer(document, one)}</li>" for one in document.questions)
    best = sorted(document.nodes, key=lambda one: (-one.importance, one.caption))[:_MOST_WITHOUT_SCRIPT]
    nodes = table(
        ("entity", "kind", "links"),
        [
            (Cell(said(short(one.caption))), Cell(said(one.schema_name)), Cell(number(one.degree)))
            for one in best
        ],
    )
    sources = table(
        ("source", "whose words", "reliability", "stands"),
        [
            (
                Cell(said(one.name)),
                Cell(said(one.said_by)),
                Cell(said(one.reliability)),
                Cell("yes" if one.withdrawn is None else f"withdrawn: {said(one.withdrawn)}"),
            )
            for one in document.sources
        ],
    )
    return f"<h2>Questions</h2><ul>{answers}</ul><h2>Sources</h2>{sources}<h2>Entities</h2>{nodes}"


def _answer(document: CaseOverview, asked: Question) -> str:
    left, right = (said(one) for one in captions(document, (asked.left, asked.right)))
    if not asked.paths:
        return f"{left} and {right}: no path."
    best = asked.paths[0]
    way = " – ".join(said(one) for one in captions(document, best.nodes))
    return f"{left} and {right}: {len(asked.paths)} paths, the strongest of {best.bits:.1f} bits: {way}."
