"""What changes in a case when a source falls or a merge is undone: links, entities, clusters, and the
questions that were asked, answered again.

The names and their meaning are the contract; a change here is a new SCHEMA and a line in the changelog and in
docs/reference/case-paths.md.
"""

from __future__ import annotations

from typing import Final, Literal

from partwatch.model.case_paths import CaseNode, CasePath, CaseSource
from partwatch.model.document import Record

SCHEMA: Final = "partwatch-case-difference-1"


class CaseStrength(Record):
    """How a link is held. sources: numbers; times: how often it is said; bits: of the inference, or None."""

    sources: tuple[int, ...]
    times: int
    bits: float | None


class CaseLinkChange(Record):
    """A link before and after; None where it is not there."""

    source: CaseNode
    target: CaseNode
    link: str
    before: CaseStrength | None
    after: CaseStrength | None


class CaseSplit(Record):
    """Records that were one and are several, or the other way round: keys of each part after."""

    before: CaseNode
    parts: tuple[tuple[str, ...], ...]
    gone: tuple[str, ...]


class CaseQuestion(Record):
    """A question, answered on both. before, after: bits of all paths together; strongest_before,
    strongest_after: of the best. fell: paths that are no more, or rest on something else; came: new ones.
    answered: False where one of the two is no longer in the case."""

    start: str
    end: str
    before: float
    after: float
    strongest_before: float
    strongest_after: float
    fell: tuple[CasePath, ...]
    came: tuple[CasePath, ...]
    answered: bool


class CaseDifferenceDocument(Record):
    """All of it. lost, weakened, strengthened, gained: the first of them, counted in full in `counts`, as are
    entities_gone, entities_come, splits and joins. unanswered: saved questions of other kinds."""

    type: Literal["case-difference"] = "case-difference"
    schema_version: str = SCHEMA
    program_version: str
    sources_gone: tuple[CaseSource, ...]
    sources_come: tuple[CaseSource, ...]
    statements: tuple[int, int]
    counts: dict[str, int]
    lost: tuple[CaseLinkChange, ...]
    weakened: tuple[CaseLinkChange, ...]
    strengthened: tuple[CaseLinkChange, ...]
    gained: tuple[CaseLinkChange, ...]
    entities_gone: tuple[CaseNode, ...]
    entities_come: tuple[CaseNode, ...]
    splits: tuple[CaseSplit, ...]
    joins: tuple[CaseSplit, ...]
    questions: tuple[CaseQuestion, ...]
    unanswered: int
