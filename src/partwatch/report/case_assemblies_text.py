"""Assemblies over a case for the terminal, and what changed of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from partwatch.model.assemblies import AssembliesDocument, Assembly
from partwatch.model.case_assemblies import (
    AssembliesDifference,
    AssemblyChange,
    CaseAssembliesDocument,
    CaseAssembly,
)
from partwatch.report import assembly_text
from partwatch.report.escape import visible

MOST_CHANGES: Final = 30


def lines(document: CaseAssembliesDocument) -> Iterator[str]:
    """Every assembly, what each rests on, and what benign groups were counted from."""
    told = tuple(_named(one.assembly) for one in document.assemblies)
    yield from assembly_text.lines(
        AssembliesDocument(header=document.header, assemblies=told, left_out=document.left_out)
    )
    names = {one.number: f"{visible(one.name)} ({one.reliability})" for one in document.sources}
    for one in document.assemblies:
        yield f"{_head(one)} rests on {', '.join(names[number] for number in one.sources)}"
        yield f"  parts by {visible(one.plan_from)}"
    for design in document.unplanned:
        yield f"{visible(design)}: nobody says what parts it has; nothing is said of it"
    if document.unread:
        yield f"{document.unread:,} matches lack what is needed to weigh them"
    yield document.base.note
    yield document.note


def changes(document: AssembliesDifference) -> Iterator[str]:
    """Every assembly that changed, what lost most bits first."""
    for change in document.changes[:MOST_CHANGES]:
        yield _change(change)
    if len(document.changes) > MOST_CHANGES:
        yield f"and {len(document.changes) - MOST_CHANGES:,} more assemblies"
    yield f"assemblies: {len(document.changes):,} changed, {document.same:,} did not"


def _named(assembly: Assembly) -> Assembly:
    """What came in no parcel is a unit of its own: told by its file, not by its key."""
    names = {held.item: held.member or held.path for slot in assembly.slots for held in slot.held}
    without = (one.model_copy(update={"unit": names.get(one.unit, one.unit)}) for one in assembly.without)
    sets = (tuple(names.get(unit, unit) for unit in units) for units in assembly.minimal_sets)
    return assembly.model_copy(update={"without": tuple(without), "minimal_sets": tuple(sets)})


def _head(one: CaseAssembly) -> str:
    return f"{visible(one.assembly.design)} in {visible(one.assembly.kind)} {visible(one.assembly.group)}"


def _change(change: AssemblyChange) -> str:
    before, after = _weight(change.bits_before), _weight(change.bits_after)
    lost = f", {len(change.items_lost):,} items lost" if change.items_lost else ""
    return (
        f"{visible(change.design)} in {visible(change.kind)} {visible(change.group)}: {before} before, "
        f"{after} after; {change.parts_before} parts, {change.parts_after} now{lost}"
    )


def _weight(bits: float | None) -> str:
    return "not told" if bits is None else f"{bits:.1f} bits"
