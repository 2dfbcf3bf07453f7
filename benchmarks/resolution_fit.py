"""Makes what the resolution ships: m and u of its comparisons, and the calibration.

    python -m benchmarks.resolution_fit --out src/partwatch/case/resolution/data

Minutes on one core; the same numbers each time.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.people import World
from benchmarks.resolution_worlds import FITTED, known, worlds, written
from partwatch.case.resolution.calibration import Curve, calibration_text, read_calibration
from partwatch.case.resolution.fitting import fitted
from partwatch.case.resolution.model import COMPARISONS, Shares, even_shares, shares_of
from partwatch.case.resolution.records import Kind
from partwatch.case.resolution.scoring import Scorer, distinct

_COUNTED = {800: 6, 3000: 4, 12_000: 1}
_STRANGERS = 200_000


def counted_shares(kind: Kind, sizes: dict[int, int]) -> Shares:
    """m and u as they are in worlds: over all pairs of one entity, and over pairs drawn of two."""
    names = [one.name for one in COMPARISONS[kind]]
    counts = [np.zeros((2, len(one.labels))) for one in COMPARISONS[kind]]
    for world in worlds(sizes, 50_000):
        for which, levels in enumerate(_levels(world, kind)):
            for place, table in enumerate(counts):
                of_one = levels[:, place][levels[:, place] >= 0]
                table[which] += np.bincount(of_one, minlength=table.shape[1]) / len(levels)
    told = {}
    for name, table in zip(names, counts, strict=True):
        # As if a level had been met once more among all that were looked at.
        m, u = (row / row.sum() for row in table + np.array([[1e-3], [2e-5]]))
        told[name] = tuple(zip(m.tolist(), u.tolist(), strict=True))
    return distinct(told)


def _levels(world: World, kind: Kind) -> Iterator[NDArray[np.int8]]:
    rows, made = written(world, kind)
    entity = np.array(made.entity)[[int(key) for key in rows.keys]]
    order = np.argsort(entity, kind="stable")
    mates = [
        (a, b)
        for members in np.split(order, np.flatnonzero(np.diff(entity[order])) + 1)
        for a in members
        for b in members
        if a < b
    ]
    rng = np.random.default_rng(world.seed)
    drawn = rng.integers(0, len(rows), (_STRANGERS, 2))
    drawn = np.sort(drawn[entity[drawn[:, 0]] != entity[drawn[:, 1]]], axis=1)
    with Scorer(rows, distinct(even_shares(kind))) as scorer:
        for pairs in (np.array(mates), drawn):
            yield scorer.pairs(pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32)).levels


def calibrated(kind: Kind, sizes: dict[int, int], shares: Shares) -> Curve:
    """The curve of a kind, of a model that starts from these m and u."""
    samples = [known(world, kind, shares).sample() for world in worlds(sizes, 0)]
    kept = [one for one in samples if len(one.same)]
    told = {"worlds": "benchmarks/people.py, varied", "sizes": {str(k): v for k, v in sizes.items()}}
    return fitted(kind, kept, told)


def main() -> None:
    """Both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", choices=("shares", "calibration"))
    parser.add_argument("--kind", choices=[kind.value for kind in Kind], action="append")
    arguments = parser.parse_args()
    if arguments.only != "calibration":
        told = {kind.value: counted_shares(kind, _COUNTED) for kind in Kind}
        (arguments.out / "shares.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if arguments.only != "shares":
        shares = {kind: shares_of(told) for kind, told in _read(arguments.out / "shares.json").items()}
        asked = {Kind(name) for name in arguments.kind or Kind}
        before = arguments.out / "calibration.json"
        curves = {
            kind: calibrated(kind, FITTED[kind], shares[kind])
            if kind in asked
            else read_calibration(before.read_text(encoding="utf-8"), str(before)).curves[kind]
            for kind in Kind
        }
        (arguments.out / "calibration.json").write_text(calibration_text(curves), encoding="utf-8")


def _read(path: Path) -> dict[Kind, dict[str, Any]]:
    return {Kind(name): told for name, told in json.loads(path.read_text(encoding="utf-8")).items()}


if __name__ == "__main__":
    main()
