"""The tail of what strangers share by chance is found again, and never looks rarer; the codebook."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from partwatch.curation.region_fit import LEAST_FAMILIES, fit_region_tail, of_other_owners
from partwatch.curation.vocabulary import codebook_from
from partwatch.fingerprint.shipped import codebook

PARTS = 200


def shares(seed: int, families: int, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Two bodies of each family; a third of the families share something, with exponential information."""
    rng = np.random.default_rng(seed)
    best = np.where(rng.random(families) < 1 / 3, rng.exponential(mean, families), 0.0)
    return np.repeat(best, 2) * np.tile([1.0, 0.5], families), np.repeat(np.arange(families), 2)


@pytest.mark.parametrize("seed", range(5))
def test_an_exponential_tail_is_found_again_a_little_heavier(seed: int) -> None:
    best, families = shares(seed, 10_000, 4.0)
    tail = fit_region_tail(best, families, PARTS)
    assert tail is not None
    mean = 1 / (tail.rate * math.log(2))
    assert 3.7 < mean < 5.2
    there = float(np.quantile(best[::2], 0.97))
    assert PARTS * tail.share(there) == pytest.approx(0.03, rel=0.25)


def test_more_bodies_of_a_family_change_nothing() -> None:
    best, families = shares(1, 600, 4.0)
    assert fit_region_tail(np.tile(best, 3), np.tile(families, 3), PARTS) == fit_region_tail(
        best, families, PARTS
    )


def test_too_few_families_give_no_tail() -> None:
    few = np.zeros(500)
    few[:LEAST_FAMILIES] = np.arange(LEAST_FAMILIES) + 1.0
    assert fit_region_tail(few, np.arange(500), PARTS) is None
    assert fit_region_tail(np.zeros(500), np.arange(500), PARTS) is None
    assert fit_region_tail(np.full(500, 3.0), np.arange(500), PARTS) is None


def test_a_longer_list_makes_each_pair_rarer_in_proportion() -> None:
    best, families = shares(2, 600, 4.0)
    one, other = (fit_region_tail(best, families, parts) for parts in (PARTS, 10 * PARTS))
    assert one is not None
    assert other is not None
    assert one.share(15.0) == pytest.approx(10 * other.share(15.0))


def test_what_is_common_to_families_is_not_rare() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(0, 0.2, (1500, 55)) + 1
    rare = rng.normal(0, 0.2, (20, 55)) - 1
    tables = codebook_from(
        np.concatenate([common, rare]).astype(np.float32),
        np.concatenate([np.arange(1500) % 40, np.zeros(20, int)]),
    )
    codes = np.clip(np.rint((np.stack([common[0], rare[0]]) - tables["mean"]) @ tables["basis"]), -127, 127)
    gaps = ((codes[:, None] - tables["centroids"]) ** 2).sum(axis=2)
    of_common, of_rare = tables["rarity"][gaps.argmin(axis=1)]
    assert of_rare > of_common


def test_the_shipped_codebook_is_whole() -> None:
    book = codebook()
    assert np.isfinite(book.basis).all()
    assert (book.rarity > 0).all()
    assert book.cells == 1024
    codes = book.encode(np.tile(book.mean, (3, 1)))
    assert (codes == 0).all()
    assert (book.nearest(codes, 3)[:, :1] == book.nearest(codes)).all()


def test_what_projects_of_one_owner_share_is_no_chance() -> None:
    bodies = SimpleNamespace(projects=np.array([0, 1, 2]))
    observed: Any = SimpleNamespace(
        project_names=("a/one", "a/two", "b/one"),
        bodies=bodies,
        parts=SimpleNamespace(projects=np.array([1, 2])),
        shared=SimpleNamespace(body=np.array([0, 0, 2]), part=np.array([0, 1, 0])),
    )
    assert of_other_owners(observed).tolist() == [False, True, True]
    observed.shared = None
    assert of_other_owners(observed).tolist() == []
