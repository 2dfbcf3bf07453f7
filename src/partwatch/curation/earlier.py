"""An evaluation beside an earlier one: what got better, what worse, and what chance alone explains."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import erfc, exp, hypot, lgamma, sqrt
from typing import Any

from partwatch.model.evaluation import Evaluation, FalseAlerts, HeldBack, Likelihood, Stated, checked

# The chance that any of all comparisons is called significant where nothing changed.
LEVEL = 0.05
# Half the width of a 95 % interval, in standard errors.
_ERRORS = 1.959963984540054
# Hits, and trials.
Counts = tuple[int, int]


class Verdict(StrEnum):
    """What a comparison comes to. chance: a difference that chance explains. gone: measured no more."""

    BETTER = "better"
    WORSE = "worse"
    CHANCE = "within chance"
    SAME = "same"
    GONE = "no longer measured"
    NEW = "new"
    UNTESTED = "not tested"


@dataclass(frozen=True)
class Change:
    """One figure, then and now. p: two-sided, before correction for the number of comparisons; None where
    there is no test of it."""

    name: str
    old: str
    new: str
    verdict: Verdict
    p: float | None = None

    @property
    def is_loss(self) -> bool:
        """Whether it is a significant loss. A figure that is gone is one: else not looking would pass."""
        return self.verdict in (Verdict.WORSE, Verdict.GONE)


@dataclass(frozen=True)
class _Compared:
    """A figure before correction; None where it was not measured."""

    name: str
    old: str | None
    new: str | None
    p: float | None = None
    worse: bool | None = None


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every figure of two evaluations that can be compared, in the order of the evaluation.

    Rates: Fisher's exact test, two-sided; of benign bodies and non-mates on families, which are what is
    independent. Cllr: its two bootstrap intervals (`_p_of_intervals`). Significant at LEVEL for all of them
    together, by Holm's step-down correction (Holm 1979). DocumentError where either is no evaluation.
    """
    before, after = checked(old, "the earlier evaluation"), checked(new)
    compared = [
        *_recall(before, after),
        *_false(before, after),
        *_held_back(before, after),
        *_bits(before["llr"], after["llr"]),
        *_untested(before, after),
    ]
    significant = _holm([one.p for one in compared])
    return [_judged(one, is_real) for one, is_real in zip(compared, significant, strict=True)]


def has_loss(compared: Sequence[Change]) -> bool:
    """Whether there is a significant loss among them."""
    return any(change.is_loss for change in compared)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What else differs between the two, so that a change of the program is not all that a figure shows."""
    keys = ("program_version", "fingerprint_version", "calibration", "population", "list_parts", "seed")
    return [
        f"{key.replace('_', ' ')}: {_short(old.get(key))}, now {_short(new.get(key))}"
        for key in keys
        if old.get(key) != new.get(key)
    ]


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_short(inner)}" for key, inner in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _recall(old: Evaluation, new: Evaluation) -> Iterator[_Compared]:
    def by_class(evaluation: Evaluation) -> dict[str, Counts]:
        return {
            f"recall at {row['at']}, {row['group']}: {row['class']}": (row["hits"], row["trials"])
            for row in evaluation["recall"]
        }

    before, after = by_class(old), by_class(new)
    for name in [*before, *(name for name in after if name not in before)]:
        yield _rates(name, before.get(name), after.get(name), more_is_worse=False)


def _false(old: Evaluation, new: Evaluation) -> Iterator[_Compared]:
    before = {row["finding"]: row for row in old["false"]}
    after = {row["finding"]: row for row in new["false"]}
    for finding in [*before, *(finding for finding in after if finding not in before)]:
        then, now = before.get(finding), after.get(finding)
        shown = _rates(f"benign bodies with a false {finding}", _bodies(then), _bodies(now))
        if then is None or now is None:
            yield shown
            continue
        both_count = "family_hits" in then and "family_hits" in now
        p = fisher(*_families(then, both_count), *_families(now, both_count))
        yield _Compared(shown.name, shown.old, shown.new, p, shown.worse)


def _bodies(row: FalseAlerts | None) -> Counts | None:
    return None if row is None else (row["hits"], row["bodies"])


def _families(row: FalseAlerts, counted: bool) -> Counts:
    """Hits and trials in families; where they were not counted, the bodies' rate on that many."""
    if counted:
        return row["family_hits"], row["families"]
    return _on_families(row["hits"], row["bodies"], row["families"])


def _on_families(hits: int, trials: int, families: int) -> Counts:
    families = min(families, trials)
    return (round(hits * families / trials) if trials else 0), families


def _held_back(old: Evaluation, new: Evaluation) -> Iterator[_Compared]:
    then, now = old["held_back"], new["held_back"]
    if then is not None and now is not None and then["gate_rate"] != now["gate_rate"]:
        # Another gate holds back other parts: no loss, no gain.
        yield _Compared(
            "parts held back",
            f"{_rate(then['parts'], then['of'])} above {then['gate_rate']:g} in 10,000",
            f"{_rate(now['parts'], now['of'])} above {now['gate_rate']:g} in 10,000",
        )
    elif then is not None or now is not None:
        yield _rates("parts held back", _held(then), _held(now))


def _held(row: HeldBack | None) -> Counts | None:
    return None if row is None else (row["parts"], row["of"])


def _bits(old: Likelihood | None, new: Likelihood | None) -> Iterator[_Compared]:
    if old is None and new is None:
        return
    if old is None or new is None:
        shown = [None if llr is None else _with_interval(llr) for llr in (old, new)]
        yield _Compared("Cllr", shown[0], shown[1])
        return
    yield _Compared(
        "Cllr", _with_interval(old), _with_interval(new), _p_of_cllr(old, new), new["cllr"] > old["cllr"]
    )
    before = {row["stated"]: row for row in old["stated"]}
    after = {row["stated"]: row for row in new["stated"]}
    for stated in sorted({*before, *after}, reverse=True):
        yield _stated(stated, before.get(stated), after.get(stated))


def _stated(stated: float, then: Stated | None, now: Stated | None) -> _Compared:
    name = f"non-mates stated as 1 in {1 / stated:,.0f}" if stated else "non-mates stated as none"
    shown = _rates(name, _at_or_above(then), _at_or_above(now))
    if then is None or now is None:
        return shown
    p = fisher(*_of_families(then), *_of_families(now))
    # A rise that stays below what is stated misleads nobody, a fall of what was below it helps nobody.
    moved = not now["holds"] if shown.worse else not then["holds"]
    return _Compared(name, shown.old, shown.new, p if moved else None, shown.worse)


def _at_or_above(row: Stated | None) -> Counts | None:
    return None if row is None else (row["non_mates_at_or_above"], row["of"])


def _of_families(row: Stated) -> Counts:
    return _on_families(row["non_mates_at_or_above"], row["of"], row.get("families", row["of"]))


def _untested(old: Evaluation, new: Evaluation) -> Iterator[_Compared]:
    if old["llr"] is not None and new["llr"] is not None:
        yield _Compared("Cllr_min", f"{old['llr']['cllr_min']:.4f}", f"{new['llr']['cllr_min']:.4f}")
    then, now = old["cost"]["share"], new["cost"]["share"]
    if then is not None and now is not None:
        yield _Compared("share of a screening's time", f"{then:.1%}", f"{now:.1%}")


def _rates(name: str, old: Counts | None, new: Counts | None, more_is_worse: bool = True) -> _Compared:
    """Hits and trials then and now; without a trial it was not measured."""
    then, now = (None if rate is None or not rate[1] else _rate(*rate) for rate in (old, new))
    if old is None or new is None or then is None or now is None:
        return _Compared(name, then, now)
    rises = new[0] * old[1] > old[0] * new[1]
    return _Compared(name, then, now, fisher(*old, *new), rises is more_is_worse)


def _rate(hits: int, trials: int) -> str:
    return f"{hits:,} of {trials:,}" + (f" ({hits / trials:.2%})" if trials else "")


def _with_interval(llr: Likelihood) -> str:
    if llr["cllr_low"] is None or llr["cllr_high"] is None:
        return f"{llr['cllr']:.4f}"
    return f"{llr['cllr']:.4f} [{llr['cllr_low']:.4f}, {llr['cllr_high']:.4f}]"


def _p_of_cllr(old: Likelihood, new: Likelihood) -> float | None:
    if None in (old["cllr_low"], old["cllr_high"], new["cllr_low"], new["cllr_high"]):
        return None
    return _p_of_intervals(
        (old["cllr"], old["cllr_low"] or 0.0, old["cllr_high"] or 0.0),
        (new["cllr"], new["cllr_low"] or 0.0, new["cllr_high"] or 0.0),
    )


def _p_of_intervals(old: tuple[float, float, float], new: tuple[float, float, float]) -> float:
    """Two-sided p of a difference of two figures, each (value, low, high) with its 95 % interval.

    The error of each is that on the side of the other, as in Zou and Donner 2008, Construction of confidence
    limits about effect measures, Statistics in Medicine 27; then a normal approximation.
    """
    lower, upper = sorted((old, new))
    gap = upper[0] - lower[0]
    error = hypot(lower[2] - lower[0], upper[0] - upper[1]) / _ERRORS
    if gap == 0 or error == 0:
        return 1.0 if gap == 0 else 0.0
    return erfc(gap / error / sqrt(2))


def fisher(old_hits: int, old_trials: int, new_hits: int, new_trials: int) -> float:
    """Fisher's exact test, two-sided: the weight of all tables that are no likelier than this one."""
    hits, trials = old_hits + new_hits, old_trials + new_trials
    least, most = max(0, hits - new_trials), min(hits, old_trials)

    def log_weight(k: int) -> float:
        return _log_choose(old_trials, k) + _log_choose(new_trials, hits - k) - _log_choose(trials, hits)

    # As likely but for rounding is as likely.
    seen = log_weight(old_hits) + 1e-7
    # Weights rise up to the likeliest table and fall beyond it.
    likeliest = min(most, (hits + 1) * (old_trials + 1) // (trials + 2))
    total = 0.0
    for rising in (range(least, likeliest + 1), range(most, likeliest, -1)):
        for k in reversed(rising[: bisect_right(rising, seen, key=log_weight)]):
            weight = exp(log_weight(k))
            total += weight
            if weight <= total * 1e-17:
                break
    return min(1.0, total)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _holm(ps: Sequence[float | None]) -> list[bool]:
    """Which of them are significant together at LEVEL."""
    order = sorted((p, k) for k, p in enumerate(ps) if p is not None)
    significant = [False] * len(ps)
    for rank, (p, k) in enumerate(order):
        if p > LEVEL / (len(order) - rank):
            break
        significant[k] = True
    return significant


def _judged(one: _Compared, is_real: bool) -> Change:
    if one.old is None or one.new is None:
        verdict = Verdict.NEW if one.old is None else Verdict.GONE
    elif one.old == one.new:
        verdict = Verdict.SAME
    elif one.p is None:
        verdict = Verdict.UNTESTED
    elif not is_real:
        verdict = Verdict.CHANCE
    else:
        verdict = Verdict.WORSE if one.worse else Verdict.BETTER
    return Change(one.name, one.old or "", one.new or "", verdict, one.p)
