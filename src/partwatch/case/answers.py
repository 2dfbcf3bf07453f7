"""The answer to a question, as its page and its pack need it: whatever found the paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class AnswerWay:
    """A path over a case's graph: n nodes and the n - 1 links between them. bits: of the whole; weakest:
    place of the hop whose loss costs most."""

    nodes: tuple[int, ...]
    links: tuple[int, ...]
    bits: float
    weakest: int


@dataclass(frozen=True)
class Answer:
    """left, right: nodes of the graph. bits: of all ways together, None where there is none. searched: hops
    at most. without: bits if a source falls, by its number, None where then no path is left."""

    left: int
    right: int
    bits: float | None = None
    ways: tuple[AnswerWay, ...] = ()
    searched: int = 0
    without: Mapping[int, float | None] = field(default_factory=dict)
