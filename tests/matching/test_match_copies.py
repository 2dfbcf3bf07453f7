"""Copies of one body in an item: each is found where it lies, though matched only once."""

from __future__ import annotations

import numpy as np
from listed import MemoryIndex, matcher_of, misplaced_mm, screened

import parts
from partwatch.matching.engine import Engine
from partwatch.model.document import MatchFinding


def test_each_copy_has_its_own_transform_and_hand(monkeypatch) -> None:  # type: ignore[no-untyped-def] # pytest's own
    searched = []
    find = Engine.find
    monkeypatch.setattr(
        Engine, "find", lambda self, solid, *rest: searched.append(solid) or find(self, solid, *rest)
    )
    matcher = matcher_of(
        MemoryIndex({"bracket": parts.part_mesh("bracket"), "hook": parts.part_mesh("hook")})
    )
    part = parts.part_mesh("bracket")
    motions = [parts.motion(seed, reach=400.0, mirrored=seed == 2) for seed in range(4)]
    copies = [parts.moved(part, T) for T in motions]
    answer = screened(matcher, *copies)
    assert len(searched) < len(copies)
    for body, copy, mirrored in zip(answer.bodies, copies, (False, False, True, False), strict=True):
        match = body.matches[0]
        assert (match.part, match.finding, match.mirrored) == ("bracket", MatchFinding.MATCH, mirrored)
        assert misplaced_mm(match, body, copy.vertices, part.vertices) < 0.01
        assert np.isclose(match.scale, 1, atol=1e-5)
