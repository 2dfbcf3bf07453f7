"""How two things of a case are tied: paths, what they rest on, how sure all of them together are, what breaks
it.

The names and their meaning are the contract; a change here is a new SCHEMA and a line in the changelog and in
docs/reference/case-paths.md.
"""

from __future__ import annotations

from typing import Final, Literal

from partwatch.model.document import Record

SCHEMA: Final = "partwatch-case-paths-1"
NOTE: Final = (
    "Bits weigh whether the tie is there as the sources say, against their being wrong and against chance; "
    "not what anybody did. A source's reliability is a policy that is stated in the case, not a measurement."
)


class CaseNode(Record):
    """An entity or a shared value. key: the entity's, or `type:value`. kind: its schema, or the value's type.
    records: how many records are taken for it."""

    key: str
    kind: str
    caption: str
    records: int = 1


class CaseSource(Record):
    """A source. bits: what its letter is worth by the policy."""

    id: int
    name: str
    said_by: str
    reliability: str
    bits: float


class CaseCrossing(Record):
    """What is crossed between two hops. holders: how many stand in the role by which the path goes on
    (`role`); population: how many stand in such a role anywhere in the case; ways: holders times the roles of
    the thing; settled: there is no other, by a property of the thing itself. _back: the same seen from the
    path's end."""

    role: str
    holders: int
    population: int
    ways: float
    settled: bool
    role_back: str
    holders_back: int
    population_back: int
    ways_back: float
    settled_back: bool


class CaseHop(Record):
    """One hop. forward: whether the link points from `source` to `target`; None where it has no direction.
    sources: numbers of the sources that it needs; also_said_by: others that say it. statements: their
    numbers, the first ones, of `said` in all; times: how often, by this source. bits: of the inference, None
    where it is simply said. first, last: dates. decided_by, reason: of a merge. crossing: of its target, None
    at the path's end and within a merge."""

    source: CaseNode
    target: CaseNode
    link: str
    forward: bool | None
    sources: tuple[int, ...]
    also_said_by: tuple[int, ...]
    statements: tuple[int, ...]
    said: int
    times: int
    bits: float | None
    first: str | None
    last: str | None
    decided_by: str | None = None
    reason: str | None = None
    crossing: CaseCrossing | None = None


class CasePath(Record):
    """One path. bits: -log2 of the sum of the errors of its sources, inferences and chance, each once, never
    below 0. chance_bits: of what is left to chance alone, None where nothing is. from_end:
    chance is seen from the path's end, from which it is rarer. rests_on: names of components. sources:
    numbers."""

    bits: float
    chance_bits: float | None
    from_end: bool
    hops: tuple[CaseHop, ...]
    sources: tuple[int, ...]
    rests_on: tuple[str, ...]


class CaseTogether(Record):
    """All paths together, each component counted once. exact: computed, else sampled, with the interval low
    to high of 95 %. components: how many."""

    bits: float
    exact: bool
    low: float
    high: float
    components: int
    paths: int


class CaseWithout(Record):
    """What remains without one thing. what: `source`, `inference`, `merge`, `link` or `entity`; name: for
    people. bits_here: of the paths that are told, 0 where none is left. elsewhere: bits of the strongest path
    that does without it anywhere in the case, None where there is none; elsewhere_shown: whether that is
    shown. bits: of all that. breaks: nothing is left."""

    what: str
    key: str
    name: str
    bits_here: float
    elsewhere: float | None
    elsewhere_shown: bool
    bits: float
    breaks: bool


class CaseCut(Record):
    """The likeliest set of components that would break all paths told, were all of them wrong: the bits
    against that."""

    components: tuple[str, ...]
    bits: float


class CaseRank(Record):
    """How many of the kind of the end are tied to the start at least as strongly, the end among them, of all
    of that kind. at_least: it was not counted to the end."""

    kind: str
    as_strong: int
    population: int
    at_least: bool


class CaseFilter(Record):
    """What was looked at; all of it where empty."""

    since: str | None = None
    until: str | None = None
    kinds: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()
    countries: tuple[str, ...] = ()
    dated: bool = False


class CasePathsDocument(Record):
    """All of it. paths: the strongest first. best_shown: it is shown that no path is stronger; else none has
    more than best_bound bits. without: what breaks it first. statements, links: of the case looked at;
    dangling: statements that point to something of which nothing stands, and so tie nothing."""

    type: Literal["case-paths"] = "case-paths"
    schema_version: str = SCHEMA
    program_version: str
    note: str = NOTE
    start: CaseNode
    end: CaseNode
    filter: CaseFilter
    same: bool
    statements: int
    links: int
    dangling: int
    paths: tuple[CasePath, ...]
    best_shown: bool
    best_bound: float
    together: CaseTogether
    rank: CaseRank | None
    without: tuple[CaseWithout, ...]
    cut: CaseCut | None
    sources: tuple[CaseSource, ...]
