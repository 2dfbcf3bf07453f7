"""Candidates against the obvious way: every pair, by similarity and size."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from partwatch.curation import kin_search
from partwatch.curation.kin_search import LEAST_ALIKE, SIZE_GAP, likely_pairs
from partwatch.curation.specimens import FACTS, Specimens
from partwatch.fingerprint import DESCRIPTOR_SIZE


def made_up(seed: int, count: int) -> Specimens:
    """Specimens in a few clusters of descriptors, of many sizes."""
    rng = np.random.default_rng(seed)
    centres = rng.random((6, DESCRIPTOR_SIZE))
    rows = centres[rng.integers(6, size=count)] + 0.15 * rng.random((count, DESCRIPTOR_SIZE))
    descriptors = (np.sqrt(2) * rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    facts = np.ones((count, FACTS))
    facts[:, 2] = np.exp(rng.normal(0, 0.5, count))
    facts[:, 3] = rng.random(count)
    facts[:, 8] = 1000
    return Specimens(facts, descriptors, tuple(bytes([k]) for k in range(count)))


def may_be_kin(specimens: Specimens, a: int, b: int) -> bool:
    gap = abs(np.log(specimens.radius[a] / specimens.radius[b]))
    near = gap <= SIZE_GAP or any(
        abs(gap - np.log(unit)) <= kin_search.UNIT_GAP for unit in (10, 25.4, 304.8, 1000)
    )
    if near:
        return specimens.alike(a, b) >= LEAST_ALIKE
    scaled = specimens.is_known_scaled(a) and specimens.is_known_scaled(b)
    return scaled and specimens.alike(a, b) >= kin_search.LEAST_ALIKE_SCALED


@pytest.mark.parametrize("block", [7, 1024])
@pytest.mark.parametrize("seed", range(3))
def test_pairs_are_those_of_trying_all_most_alike_first(
    seed: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kin_search, "_BLOCK", block)
    monkeypatch.setattr(kin_search, "NEIGHBOURS", 60)
    specimens = made_up(seed, 60)
    rows = np.arange(0, 60, 2)
    found = list(likely_pairs(specimens, rows))
    assert sorted(found) == [(a, b) for a in rows for b in rows if a < b and may_be_kin(specimens, a, b)]
    assert len(found) > 20
    alike = [specimens.alike(a, b) for a, b in found]
    assert all(later <= sooner + 2e-4 for sooner, later in pairwise(alike))


def test_each_specimen_has_only_so_many_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kin_search, "NEIGHBOURS", 2)
    specimens = made_up(1, 60)
    pairs = list(likely_pairs(specimens, np.arange(60)))
    assert 0 < len(pairs) <= 2 * 60
    for a, b in pairs:
        closer = [
            sum(
                may_be_kin(specimens, k, other) and specimens.alike(k, other) > specimens.alike(a, b)
                for other in range(60)
                if other != k
            )
            for k in (a, b)
        ]
        assert min(closer) < 2


def test_none_and_one_have_no_pairs() -> None:
    specimens = made_up(2, 5)
    assert list(likely_pairs(specimens, np.arange(0))) == []
    assert list(likely_pairs(specimens, np.arange(1))) == []
