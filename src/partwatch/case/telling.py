"""Sources and statements of a case as documents tell them."""

from __future__ import annotations

from collections.abc import Iterable

from partwatch.case.charter import Charter
from partwatch.case.statements import Source
from partwatch.case.store import CaseStore, Placed
from partwatch.case.verdicts import Decision
from partwatch.case.view import CaseView
from partwatch.case.vocabulary import Type, property_of
from partwatch.case.weights import RELIABILITY_BITS
from partwatch.model.case_overview import ToldCharter, ToldDecision, ToldSource, ToldStatement


def told_charter(charter: Charter) -> ToldCharter:
    """What the case rests on."""
    return ToldCharter.model_validate(charter.told())


def told_source(source: Source) -> ToldSource:
    """A source, with what its letter counts for."""
    info = source.info
    return ToldSource(
        number=source.id, kind=info.kind, name=info.name, sha256=info.sha256, said_by=info.said_by,
        reliability=info.reliability.value, reliability_bits=RELIABILITY_BITS[info.reliability],
        legal_ref=info.legal_ref, imported_at=source.imported_at, imported_by=source.imported_by,
        statements=source.statements, skipped=source.skipped, entry=source.entry, withdrawn=source.withdrawn,
    )  # fmt: skip


def told_statements(store: CaseStore, view: CaseView, numbers: Iterable[int]) -> tuple[ToldStatement, ...]:
    """Those statements in the order of their numbers; keys as values are shown as captions."""
    return tuple(_statement(view, one) for one in store.by_number(numbers))


def telling_most(view: CaseView, entity: int) -> list[int]:
    """Numbers of the statements about an entity: first one for each thing that is said, then the
    repetitions."""
    rows = view.rows_of(entity).tolist()
    first: dict[tuple[int, str], int] = {}
    for row in rows:
        first.setdefault((int(view.prop[row]), view.values[row]), row)
    leading = set(first.values())
    return [int(view.number[row]) for row in [*first.values(), *(one for one in rows if one not in leading)]]


def shown(view: CaseView, schema: str, prop: str, value: str) -> str:
    """A value as people read it: of an entity property, what that entity is called."""
    found = property_of(schema, prop)
    if found is None or found.type is not Type.ENTITY:
        return value
    entity = view.canonical_of(value)
    return value if entity is None else view.caption(entity)


def told_decision(view: CaseView, decision: Decision) -> ToldDecision:
    """A decision, its entities by name where anything that stands names them."""
    left, right = (caption_of(view, key) for key in (decision.left, decision.right))
    return ToldDecision(
        left=left, right=right, verdict=decision.verdict.value, reason=decision.reason, at=decision.at,
        by=decision.by,
    )  # fmt: skip


def caption_of(view: CaseView, key: str) -> str:
    """What a record is called, by its key: its own name, before that of what it is taken for."""
    entity = view.canonical_of(key)
    return key[:12] if entity is None else view.caption(entity)


def _statement(view: CaseView, placed: Placed) -> ToldStatement:
    one = placed.statement
    return ToldStatement(
        number=placed.id, source=placed.source, entity=one.entity, schema_name=one.schema, prop=one.prop,
        value=one.value, shown=shown(view, one.schema, one.prop, one.value), original=one.original,
        place=one.place, said_at=one.said_at, bits=one.bits,
    )  # fmt: skip
