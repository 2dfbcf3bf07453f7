"""How well the resolution does, on worlds that nothing was fitted on, and on public sets with known truth.

    python -m benchmarks.resolution                       # held-back worlds: precision, recall, Cllr
    python -m benchmarks.resolution --scale 10000 100000  # time and memory
    python -m benchmarks.resolution --febrl DIR           # the febrl sets, as benchmarks/export_febrl.py
                                                          # writes them

Seeded: the same figures each time, but for times.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.people import World, people
from benchmarks.resolution_worlds import FIRST_HELD_BACK, HELD_BACK, worlds, written
from partwatch.case.resolution.calibration import chance, pairs_bits, shipped_calibration
from partwatch.case.resolution.grouping import grouped
from partwatch.case.resolution.policy import Policy, odds_bits
from partwatch.case.resolution.records import Kind, Records, records
from partwatch.case.resolution.resolving import Resolved, resolved
from partwatch.curation import honesty
from partwatch.curation.rates import Rate
from partwatch.curation.resampling import cllr_interval

POLICY = Policy()


@dataclass(frozen=True)
class Case:
    """A case resolved. entity, group: of each record, the truth and what counts once."""

    records: Records
    found: Resolved
    entity: NDArray[np.int64]
    group: NDArray[np.int64]

    @property
    def same(self) -> NDArray[np.bool_]:
        """The truth of each pair scored."""
        truth: NDArray[np.bool_] = self.entity[self.found.scored.left] == self.entity[self.found.scored.right]
        return truth

    @property
    def of_one(self) -> int:
        """Pairs of one entity, scored or not."""
        return _pairs(Counter(self.entity.tolist()).values())


def _pairs(sizes: object) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)  # type: ignore[attr-defined] # any iterable of int


def case_of(world: World, kind: Kind) -> Case:
    """A world, resolved."""
    rows, made = written(world, kind)
    kept = np.array([int(key) for key in rows.keys], dtype=np.int64)
    found = resolved(rows, shipped_calibration().curves[kind], POLICY)
    return Case(rows, found, np.array(made.entity)[kept], np.array(made.group)[kept])


def report(name: str, cases: Sequence[Case]) -> None:
    """Pairs, then clusters, of some cases together."""
    same = np.concatenate([one.same for one in cases])
    group = np.concatenate([
        one.group[one.found.scored.left] + place * 10**7 for place, one in enumerate(cases)
    ])  # fmt: skip
    odds = np.concatenate([one.found.odds for one in cases])
    raw = np.concatenate([
        np.clip(one.found.scored.raw, -60, 60) - pairs_bits(len(one.records)) for one in cases
    ])  # fmt: skip
    every = sum(one.of_one for one in cases)
    total = sum(len(one.records) for one in cases)
    print(f"\n{name}: {len(cases)} cases, {total:,} records, {len(same):,} pairs scored, {every:,} of one "
          f"entity of which {same.sum() / every:.1%} scored")  # fmt: skip
    for label, told in (("raw", raw), ("calibrated", odds)):
        _honesty(label, told, same, group)
        for least in (POLICY.merge, POLICY.review):
            _at(label, told, same, every, least)
    for merge in (POLICY.merge, 0.9):
        for against in (None, odds_bits(POLICY.against)):
            how = "pairs alone" if against is None else "asking all pairs"
            _clusters(f"{how} at {merge:g}", cases, merge, against, every)


def _honesty(
    label: str, odds: NDArray[np.float64], same: NDArray[np.bool_], group: NDArray[np.int64]
) -> None:
    """Cllr among the pairs scored: the posterior odds less the odds that hold among them."""
    if same.all() or not same.any():
        print(f"   {label}: pairs of one class only, no Cllr")
        return
    among = float(np.log2(same.sum() / (~same).sum()))
    data = honesty.scored(odds - among, same, group, honesty.Weighing.BODY)
    interval = cllr_interval(data, draws=200)
    told = "" if interval is None else f" [{interval[0]:.3f}, {interval[1]:.3f}]"
    print(f"   {label}: Cllr {honesty.cllr(data):.3f}{told}, of it {honesty.cllr_min(data):.3f} by overlap")


def _at(label: str, odds: NDArray[np.float64], same: NDArray[np.bool_], every: int, least: float) -> None:
    taken = odds >= odds_bits(least)
    wrong = Rate(int((taken & ~same).sum()), int(taken.sum()))
    stated = float((1 - chance(odds[taken])).mean()) if taken.any() else 0.0
    low, high = wrong.interval()
    print(f"      at {least:g}: {wrong.trials:,} pairs, recall {(taken & same).sum() / every:.3f}, "
          f"error {wrong.value:.4f} [{low:.4f}, {high:.4f}], stated {stated:.4f}")  # fmt: skip


def _clusters(label: str, cases: Sequence[Case], least: float, against: float | None, every: int) -> None:
    right = made = whole = clusters = impure = 0
    for one in cases:
        found = one.found
        merge = odds_bits(least)
        labels = grouped(
            len(one.records), found.scored.left, found.scored.right, found.odds, merge, against
        ).cluster
        both = Counter(zip(labels.tolist(), one.entity.tolist(), strict=True))
        sizes, truth = Counter(labels.tolist()), Counter(one.entity.tolist())
        right += _pairs(both.values())
        made += _pairs(sizes.values())
        whole += sum(size == sizes[a] == truth[b] for (a, b), size in both.items())
        clusters += len(truth)
        impure += len(both) - len(sizes)
    print(f"   clusters, {label}: pairs precision {right / max(made, 1):.4f}, recall {right / every:.4f}; "
          f"{whole / clusters:.1%} of entities whole, {impure} too many in one cluster")  # fmt: skip


def scale(sizes: Sequence[int]) -> None:
    """Time and peak memory at each size, each in a process of its own."""
    for size in sizes:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.resolution", "--one", str(size)],
            capture_output=True,
            text=True,
        )
        print(done.stdout.strip() or done.stderr[-500:])


def _one(size: int) -> None:
    made = people(World(7, size, names=20_000, towns=2000))
    rows = records(Kind.PERSON, {f"{place:08d}": said for place, said in enumerate(made.said)})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.perf_counter()
    found = resolved(rows, shipped_calibration().curves[Kind.PERSON], POLICY)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(rows):,} records: {seconds:.1f} s, {peak:,.0f} MB at most ({before:,.0f} MB of it the "
          f"records), {found.blocks.pairs:,} pairs in blocks of at most {found.blocks.widest}, "
          f"{len(found.scored):,} kept, {int(found.groups.merged.sum()):,} merged; "
          f"left out {dict(found.blocks.left_out)}")  # fmt: skip


def febrl(folder: Path) -> None:
    """The febrl sets: nothing was fitted on them."""
    for path in sorted(folder.glob("febrl*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        said = {f"{place:08d}": _febrl_said(row) for place, row in enumerate(rows)}
        table = records(Kind.PERSON, said)
        entity = np.array([int(row["rec_id"].split("-")[1]) for row in rows])
        kept = np.array([int(key) for key in table.keys])
        started = time.perf_counter()
        found = resolved(table, shipped_calibration().curves[Kind.PERSON], POLICY)
        report(f"{path.stem} ({time.perf_counter() - started:.1f} s)",
               [Case(table, found, entity[kept], entity[kept])])  # fmt: skip


def _febrl_said(row: dict[str, str]) -> dict[str, list[str]]:
    birth = row["date_of_birth"]
    told = {
        "firstName": row["given_name"], "lastName": row["surname"], "idNumber": row["soc_sec_id"],
        "birthDate": f"{birth[:4]}-{birth[4:6]}-{birth[6:8]}" if len(birth) == 8 else "",
        "street": f"{row['address_1']} {row['street_number']}".strip(), "city": row["suburb"],
        "postalCode": row["postcode"],
    }  # fmt: skip
    return {name: [value] for name, value in told.items() if value.strip()}


def main() -> None:
    """What was asked for; the held-back worlds by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kind", choices=[kind.value for kind in Kind], action="append")
    parser.add_argument("--scale", type=int, nargs="+")
    parser.add_argument("--febrl", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        _one(arguments.one)
    elif arguments.scale:
        scale(arguments.scale)
    elif arguments.febrl:
        febrl(arguments.febrl)
    else:
        for kind in map(Kind, arguments.kind or [kind.value for kind in Kind]):
            cases = [case_of(world, kind) for world in worlds(HELD_BACK, FIRST_HELD_BACK)]
            report(kind.value, cases)


if __name__ == "__main__":
    main()
