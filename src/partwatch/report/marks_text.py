"""Marks for a terminal, and for a pipe: the rare ones first, settings summed up unless all are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from partwatch.model.marks import Forgery, Mark, MarkedItem, MarkKind, MarksDocument
from partwatch.report import marks_words as words
from partwatch.report.escape import visible

# Rows of one kind, and rare settings, without --all.
MOST_ROWS = 6
MOST_RARE_SETTINGS = 8
_RARE_BITS = 0.5
_VALUE_CHARS = 90
_USUAL = frozenset({MarkKind.HABIT, MarkKind.MACRO, MarkKind.STATISTIC})
_USUAL_BITS = 0.3
_EMPTY = '""'


def render(document: MarksDocument, console: Console, every: bool = False) -> None:
    """Print all items; every: each mark of each. Controls in strings from outside are shown escaped."""
    for item in document.items:
        _item(item, console, every)
    _end(document, console)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), highlight=False, soft_wrap=True)


def _item(item: MarkedItem, console: Console, every: bool) -> None:
    member = f" › {visible(item.member)}" if item.member is not None else ""
    kinds = f"  ({', '.join(item.formats)})" if item.formats else ""
    _line(console, f"{visible(item.path)}{member}{kinds}", "bold")
    for hypothesis in item.attribution:
        for said in words.hypothesis(hypothesis):
            _line(console, f"   {said}")
    if item.marks:
        console.print(_table(item.marks, every))
    elif item.complete:
        _line(console, "   no mark was found")
    if item.left_out:
        _line(console, f"   {item.left_out:,} more marks than are kept were left out")
    for reason in item.reasons:
        _line(console, f"   unread: {visible(reason.message)}", "magenta")
    _line(console, "")


def _table(marks: Sequence[Mark], every: bool) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    for head, options in (
        ("   kind", {"no_wrap": True}), ("name", {"overflow": "fold", "max_width": 30}),
        ("value", {"overflow": "fold", "min_width": 24}), ("held by", {"no_wrap": True}),
        ("forged by", {"no_wrap": True}), ("where", {"overflow": "fold"}),
    ):  # fmt: skip
        table.add_column(head, header_style="dim", **options)
    for kind in words.KINDS:
        of_kind = [mark for mark in marks if mark.kind is kind]
        for row in _rows(kind, of_kind, every):
            table.add_row(*(Text(cell) for cell in row))
    return table


def _rows(kind: MarkKind, marks: list[Mark], every: bool) -> Iterable[tuple[str, ...]]:
    """The rare ones first; of what is hidden a count."""
    if every:
        shown = marks
    elif kind is MarkKind.SETTING:
        rare = [mark for mark in marks if mark.rarity is not None and mark.rarity.bits >= _RARE_BITS]
        # What the moves themselves show is short, and cannot be written into a file.
        measured = [mark for mark in marks if mark.forgery is Forgery.REMAKE and mark not in rare]
        shown = [*sorted(rare, key=_commonness)[:MOST_RARE_SETTINGS], *measured]
    else:
        told = [mark for mark in marks if mark.value != _EMPTY and not _is_usual(mark)]
        shown = sorted(told, key=_commonness)[:MOST_ROWS]
    for mark in shown:
        yield (
            f"   {words.KINDS[kind]}", visible(mark.name), _cut(words.value(mark), every),
            words.rarity(mark.rarity), words.FORGERY[mark.forgery], words.where(mark.where),
        )  # fmt: skip
    hidden = len(marks) - len(shown)
    if hidden:
        yield (
            f"   {words.KINDS[kind]}",
            "…",
            f"{hidden:,} more with --all: {_groups(marks, shown)}",
            "",
            "",
            "",
        )


def _is_usual(mark: Mark) -> bool:
    """What most have says nothing, unless somebody is named by it."""
    return mark.kind in _USUAL and mark.rarity is not None and mark.rarity.bits < _USUAL_BITS


def _groups(marks: list[Mark], shown: list[Mark]) -> str:
    seen = {id(mark) for mark in shown}
    counts: dict[str, int] = {}
    for mark in marks:
        if id(mark) not in seen:
            counts[mark.group] = counts.get(mark.group, 0) + 1
    told = [f"{count:,} of {group}" for group, count in list(counts.items())[:4]]
    return visible(", ".join(told))


def _commonness(mark: Mark) -> float:
    """What sorts the rare before the common; of what the population says nothing comes between."""
    return -mark.rarity.bits if mark.rarity is not None else -0.5


def _cut(text: str, every: bool) -> str:
    """A long value by both its ends: paths differ in the last of their names."""
    half = _VALUE_CHARS // 2
    return text if every or len(text) <= _VALUE_CHARS else f"{text[:half]}…{text[1 - half :]}"


def _end(document: MarksDocument, console: Console) -> None:
    summary = document.summary
    _line(
        console,
        f"{summary.items:,} items, {summary.marked:,} of them with marks, {summary.marks:,} marks; "
        f"{summary.incomplete:,} went unread in whole or in part",
    )
    for forgery in Forgery:
        if any(mark.forgery is forgery for item in document.items for mark in item.marks):
            _line(console, f"{words.FORGERY[forgery]}: {words.FORGERY_MEANS[forgery]}", "dim")
    population = document.population
    if population is not None:
        _line(
            console,
            f"rarity: among {population.files:,} files of {population.projects:,} projects of the population "
            f"“{visible(population.name)}” (version {population.version}); bits are what so few can support",
            "dim",
        )
    _line(console, document.note, "dim")
