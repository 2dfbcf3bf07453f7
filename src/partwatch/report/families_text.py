"""Families for the terminal: a tree a family."""

from __future__ import annotations

from collections.abc import Iterator

from partwatch.model.families import Branch, FamiliesDocument, Family, FamilyShape
from partwatch.report import families_words as words
from partwatch.report.escape import visible

# Unread items and links named; the JSON has all.
MOST_NAMED = 20


def lines(document: FamiliesDocument) -> Iterator[str]:
    """The families of more than one file, then what is alone, linked and unread."""
    for family in document.families:
        if sum(len(shape.files) for shape in family.shapes) > 1:
            yield from _family(family)
            yield ""
    yield from _links(document)
    summary = document.summary
    yield (
        f"{summary.files:,} files: {summary.families - summary.alone:,} families of more than one, "
        f"{summary.alone:,} files alone; {summary.same_files:,} repeat another byte for byte"
    )
    if summary.incomplete:
        yield f"{summary.incomplete:,} files were read only in part"
    if summary.uncompared:
        yield f"{summary.uncompared:,} comparisons came to no end: what they would have joined is apart"
    yield from _unread(document)


def _family(family: Family) -> Iterator[str]:
    shapes = {shape.id: shape for shape in family.shapes}
    below: dict[int, list[Branch]] = {}
    for branch in family.tree:
        below.setdefault(branch.parent, []).append(branch)
    yield f"Family {family.id}: {words.counts(family)}"
    pending: list[tuple[str, str, str, int]] = [("", "", "", family.root)]
    while pending:
        lead, indent, said, number = pending.pop()
        children = below.get(number, [])
        yield from _shape(shapes[number], lead, indent + ("│  " if children else "   "), said)
        for place, branch in reversed(list(enumerate(children))):
            last = place == len(children) - 1
            told = branch.difference
            pending.append(
                (
                    indent + ("└─ " if last else "├─ "),
                    indent + ("   " if last else "│  "),
                    f"{words.kinship(told)}: {words.difference(told)}",
                    branch.child,
                )
            )


def _shape(shape: FamilyShape, lead: str, indent: str, said: str) -> Iterator[str]:
    first, *others = shape.files
    note = words.sameness(first)
    yield f"{lead}{words.name(first)}  ({words.size(shape)}{'; ' + note if note else ''})"
    if said:
        yield f"{indent}{said}"
    for file in others:
        yield f"{indent}= {words.name(file)}  ({words.sameness(file)})"


def _links(document: FamiliesDocument) -> Iterator[str]:
    if not document.links:
        return
    first = {shape.id: (family.id, shape.files[0]) for family in document.families for shape in family.shapes}
    yield f"{len(document.links):,} pairs of shapes of different families share bodies:"
    for link in document.links[:MOST_NAMED]:
        (family, file), (other_family, other) = first[link.shape], first[link.other]
        told = link.difference
        yield (
            f"  {words.name(file)} (family {family}, {told.coverage_parent:.0%} of it) and "
            f"{words.name(other)} (family {other_family}, {told.coverage_child:.0%} of it)"
        )
    if len(document.links) > MOST_NAMED:
        yield f"  and {len(document.links) - MOST_NAMED:,} more in --json"
    yield ""


def _unread(document: FamiliesDocument) -> Iterator[str]:
    if not document.unread:
        return
    yield f"{len(document.unread):,} items hold nothing that could be compared:"
    for item in document.unread[:MOST_NAMED]:
        member = f" › {visible(item.member)}" if item.member is not None else ""
        why = "; ".join(visible(reason.message) for reason in item.reasons)
        yield f"  {visible(item.path)}{member}: {why}"
    if len(document.unread) > MOST_NAMED:
        yield f"  and {len(document.unread) - MOST_NAMED:,} more in --json"
