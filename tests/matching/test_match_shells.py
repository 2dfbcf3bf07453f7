"""Parts of several shells that say nothing one by one: a block and a ball beside each other."""

from __future__ import annotations

import numpy as np
import pytest
from listed import MemoryIndex, matcher_of, misplaced_mm, named, screened
from manifold3d import Manifold

import parts
from partwatch.model.document import MatchFinding, Relation
from partwatch.model.mesh import Mesh


def block_and_ball() -> Mesh:
    block = parts.mesh_of(parts.block(20, 20, 20))
    ball = parts.mesh_of(Manifold.sphere(9, 48).translate((35, 22, 4)))
    pin = parts.mesh_of(parts.rod(4, 30, (0, 40, 0)))
    return parts.together(block, ball, pin)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_plain_shells_are_found_as_the_part_they_make_together(seed: int, mirrored: bool) -> None:
    part = block_and_ball()
    matcher = matcher_of(MemoryIndex({"trio": part, "plate": parts.part_mesh("plate")}))
    T = parts.motion(seed, mirrored=mirrored)
    item = parts.moved(part, T)
    answer = screened(matcher, item)
    assert len(answer.bodies) == 3
    for body in answer.bodies:
        (match,) = body.matches
        assert (match.part, match.finding, match.mirrored) == ("trio", MatchFinding.MATCH, mirrored)
        assert match.relation is Relation.SAME_MESH
        assert misplaced_mm(match, body, item.vertices, part.vertices) < 0.01


def test_the_shells_in_another_arrangement_are_not_the_part() -> None:
    matcher = matcher_of(MemoryIndex({"trio": block_and_ball()}))
    block = parts.mesh_of(parts.block(20, 20, 20))
    ball = parts.moved(
        parts.mesh_of(Manifold.sphere(9, 48)), np.array([[1, 0, 0, -60], [0, 1, 0, 5], [0, 0, 1, 40.0]])
    )
    pin = parts.mesh_of(parts.rod(4, 30, (60, -30, 0)))
    answer = screened(matcher, parts.together(block, ball, pin))
    assert [m for m in named(answer, "trio") if m.finding is MatchFinding.MATCH] == []
