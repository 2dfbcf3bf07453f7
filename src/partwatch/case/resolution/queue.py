"""What a person is asked: the pairs that tell most, each with both records and what made its bits."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from partwatch.case.resolution.waterfall import bars_of, kind_of
from partwatch.case.store import CaseStore
from partwatch.case.tables import PAIRS
from partwatch.case.verdicts import Decision, Pair, Run, Verdict, ordered
from partwatch.case.view import CaseView, view_of
from partwatch.model.case_resolution import PairTold, Side
from partwatch.model.errors import UsageError


def queue(store: CaseStore, limit: int = 20, view: CaseView | None = None) -> list[PairTold]:
    """Pairs of the latest run that a person should judge, those that tell most first: how open the question
    is, times how many records it would bring together; those called `unsure` last. None where nothing was
    run."""
    run = store.latest_run()
    if run is None:
        return []
    view = view or view_of(store)
    decided = {(one.left, one.right): one.verdict for one in store.decisions()}
    review = float(run.told["policy"]["review"])
    sizes = Counter(view.canonical.tolist())
    found = []
    for pair in store.pairs(run.id, merged=False):
        prior = _prior(run, pair)
        told = decided.get((pair.left, pair.right))
        joined = _joined(view, pair, sizes)
        if prior is None or joined is None or told in (Verdict.SAME, Verdict.DIFFERENT):
            continue
        chance = _chance(pair.bits + prior)
        if chance >= review:
            # A contested pair is sure by itself: what is open is which of its neighbours is wrong.
            told_by_it = 1.0 if pair.waterfall[-1].get("contested") else _open(chance)
            found.append((told is Verdict.UNSURE, -told_by_it * joined, pair.left, pair.right, pair))
    found.sort(key=lambda one: one[:4])
    return [_told(store, view, run, one[4], decided, sizes) for one in found[: max(limit, 0)]]


def explain(store: CaseStore, left: str, right: str, view: CaseView | None = None) -> PairTold:
    """A pair of entity keys as the latest run has it, merged or not. Raises UsageError where it does not."""
    run = store.latest_run()
    left, right = ordered(left, right)
    if run is None:
        raise UsageError("nothing was resolved in this case yet; `partwatch case resolve` does")
    view = view or view_of(store)
    decided = {(one.left, one.right): one.verdict for one in store.decisions()}
    pair = _kept(store, run, left, right)
    if pair is not None:
        return _told(store, view, run, pair, decided, Counter(view.canonical.tolist()))
    raise UsageError(f"{left}, {right}: run {run.id} keeps no such pair; it is far from being merged")


def undo(store: CaseStore, left: str, right: str, reason: str, by: str) -> Decision:
    """Undo what is held of a pair: a person's decision no longer counts; a merge of the latest run is
    decided against, and so stays undone when it is run again. Raises UsageError where there is neither."""
    left, right = ordered(left, right)
    if any((one.left, one.right) == (left, right) for one in store.decisions()):
        return store.decide(left, right, Verdict.UNDONE, reason, by)
    run = store.latest_run()
    pair = None if run is None else _kept(store, run, left, right)
    if pair is not None and pair.merged:
        return store.decide(left, right, Verdict.DIFFERENT, reason, by)
    raise UsageError(f"{left}, {right}: nobody decided on this pair, and no run merged it")


def _kept(store: CaseStore, run: Run, left: str, right: str) -> Pair | None:
    with store.reading() as connection:
        wanted = select(PAIRS).filter_by(run_id=run.id, left=left, right=right)
        row = connection.execute(wanted).first()
    if row is None:
        return None
    return Pair(left, right, row.raw, row.bits, bool(row.merged), json.loads(row.waterfall))


def _prior(run: Run, pair: Pair) -> float | None:
    kind = kind_of(pair.waterfall)
    told = run.told.get("kinds", {}).get(kind.value if kind else "")
    return float(told["prior"]) if told else None


def _joined(view: CaseView, pair: Pair, sizes: Mapping[int, int]) -> float | None:
    """How much hangs on it: root of the pairs of records that it would bring together. None where one of
    them no longer stands, or both are one already."""
    left, right = view.canonical_of(pair.left), view.canonical_of(pair.right)
    if left is None or right is None or left == right:
        return None
    return math.sqrt(sizes[left] * sizes[right])


def _chance(odds: float) -> float:
    return 1.0 / (1.0 + math.pow(2.0, -max(min(odds, 500.0), -500.0)))


def _open(chance: float) -> float:
    """Bits that an answer would tell."""
    if not 0.0 < chance < 1.0:
        return 0.0
    return -chance * math.log2(chance) - (1 - chance) * math.log2(1 - chance)


def _told(
    store: CaseStore,
    view: CaseView,
    run: Run,
    pair: Pair,
    decided: Mapping[tuple[str, str], Verdict],
    sizes: Mapping[int, int],
) -> PairTold:
    prior = _prior(run, pair) or 0.0
    kind = kind_of(pair.waterfall)
    verdict = decided.get((pair.left, pair.right))
    return PairTold(
        kind.value if kind else "", _side(store, view, pair.left, sizes),
        _side(store, view, pair.right, sizes), pair.raw, pair.bits, prior,
        _chance(pair.bits + prior), pair.merged, _contested(view, pair.waterfall),
        verdict.value if verdict else None, bars_of(pair.waterfall),
    )  # fmt: skip


def _contested(view: CaseView, bars: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    keys = bars[-1].get("contested") if bars else None
    if not keys:
        return None
    left, right = (view.canonical_of(key) for key in keys)
    return (
        keys[0][:8] if left is None else view.caption(left),
        keys[1][:8] if right is None else view.caption(right),
    )


def _side(store: CaseStore, view: CaseView, key: str, sizes: Mapping[int, int]) -> Side:
    """The record itself, not what it is merged with."""
    said: dict[tuple[str, str], dict[str, None]] = {}
    schema = "Thing"
    for placed in store.of_entities([key]):
        one = placed.statement
        source = view.sources.get(placed.source)
        if source is not None:
            schema = one.schema
            said.setdefault((one.prop, one.original or one.value), {})[source.info.name] = None
    canonical = view.canonical_of(key)
    names = [value for (prop, value) in said if prop == "name"]
    caption = names[0] if names else key[:8] if canonical is None else view.caption(canonical)
    return Side(
        key, caption, schema, 1 if canonical is None else sizes[canonical],
        tuple((prop, value, tuple(sources)) for (prop, value), sources in said.items()),
    )  # fmt: skip
