"""What disguised parts were told as, beside what they were made as: for the page and the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from partwatch.model.document import Relation
from partwatch.model.evaluation import Disguised
from partwatch.report.escape import visible
from partwatch.report.markup import Cell, number, said, share, table

_RELATIONS = tuple(relation.value for relation in Relation)
_FOUND = ("match", "review")


def told_as(disguises: Sequence[Disguised]) -> Iterator[tuple[str, int, int, dict[str, int]]]:
    """By the relation that they were made as: it, how many, how many found, and as which relation those."""
    for truth in _ordered({row["truth"] for row in disguises}):
        of_truth = [row for row in disguises if row["truth"] == truth]
        found = [row["relation"] or "" for row in of_truth if row["finding"] in _FOUND]
        named = Counter(found)
        yield truth, len(of_truth), len(found), {name: named[name] for name in _ordered(set(named))}


def lines(disguises: Sequence[Disguised]) -> list[str]:
    """For a terminal; none without disguises."""
    if not disguises:
        return []
    told = ["disguised parts and revisions, by what they were made as: found at review and more, and told as"]
    for truth, count, found, named in told_as(disguises):
        relations = ", ".join(f"{_plain(name)} {n}" for name, n in named.items())
        told.append(f"  {_plain(truth):<12} {found:>5} of {count:<6}{relations}".rstrip())
    failed = _failed(disguises)
    return [*told, f"  {failed} trials failed and count as not found"] if failed else told


def section(disguises: Sequence[Disguised]) -> str:
    """For the page; empty without disguises."""
    if not disguises:
        return ""
    rows = [
        [
            Cell(f"<b>{said(_plain(truth))}</b>"),
            Cell(f"{number(found)} of {number(count)}", "n", "found"),
            Cell(share(found, count), "n", "share"),
            Cell(", ".join(f"{said(_plain(name))} {number(n)}" for name, n in named.items()) or "none"),
        ]
        for truth, count, found, named in told_as(disguises)
    ]
    failed = _failed(disguises)
    also = f" {number(failed)} trials failed and count as not found." if failed else ""
    return (
        "<section><h2>What disguised parts are told as</h2>\n<p>By the relation that they were made as, "
        f"revisions with what is edited; found at review and more.{also}</p>"
        f"{table(['made as', 'found', 'share', 'told as'], rows)}</section>\n"
    )


def _plain(relation: str) -> str:
    return visible(relation.replace("_", " "))


def _failed(disguises: Sequence[Disguised]) -> int:
    return sum(row["surviving"] is None for row in disguises)


def _ordered(names: set[str]) -> list[str]:
    """The contract's relations in its order, and others, of later versions, after them."""
    return sorted(names, key=lambda name: (_RELATIONS.index(name) if name in _RELATIONS else 99, name))
