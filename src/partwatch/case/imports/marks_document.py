"""What `partwatch marks --json` says: names, paths, serial numbers and dates that items state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from partwatch.case.imports import marks_said, saved
from partwatch.case.imports.base import Example, Importer, Reading, Told
from partwatch.case.statements import keyed
from partwatch.model.marks import Forgery, Mark, MarkedItem, MarkKind, MarksDocument, MarksSummary, Where

NAME: Final = "marks"


def looks(path: Path) -> bool:
    """Whether a file begins as `partwatch marks --json` writes it."""
    return b"".join(saved.head_of(path).split()).startswith(b'{"type":"marks"')


def read(reading: Reading) -> Iterator[Told]:
    """Statements item by item. Raises UsageError."""
    document = saved.document(reading.path, MarksDocument, NAME)
    for number, item in enumerate(document.items, start=1):
        yield from marks_said.said(item, reading.sha256, f"item {number}")


def noted(path: Path) -> dict[str, Any]:
    """What the ledger is to hold of it beside its digest. Raises UsageError."""
    document = saved.document(path, MarksDocument, NAME)
    population = document.population
    return {
        "program": document.program_version,
        "population": None if population is None else f"{population.name} {population.version}",
        "items": document.summary.items,
        "incomplete": document.summary.incomplete,
    }


def mark(kind: MarkKind, name: str, value: str, line: int = 1, group: str = "gcode settings") -> Mark:
    """A mark of an example."""
    return Mark(
        kind=kind, name=name, value=value, where=Where(line=line), group=group, forgery=Forgery.TEXT_EDITOR,
        times=1,
    )  # fmt: skip


def document_of(*items: MarkedItem) -> MarksDocument:
    """A document of an example."""
    summary = MarksSummary(
        items=len(items), marked=sum(bool(one.marks) for one in items),
        marks=sum(len(one.marks) for one in items), incomplete=sum(not one.complete for one in items),
    )  # fmt: skip
    return MarksDocument(program_version="1.0", population=None, summary=summary, items=items)


def marked(path: str, sha256: str | None, *marks: Mark, formats: tuple[str, ...] = ("gcode",)) -> MarkedItem:
    """An item of an example."""
    return MarkedItem(
        path=path, member=None, sha256=sha256, formats=formats, marks=marks, left_out=0, attribution=(),
        complete=sha256 is not None, reasons=(),
    )  # fmt: skip


def examples() -> Iterable[Example]:
    """A job with a serial number and a user's folder, a model with its designer's number, one unread."""
    job, model = f"{1:064x}", f"{2:064x}"
    document = document_of(
        marked(
            "a.gcode", job,
            mark(MarkKind.USER, "home folder", "erika", 88),
            mark(MarkKind.PATH, "source_file", "/home/erika/a.stl", 88),
            mark(MarkKind.SETTING, "printer_serial_number", "SN-4711-0815", 12),
            mark(MarkKind.DATE, "generated", "2026-02-03 at 10:11:12 UTC", 1, "gcode banner"),
            mark(MarkKind.SETTING, "layer_height", "0.2", 90),
        ),
        marked(
            "b.3mf", model, mark(MarkKind.AUTHOR, "DesignerUserId", "1234567", 3, "3mf metadata"),
            mark(MarkKind.AUTHOR, "Designer", "A. Example", 4, "3mf metadata"),
            mark(MarkKind.IDENTIFIER, "object UUID", "0f3a1b2c-1111-4222-8333-444455556666", 9),
            formats=("3mf",),
        ),
        marked("c.stl", None, formats=()),
    )  # fmt: skip
    said = (
        ("PrintJob", "contentHash", job),
        ("PrintJob", "marks", "user home folder: erika"),
        ("PrintJob", "printer", keyed("Printer", "sn-4711-0815")),
        ("PrintJob", "authoredAt", "2026-02-03"),
        ("Printer", "serialNumber", "SN-4711-0815"),
        ("UserAccount", "username", "1234567"),
        ("UnknownLink", "role", "names as its DesignerUserId"),
        ("Item", "author", "A. Example"),
        ("Item", "marks", "identifier object UUID: 0f3a1b2c-1111-4222-8333-444455556666"),
        ("Item", "path", "c.stl"),
    )
    yield Example("marks", {"marks.json": document.model_dump_json(indent=1).encode()}, "marks.json", said)


IMPORTER: Final = Importer(NAME, "1", "what `partwatch marks --json` says of items", looks, read, examples)
