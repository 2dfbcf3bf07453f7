"""Voting: a body's half finds its part first in a made-up list, in the right pose."""

from __future__ import annotations

from types import ModuleType

import feature_list as made
import numpy as np
import pytest
from slow_kernel import Floats

import parts
from partwatch import kernel as chosen

ALL = np.ones(made.PARTS, dtype=bool)
NOTHING = [(0,), (0,), (0,), (0, 3, 4)]


@pytest.fixture(scope="module")
def listed() -> made.FeatureList:
    """Thirty parts, by the kernel in use."""
    return made.feature_list(chosen.load(chosen.KERNEL))


def body_of(number: int, mirrored: bool = False) -> tuple[made.Features, Floats]:
    mesh, T = made.half(number, mirrored)
    return made.features(chosen.load(chosen.KERNEL), mesh), T


def off(number: int, one: Floats, other: Floats) -> float:
    """How far two poses of a listed part lie apart at most, in mm."""
    v = made.part_mesh(number).vertices
    return float(np.linalg.norm(v @ (one - other)[:, :3].T + (one - other)[:, 3], axis=1).max())


def test_parts_that_are_not_asked_for_take_no_place(kernel: ModuleType, listed: made.FeatureList) -> None:
    body, _ = body_of(4)
    every = listed.asked(body)
    asked = ALL.copy()
    asked[[4, *kernel.vote(*every)[0].tolist()[-3:]]] = False
    part, _, _, _ = kernel.vote(*every[:5], asked, *every[6:])
    assert len(part)
    assert asked[part].all()
    nobody = kernel.vote(*every[:5], ~ALL, *every[6:])
    assert [each.shape for each in nobody] == NOTHING


@pytest.mark.parametrize("number", range(0, made.PARTS, 3))
def test_half_a_part_finds_it_first_where_it_is(
    kernel: ModuleType, listed: made.FeatureList, number: int
) -> None:
    mirrored = number % 2 == 1
    body, T = body_of(number, mirrored)
    part, score, images, poses = kernel.vote(*listed.asked(body))
    assert part[0] == number
    assert images[0] == mirrored
    # To be refined on the triangles.
    assert off(number, poses[0], T) < made.RADIUS
    first = np.flatnonzero(np.diff(part, prepend=-1))
    assert score[first[0]] > 1.5 * score[first[1]]
    # Each part once, with its poses one after the other, best first.
    assert len(set(part.tolist())) == len(first) <= 10
    assert (np.diff(score[first]) <= 0).all()
    assert all((np.diff(poses) <= 0).all() for poses in np.split(score, first[1:]))
    assert np.bincount(part).max() <= 4
    A = poses[:, :, :3]
    assert np.abs(A @ A.transpose(0, 2, 1) - np.eye(3)).max() < 1e-9
    assert np.array_equal(np.linalg.det(A) < 0, images.astype(bool))
    fewer = kernel.vote(*listed.asked(body, 2))
    two = slice(0, first[2] if len(first) > 2 else None)
    assert [each.tolist() for each in fewer] == [each[two].tolist() for each in (part, score, images, poses)]


def test_the_parts_of_a_moved_body_move_with_it(kernel: ModuleType, listed: made.FeatureList) -> None:
    body, _ = body_of(6)
    T = parts.motion(77, 50)
    place = np.ascontiguousarray(body.place @ T[:, :3].T + T[:, 3])
    moved = made.Features(body.descriptor, place, np.ascontiguousarray(body.facing @ T[:, :3].T))
    part, score, images, poses = kernel.vote(*listed.asked(body))
    found = kernel.vote(*listed.asked(moved))
    assert found[0][0] == part[0]
    assert found[1][0] == score[0]
    assert found[2][0] == images[0]
    expected = T[:, :3] @ poses[0] + np.concatenate([np.zeros((3, 3)), T[:, 3:]], axis=1)
    assert np.abs(found[3][0] - expected).max() < 1e-9


def test_cells_that_are_all_looked_into_are_one_cell(kernel: ModuleType, listed: made.FeatureList) -> None:
    body, _ = body_of(3)
    args = list(listed.asked(body))
    n = len(body.place)
    args[7] = np.tile(np.arange(made.CELLS, dtype=np.int32), (n, 1))
    every = kernel.vote(*args)
    args[4], args[7] = np.array([0, len(listed.codes)]), np.zeros((n, 1), dtype=np.int32)
    one = kernel.vote(*args)
    assert every[0][0] == 3
    assert [each.tolist() for each in one] == [each.tolist() for each in every]


def test_a_cell_named_twice_is_looked_into_once(kernel: ModuleType, listed: made.FeatureList) -> None:
    args = list(listed.asked(body_of(9)[0]))
    once = kernel.vote(*args)
    args[7] = np.ascontiguousarray(args[7][:, [0, 1, 0, 2, 2]])
    assert [each.tolist() for each in kernel.vote(*args)] == [each.tolist() for each in once]


def test_an_empty_list_or_a_body_without_features_finds_nothing(
    kernel: ModuleType, listed: made.FeatureList
) -> None:
    body, _ = body_of(0)
    args = list(listed.asked(body))
    none = made.Features(body.descriptor[:0], body.place[:0], body.facing[:0])
    start = np.zeros(made.CELLS + 1, dtype=np.int64)
    empty = [args[0][:0], args[1][:0], args[2][:0], args[3][:0], start, np.ones(0, dtype=bool)]
    unasked = [*args[:7], args[7][:, :0], *args[8:]]
    for case in (listed.asked(none), [*empty, *args[6:]], unasked, listed.asked(body, 0)):
        found = kernel.vote(*case)
        assert [each.shape for each in found] == NOTHING
        assert [each.dtype for each in found] == [np.int32, np.float64, np.uint8, np.float64]


def test_two_features_in_place_are_no_arrangement(kernel: ModuleType, listed: made.FeatureList) -> None:
    place = np.array([[0.0, 0, 0], [10, 0, 0], [0, 12, 0], [0, 0, 14]])
    facing = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 0]])
    codes = np.arange(80, dtype=np.int8).reshape(4, 20)

    def found(count: int) -> list[int]:
        start = np.array([0, count])
        cells = np.zeros((count, 1), dtype=np.int32)
        at, turned = place[:count], facing[:count]
        return kernel.vote(
            codes[:count], np.full(count, 4, dtype=np.int32), at.astype(np.float32),
            turned.astype(np.float32), start, ALL[:5], codes[:count], cells, at, turned, np.full(count, 6.0),
            np.ones(count), 9,
        )[0].tolist()  # fmt: skip

    assert found(2) == []
    assert found(4) == [4]


def test_what_is_rare_outvotes_what_all_have(kernel: ModuleType) -> None:
    """Part 0 has the body's many plain features, part 1 its few rare ones."""
    rng = np.random.default_rng(3)
    plain, rare = rng.uniform(-30, 30, (40, 3)), rng.uniform(-30, 30, (8, 3))
    codes = rng.integers(-90, 90, (48, 20)).astype(np.int8)
    facing = rng.normal(size=(48, 3))
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    place = np.concatenate([plain, rare])
    part = np.repeat(np.array([0, 1], dtype=np.int32), [40, 8])
    cells = np.zeros((48, 1), dtype=np.int32)

    def first(worth: Floats) -> int:
        found = kernel.vote(
            codes, part, place.astype(np.float32), facing.astype(np.float32), np.array([0, 48]), ALL[:2],
            codes, cells, place, facing, np.full(48, 6.0), worth, 9,
        )  # fmt: skip
        return int(found[0][0])

    assert first(np.ones(48)) == 0
    assert first(np.where(part == 1, 10.0, 0.1)) == 1


def test_what_is_alike_in_itself_outvotes_what_is_not(kernel: ModuleType) -> None:
    """In a list of two parts each comes first at something: the one whose codes are the body's is meant."""
    rng = np.random.default_rng(4)
    own, facing = rng.integers(-90, 90, (12, 20)), rng.normal(size=(12, 3))
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    place = rng.uniform(-30, 30, (12, 3))
    unlike = np.clip(own + rng.integers(-60, 60, own.shape), -127, 127)
    codes = np.concatenate([unlike, own]).astype(np.int8)
    part = np.repeat(np.array([0, 1], dtype=np.int32), 12)
    both = np.concatenate([place, place]).astype(np.float32)
    found = kernel.vote(
        codes, part, both, np.concatenate([facing, facing]).astype(np.float32), np.array([0, 24]), ALL[:2],
        own.astype(np.int8), np.zeros((12, 1), dtype=np.int32), place, facing, np.full(12, 6.0),
        np.ones(12), 9,
    )  # fmt: skip
    scores = {int(p): float(s) for p, s in zip(found[0], found[1], strict=True)}
    assert scores[1] > 2 * scores[0]
