"""A run of the resolution over a case: scored, weighed, merged, kept with what made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partwatch.case.resolution import judgements
from partwatch.case.resolution.calibration import Calibration, shipped_calibration
from partwatch.case.resolution.policy import Policy, odds_bits
from partwatch.case.resolution.records import Kind, Records, records_of
from partwatch.case.resolution.resolving import Moved, Resolved, resolved
from partwatch.case.resolution.waterfall import waterfall
from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Decision, Pair, Verdict
from partwatch.case.view import CaseView, view_of
from partwatch.model.case_resolution import Judged, KindTold, ResolutionTold


def resolve(
    store: CaseStore,
    by: str,
    policy: Policy | None = None,
    calibration: Calibration | None = None,
    recalibrate: bool = False,
    view: CaseView | None = None,
) -> ResolutionTold:
    """Score the records of a case, merge from the policy's threshold, and keep the run; from now on it is
    what counts. calibration: the one that ships where left out. recalibrate: move bits to fit what persons
    decided in this case, where they decided enough. view: of the case, where there is one already. Raises
    UsageError: without the extra `case`, once the retention has run out; StoreError."""
    store.check_open()
    policy = policy or Policy()
    calibration = calibration or shipped_calibration()
    decisions = store.decisions()
    every = records_of(view or view_of(store))
    done = _resolve(every, policy, calibration, decisions, None)
    odds, same = _judged(every, done, decisions)
    moved = judgements.moved(odds, same) if recalibrate else None
    if moved is not None:
        done = _resolve(every, policy, calibration, decisions, moved)
        odds, same = _judged(every, done, decisions)
    judged = judgements.compared(odds, same, moved is not None)
    kinds = [_told(every[kind], done[kind], policy) for kind in every]
    told = _run_told(policy, calibration, kinds, judged, moved)
    model = hashlib.sha256(json.dumps(told["models"], sort_keys=True).encode()).hexdigest()[:16]
    pairs = [pair for kind in every for pair in _pairs(every[kind], done[kind], policy, decisions)]
    number = store.add_run(model, told, pairs, by)
    return ResolutionTold(number, policy.merge, policy.review, calibration.version, tuple(kinds), judged)


@dataclass(frozen=True)
class _Rows:
    """Decisions by rows of a kind, left < right."""

    same: list[tuple[int, int]]
    different: list[tuple[int, int]]

    @staticmethod
    def of(records: Records, decisions: list[Decision]) -> _Rows:
        row = {key: place for place, key in enumerate(records.keys)}
        found = {
            verdict: [
                (row[one.left], row[one.right])
                for one in decisions
                if one.verdict is verdict and one.left in row and one.right in row
            ]
            for verdict in (Verdict.SAME, Verdict.DIFFERENT)
        }
        return _Rows(found[Verdict.SAME], found[Verdict.DIFFERENT])


def _resolve(
    every: Mapping[Kind, Records],
    policy: Policy,
    calibration: Calibration,
    decisions: list[Decision],
    moved: Moved | None,
) -> dict[Kind, Resolved]:
    done = {}
    for kind, records in every.items():
        rows = _Rows.of(records, decisions)
        done[kind] = resolved(
            records, calibration.curves[kind], policy, rows.same, rows.different, moved=moved
        )
    return done


def _judged(
    every: Mapping[Kind, Records], done: Mapping[Kind, Resolved], decisions: list[Decision]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """log2 posterior odds of the pairs that persons decided, and what they decided."""
    odds: list[float] = []
    same: list[bool] = []
    for kind, records in every.items():
        rows, found = _Rows.of(records, decisions), done[kind]
        verdicts = dict.fromkeys(rows.same, True) | dict.fromkeys(rows.different, False)
        if not verdicts:
            continue
        pairs = zip(found.scored.left.tolist(), found.scored.right.tolist(), strict=True)
        for place, pair in enumerate(pairs):
            if pair in verdicts:
                odds.append(float(found.odds[place]))
                same.append(verdicts[pair])
    return np.array(odds, dtype=np.float64), np.array(same, dtype=bool)


def _told(records: Records, found: Resolved, policy: Policy) -> KindTold:
    sizes = np.bincount(found.groups.cluster) if len(records) else np.zeros(0, int)
    review = (found.odds >= odds_bits(policy.review)) & ~found.groups.merged
    return KindTold(
        kind=records.kind.value, records=len(records), blocks=sum(found.blocks.rules.values()),
        pairs=len(found.scored), left_out=found.blocks.left_out, prior=round(found.prior, 3),
        others=found.others, merged=int(found.groups.merged.sum()), review=int(review.sum()),
        contested=len(found.groups.contested), clusters=int((sizes > 1).sum()),
        largest=int(sizes.max(initial=0)), learned=found.learned, model=found.model,
    )  # fmt: skip


def _run_told(
    policy: Policy,
    calibration: Calibration,
    kinds: list[KindTold],
    judged: Judged | None,
    moved: Moved | None,
) -> dict[str, Any]:
    """What the ledger and the run keep."""
    return {
        "models": {one.kind: one.model for one in kinds}, "calibration": calibration.version,
        "policy": policy.told(), "kinds": {one.kind: asdict(one) for one in kinds},
        "judged": asdict(judged) if judged else None, "moved": asdict(moved) if moved else None,
    }  # fmt: skip


def _pairs(records: Records, found: Resolved, policy: Policy, decisions: list[Decision]) -> Iterator[Pair]:
    """Those merged, those for a person, and those that a person decided."""
    rows = _Rows.of(records, decisions)
    decided = {*rows.same, *rows.different}
    wanted = found.groups.merged | (found.odds >= odds_bits(policy.review))
    if decided:
        pairs = zip(found.scored.left.tolist(), found.scored.right.tolist(), strict=True)
        wanted |= np.fromiter((pair in decided for pair in pairs), bool, len(found.scored))
    keys = records.keys
    for row in np.flatnonzero(wanted).tolist():
        left, right = keys[found.scored.left[row]], keys[found.scored.right[row]]
        bits = round(float(found.bits[row]), 4)
        bars = waterfall(records, found.scored, row, bits)
        if row in found.groups.contested:
            bars[-1]["contested"] = [keys[one] for one in found.groups.contested[row]]
        raw = float(found.scored.raw[row])
        yield Pair(left, right, raw, bits, bool(found.groups.merged[row]), bars)
