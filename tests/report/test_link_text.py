"""Links on a terminal: what holds items together, what was not followed, and nothing from outside
unescaped."""

from __future__ import annotations

import io

from rich.console import Console

from partwatch.model.links import (
    LinkBlock,
    LinkCluster,
    LinkEdge,
    LinkItem,
    LinkReason,
    LinksDocument,
    LinksModel,
    LinksPart,
    LinksSummary,
)
from partwatch.model.marks import Forgery, Mark, MarkKind, Where
from partwatch.report.link_text import BLOCKS, render


def mark(value: str) -> Mark:
    return Mark(
        kind=MarkKind.MACRO, name="start commands", value=value, where=Where(line=7), group="gcode start",
        forgery=Forgery.TEXT_EDITOR, times=1,
    )  # fmt: skip


def item(number: int, cluster: int | None) -> LinkItem:
    return LinkItem(
        id=number, path=f"job\x1b{number}.gcode", member=None, sha256=None, formats=("gcode",), marks=3,
        cluster=cluster, same_as=None, complete=True, reasons=(),
    )  # fmt: skip


def edge(a: int, b: int, contradicted_by: tuple[int, int] | None = None) -> LinkEdge:
    return LinkEdge(
        a=a, b=b, bits=7.25, bits_forgeable=6.0, bits_hard=1.5,
        blocks=(LinkBlock(block="macros", hard=False, bits=5.0, agreed=1, against=0),),
        reasons=(
            LinkReason(block="macros", hard=False, a=mark("lay\x1b a line"), b=mark("lay a line"), bits=3.0),
        ),
        agreed=1, against=(), contradictions=0, factory=("Maker One",), bits_without=2.25, bridge=True,
        contradicted_by=contradicted_by,
    )  # fmt: skip


def shown() -> str:
    document = LinksDocument(
        program_version="0",
        model=LinksModel(
            version="abc",
            parts=(
                LinksPart(
                    population="made up", blocks=("macros",), sources=9, mates=9, strangers=90, bound=8.0,
                    bound_forgeable=8.0, bound_hard=4.0,
                ),
            ),
        ),
        population=None,
        threshold=6.0,
        summary=LinksSummary(
            items=3, incomplete=0, pairs=3, compared=3, edges=2, refused=1, clusters=1, alone=1
        ),
        items=(item(0, 0), item(1, 0), item(2, None)),
        clusters=(LinkCluster(id=0, items=(0, 1), weakest=7.25),),
        edges=(edge(0, 1), edge(1, 2, (0, 2))),
    )  # fmt: skip
    out = io.StringIO()
    render(LinksDocument.model_validate_json(document.model_dump_json()), Console(file=out, width=200))
    return out.getvalue()


def test_an_edge_says_its_bits_of_both_kinds_its_reason_and_what_would_break_it() -> None:
    text = shown()
    assert "source 1: 2 items, held together by 7.2 bits or more" in text
    assert "+7.2 bits: +6.0 of what can be written into a file, +1.5 of what is hard to forge" in text
    assert "3.0 bits alone, forgeable; line 7" in text
    assert "not counted: what the preset “Maker One” has" in text
    assert f"without {BLOCKS['macros']}: +2.2 bits; the cluster falls in two without this edge" in text


def test_an_edge_that_was_not_followed_says_which_pair_contradicts_it() -> None:
    assert "not followed: [1]–[2], +7.2 bits: [0] and [2] are not of one source" in shown()
    assert "linked to nothing: 1" in shown()


def test_nothing_from_outside_reaches_the_terminal_unescaped() -> None:
    assert "\x1b" not in shown()
