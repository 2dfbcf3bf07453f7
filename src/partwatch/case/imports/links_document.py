"""What `partwatch link --json` found: which items are of one source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from partwatch.case.imports import links_said, saved
from partwatch.case.imports.base import Example, Importer, Reading, RowError, Told
from partwatch.case.imports.marks_document import mark
from partwatch.case.statements import keyed
from partwatch.model.links import (
    LinkCluster,
    LinkEdge,
    LinkItem,
    LinkReason,
    LinksDocument,
    LinksModel,
    LinksSummary,
)
from partwatch.model.marks import MarkKind

NAME: Final = "links"
_AGAIN: Final = "it is damaged or edited, so link again"


def looks(path: Path) -> bool:
    """Whether a file begins as `partwatch link --json` writes it."""
    return b"".join(saved.head_of(path).split()).startswith(b'{"type":"links"')


def read(reading: Reading) -> Iterator[Told]:
    """Items, then links, the strongest first. Raises UsageError."""
    yield from of_document(saved.document(reading.path, LinksDocument, "link"), reading.sha256)


def of_document(document: LinksDocument, source_sha256: str) -> Iterator[Told]:
    """The same of a document that is at hand."""
    keys = links_said.keys_of(document, source_sha256)
    for number, item in enumerate(document.items, start=1):
        yield from links_said.item_said(item, keys[item.id], f"item {number}")
    yield from edges_of(document, keys)


def edges_of(document: LinksDocument, keys: dict[int, str]) -> Iterator[Told]:
    """The links alone; keys: of the items by their ids."""
    items = {item.id: item for item in document.items}
    for number, edge in enumerate(document.edges, start=1):
        place = f"link {number}"
        try:
            yield from list(links_said.edge_said(edge, items, keys, place))
        except ValueError as error:
            yield RowError(place, str(error), _AGAIN)
    left_out = document.summary.edges - len(document.edges)
    if left_out > 0:
        problem = f"{left_out:,} weaker links are not in the document"
        yield RowError("the end", problem, "raise --threshold, or link fewer items at once")


def noted(path: Path) -> dict[str, Any]:
    """What the ledger is to hold of it beside its digest. Raises UsageError."""
    return told_of(saved.document(path, LinksDocument, "link"))


def told_of(document: LinksDocument) -> dict[str, Any]:
    """What it was linked with, as the ledger holds it."""
    population = document.population
    return {
        "program": document.program_version,
        "model": document.model.version,
        "population": None if population is None else f"{population.name} {population.version}",
        "threshold": document.threshold,
        "items": document.summary.items,
        "incomplete": document.summary.incomplete,
    }


def linked(number: int, path: str, formats: tuple[str, ...] = ("gcode",)) -> LinkItem:
    """An item of an example, whose content is its number."""
    return LinkItem(
        id=number, path=path, member=None, sha256=f"{number + 1:064x}", formats=formats, marks=3, cluster=0,
        same_as=None, complete=True, reasons=(),
    )  # fmt: skip


def edge(a: int, b: int, bits: float = 7.8, against: tuple[int, int] | None = None) -> LinkEdge:
    """A link of an example."""
    told = mark(MarkKind.SETTING, "retract_length", "3.37", 71)
    reason = LinkReason(block="machine", hard=False, a=told, b=told, bits=7.0)
    return LinkEdge(
        a=a, b=b, bits=bits, bits_forgeable=bits, bits_hard=2.1, blocks=(), reasons=(reason,), agreed=1,
        against=(), contradictions=0, factory=(), bits_without=3.6, bridge=True, contradicted_by=against,
    )  # fmt: skip


def document_of(items: tuple[LinkItem, ...], edges: tuple[LinkEdge, ...]) -> LinksDocument:
    """A document of an example."""
    count = len(items)
    summary = LinksSummary(
        items=count, incomplete=0, pairs=count * (count - 1) // 2, compared=1, edges=len(edges), refused=0,
        clusters=1, alone=0,
    )  # fmt: skip
    return LinksDocument(
        program_version="1.0", model=LinksModel(version="m", parts=()), population=None, threshold=5.0,
        summary=summary, items=items, clusters=(LinkCluster(id=0, items=(0, 1), weakest=7.8),), edges=edges,
    )  # fmt: skip


def examples() -> Iterable[Example]:
    """Three jobs, of which two are linked and a third is contradicted; one link of nobody."""
    items = tuple(linked(number, f"{name}.gcode") for number, name in enumerate("abc"))
    whole = document_of(items, (edge(0, 1), edge(0, 2, 6.0, against=(1, 2))))
    first, second = (keyed("Item", f"{number:064x}") for number in (1, 2))
    said = (
        ("PrintJob", "fileName", "c.gcode"),
        ("SameSource", "item", first),
        ("SameSource", "other", second),
        ("SameSource", "marks", "setting retract_length: 3.37"),
        ("PrintJob", "notes", links_said.NOT_FOLLOWED.format(6.0, "c.gcode")),
    )
    yield Example("links", {"l.json": whole.model_dump_json(indent=1).encode()}, "l.json", said)
    stray = document_of(items, (edge(0, 1), edge(0, 9)))
    yield Example("of nobody", {"l.json": stray.model_dump_json().encode()}, "l.json", said[:3], errors=1)


IMPORTER: Final = Importer(NAME, "1", "what `partwatch link --json` found of items", looks, read, examples)
