"""Links for a terminal, and for a pipe: clusters, and for each edge its bits, its reasons and what would
break it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.text import Text

from partwatch.model.links import LinkBlock, LinkEdge, LinkItem, LinkReason, LinksDocument
from partwatch.report.escape import visible
from partwatch.report.marks_words import KINDS, where

# Edges of a cluster that are shown, and reasons of an edge.
MOST_EDGES: Final = 12
MOST_REASONS: Final = 4
MOST_AGAINST: Final = 2
_VALUE_CHARS: Final = 70
BLOCKS: Final[dict[str, str]] = {
    "machine": "settings of the printer",
    "process": "settings of the process",
    "material": "settings of the material",
    "task": "settings of the job",
    "profile": "names of profiles",
    "macros": "start and end commands",
    "people": "people and paths",
    "things": "names of things, pictures",
    "identifiers": "identifiers",
    "headers": "headers and comments",
    "writer": "the writer's habits",
    "wording": "how moves are written",
    "measured": "settings measured from the moves",
    "manner": "how the moves go about the part",
    "triangulation": "the triangles",
}


def render(document: LinksDocument, console: Console) -> None:
    """Print it. Controls in strings from outside are shown escaped."""
    for cluster in document.clusters:
        _line(
            console,
            f"source {cluster.id + 1}: {len(cluster.items)} items, held together by {cluster.weakest:.1f} "
            "bits or more",
            "bold",
        )
        for item in cluster.items:
            _line(console, f"   {_item(document.items[item])}")
        own = set(cluster.items)
        edges = [
            each
            for each in document.edges
            if each.a in own and each.b in own and each.contradicted_by is None
        ]
        for edge in edges[:MOST_EDGES]:
            _edge(console, edge)
        if len(edges) > MOST_EDGES:
            _line(console, f"   {len(edges) - MOST_EDGES:,} more edges: --json has them", "dim")
        _line(console, "")
    _refused(document, console)
    _alone(document, console)
    _end(document, console)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), highlight=False, soft_wrap=True)


def _item(item: LinkItem) -> str:
    member = f" › {visible(item.member)}" if item.member is not None else ""
    same = f"  (the same bytes as {item.same_as})" if item.same_as is not None else ""
    return f"[{item.id}] {visible(item.path)}{member}{same}"


def _edge(console: Console, edge: LinkEdge) -> None:
    _line(
        console,
        f"   [{edge.a}]–[{edge.b}]  {edge.bits:+.1f} bits: {edge.bits_forgeable:+.1f} of what can be written "
        f"into a file, {edge.bits_hard:+.1f} of what is hard to forge",
    )
    for reason in edge.reasons[:MOST_REASONS]:
        _line(console, f"      {_reason(reason)}")
    if edge.agreed > MOST_REASONS:
        _line(
            console,
            f"      {edge.agreed:,} values agree in all; {edge.contradictions:,} contradict each other",
            "dim",
        )
    for reason in edge.against[:MOST_AGAINST]:
        _line(console, f"      against: {_contradiction(reason)}")
    for preset in edge.factory:
        _line(console, f"      not counted: what the preset “{visible(preset)}” has", "dim")
    _line(console, f"      {_breaks(edge)}")


def _reason(reason: LinkReason) -> str:
    forged = "" if reason.hard else ", forgeable"
    return (
        f"{KINDS[reason.a.kind]} {visible(reason.a.name)} = {_cut(visible(reason.a.value))}  "
        f"({reason.bits:.1f} bits alone{forged}; {_places(reason)})"
    )


def _contradiction(reason: LinkReason) -> str:
    return (
        f"{KINDS[reason.a.kind]} {visible(reason.a.name)}: {_cut(visible(reason.a.value))} / "
        f"{_cut(visible(reason.b.value))}"
    )


def _places(reason: LinkReason) -> str:
    places = [
        where(mark.where) or "its moves" if reason.hard else where(mark.where)
        for mark in (reason.a, reason.b)
    ]
    return places[0] if places[0] == places[1] else f"{places[0]} / {places[1]}"


def _breaks(edge: LinkEdge) -> str:
    strongest: LinkBlock | None = edge.blocks[0] if edge.blocks else None
    if strongest is None:
        return "nothing holds it"
    said = f"without {BLOCKS.get(strongest.block, strongest.block)}: {edge.bits_without:+.1f} bits"
    return f"what would break it: {said}" + (
        "; the cluster falls in two without this edge" if edge.bridge else ""
    )


def _cut(text: str) -> str:
    half = _VALUE_CHARS // 2
    return text if len(text) <= _VALUE_CHARS else f"{text[:half]}…{text[1 - half :]}"


def _refused(document: LinksDocument, console: Console) -> None:
    refused = [each for each in document.edges if each.contradicted_by is not None]
    for edge in refused[:MOST_EDGES]:
        assert edge.contradicted_by is not None
        a, b = edge.contradicted_by
        _line(
            console,
            f"not followed: [{edge.a}]–[{edge.b}], {edge.bits:+.1f} bits: "
            f"[{a}] and [{b}] are not of one source",
            "magenta",
        )


def _alone(document: LinksDocument, console: Console) -> None:
    alone = [item for item in document.items if item.cluster is None]
    if alone:
        _line(console, f"linked to nothing: {len(alone):,}", "bold")
    for line in _shown(alone):
        _line(console, f"   {line}")
    for item in document.items:
        for reason in item.reasons:
            _line(console, f"   unread: [{item.id}] {visible(reason.message)}", "magenta")


def _shown(items: list[LinkItem], most: int = 50) -> Iterable[str]:
    yield from (_item(item) for item in items[:most])
    if len(items) > most:
        yield f"and {len(items) - most:,} more"


def _end(document: LinksDocument, console: Console) -> None:
    summary, model = document.summary, document.model
    _line(
        console,
        f"{summary.items:,} items, {summary.clusters:,} sources of several, {summary.alone:,} items alone; "
        f"{summary.edges:,} links of {document.threshold:.1f} bits or more among {summary.compared:,} of "
        f"{summary.pairs:,} pairs",
    )
    for part in model.parts:
        _line(
            console,
            f"bits: at most {part.bound:.1f}, which is what {part.sources:,} known sources support "
            f"({visible(part.population)}; model {model.version})",
            "dim",
        )
    _line(console, document.note, "dim")
