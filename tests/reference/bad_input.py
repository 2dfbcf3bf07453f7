"""Calls that may crash the kernel, by name. Run as a script, it makes each in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from partwatch import kernel

Call = Callable[[], Any]

SOME = np.random.default_rng(0).uniform(-1, 1, (40, 3))
TRIANGLES = np.random.default_rng(1).integers(0, 40, (30, 3)).astype(np.int32)
NONE = np.empty((0, 3))
UNIT = SOME / np.linalg.norm(SOME, axis=1, keepdims=True)
FRAMES = np.concatenate([np.eye(3), np.zeros((3, 1))], axis=1)[None].repeat(2, axis=0)


def _triangles(index: int) -> Any:
    broken = TRIANGLES.copy()
    broken[7, 1] = index
    return broken


def _field() -> kernel.Field:
    return kernel.Field(SOME, SOME, 16)


def _tree() -> kernel.TriangleTree:
    return kernel.TriangleTree(SOME, TRIANGLES, 0.5)


def _index_cases() -> dict[str, Call]:
    takers: dict[str, Callable[[Any], Any]] = {
        "signed_volume": lambda t: kernel.signed_volume(SOME, t),
        "sample": lambda t: kernel.sample(SOME, t, 10),
        "TriangleTree": lambda t: kernel.TriangleTree(SOME, t, 0.5),
        "Sheets": lambda t: kernel.Sheets(SOME, t),
    }
    return {
        f"{name} of vertex {index}": partial(take, _triangles(index))
        for name, take in takers.items()
        for index in (40, -1, 2**31 - 1, -(2**31))
    }


def _local(**other: Any) -> Call:
    args = {"area": 0.1, "radius": 0.5, "apart": 0.1, "least": 0.0, "most": 9, **other}
    return lambda: kernel.local_features(**{"points": SOME, "normals": UNIT, **args})


def _owned(owner: Any = None) -> Call:
    return lambda: _local(owner=owner, sheets=kernel.Sheets(SOME, TRIANGLES))()


def _vote(**other: Any) -> Call:
    codes = np.zeros((40, 20), dtype=np.int8)
    cells = np.zeros((40, 2), dtype=np.int32)
    listed = {"codes": codes, "part": np.arange(40, dtype=np.int32) // 20, "place": SOME.astype(np.float32)}
    listed |= {
        "facing": UNIT.astype(np.float32),
        "start": np.array([0, 7, 40]),
        "asked": np.ones(2, dtype=bool),
    }
    body = {"q_codes": codes, "q_cells": cells, "q_place": SOME, "q_facing": UNIT}
    body |= {"q_radius": np.ones(40), "q_worth": np.ones(40)}
    return lambda: kernel.vote(**{**listed, **body, "most": 5, **other})


CASES: dict[str, Call] = {
    **_index_cases(),
    "local_features with too few normals": _local(normals=UNIT[:5]),
    "local_features with long normals": _local(normals=UNIT * 1e200),
    "local_features within no radius": _local(radius=0.0),
    "local_features within no number": _local(radius=float("nan")),
    "local_features within a radius without bounds": _local(radius=float("inf")),
    "local_features within a radius whose square has none": _local(radius=1e200),
    "local_features within a radius whose square is none": _local(radius=1e-200),
    "local_features not apart": _local(apart=0.0),
    "local_features a negative distance apart": _local(apart=-1.0),
    "local_features of a negative area": _local(area=-1.0),
    "local_features of an area that is no number": _local(area=float("nan")),
    "local_features of a negative number": _local(most=-1),
    "local_features of owners without sheets": _local(owner=np.zeros(40, dtype=np.int32)),
    "local_features of sheets without owners": _owned(),
    "local_features of too few owners": _owned(np.zeros(39, dtype=np.int32)),
    "local_features of an owner too far": _owned(np.full(40, 30, dtype=np.int32)),
    "local_features of a negative owner": _owned(np.full(40, -1, dtype=np.int32)),
    "local_features of pairs": _local(points=np.zeros((40, 2))),
    "vote of longer codes": _vote(codes=np.zeros((40, 21), dtype=np.int8)),
    "vote for longer codes": _vote(q_codes=np.zeros((40, 21), dtype=np.int8)),
    "vote of codes in a row": _vote(codes=np.zeros(800, dtype=np.int8)),
    "vote with too few parts": _vote(part=np.zeros(39, dtype=np.int32)),
    "vote with too few places": _vote(place=np.zeros((39, 3), dtype=np.float32)),
    "vote with flat normals": _vote(facing=np.zeros((40, 2), dtype=np.float32)),
    "vote with too few radii": _vote(q_radius=np.ones(39)),
    "vote with too few worths": _vote(q_worth=np.ones(39)),
    "vote with too few cells": _vote(q_cells=np.zeros((39, 2), dtype=np.int32)),
    "vote with too few normals": _vote(q_facing=UNIT[:5]),
    "vote without cells": _vote(start=np.empty(0, dtype=np.int64)),
    "vote with cells from elsewhere": _vote(start=np.array([1, 7, 40])),
    "vote with cells beyond the rows": _vote(start=np.array([0, 7, 41])),
    "vote with cells out of order": _vote(start=np.array([0, 41, 7, 40])),
    "vote in a cell too far": _vote(q_cells=np.full((40, 2), 2, dtype=np.int32)),
    "vote in the farthest cell": _vote(q_cells=np.full((40, 2), 2**31 - 1, dtype=np.int32)),
    "vote in a negative cell": _vote(q_cells=np.full((40, 2), -1, dtype=np.int32)),
    "gcode_moves of no bytes": lambda: kernel.gcode_moves(None, 5),
    "vote for a part too far": _vote(asked=np.ones(1, dtype=bool)),
    "vote for a negative part": _vote(part=np.full(40, -1, dtype=np.int32)),
    "vote for a negative number": _vote(most=-1),
    "shells of a negative vertex": lambda: kernel.shells(_triangles(-1)),
    "first_of_equals of a negative vertex": lambda: kernel.first_of_equals(_triangles(-1)),
    "sample of nothing": lambda: kernel.sample(SOME, np.empty((0, 3), dtype=np.int32), 5),
    "sample of a negative count": lambda: kernel.sample(SOME, TRIANGLES, -1),
    "farthest of more than there are": lambda: kernel.farthest(SOME, 41),
    "farthest of nothing": lambda: kernel.farthest(NONE, 1),
    "weld_within a reach of zero": lambda: kernel.weld_within(SOME, 0.0),
    "weld_within a negative reach": lambda: kernel.weld_within(SOME, -1.0),
    "weld_within a reach that is no number": lambda: kernel.weld_within(SOME, float("nan")),
    "nearest a reach of zero": lambda: kernel.PointGrid(SOME, 0.0).nearest(SOME),
    "nearest a reach that is no number": lambda: kernel.PointGrid(SOME, float("nan")).nearest(SOME),
    "local_normals within no radius": lambda: kernel.local_normals(SOME, SOME, 0.0),
    "local_normals within no number": lambda: kernel.local_normals(SOME, SOME, float("nan")),
    "pair_histograms with too few normals": lambda: kernel.pair_histograms(SOME, SOME[:5], 1.0),
    "pair_histograms of no radius": lambda: kernel.pair_histograms(SOME, SOME, 0.0),
    "pair_histograms of no number": lambda: kernel.pair_histograms(SOME, SOME, float("nan")),
    "Field of nothing": lambda: kernel.Field(NONE, NONE, 16),
    "Field with too few normals": lambda: kernel.Field(SOME, SOME[:5], 16),
    "Field without resolution": lambda: kernel.Field(SOME, SOME, 0),
    "Field of a negative resolution": lambda: kernel.Field(SOME, SOME, -64),
    "align nothing": lambda: _field().align(NONE, NONE, FRAMES, 1.0, 2, 0.0),
    "align with too few normals": lambda: _field().align(SOME, SOME[:5], FRAMES, 1.0, 2, 0.0),
    "align frames of four rows": lambda: _field().align(SOME, SOME, np.zeros((2, 4, 4)), 1.0, 2, 0.0),
    "refine from two frames": lambda: _tree().refine(SOME, SOME, FRAMES, 5, 1.0, 0.1),
    "refine from no frame": lambda: _tree().refine(SOME, SOME, FRAMES[:0], 5, 1.0, 0.1),
    "refine with too few normals": lambda: _tree().refine(SOME, SOME[:5], FRAMES[:1], 5, 1.0, 0.1),
    "closest with too few normals": lambda: _tree().closest(SOME, SOME[:5], 1.0),
    "crossings along an axis": lambda: _tree().crossings(SOME, (1.0, 0.0, 0.0)),
    "weld of pairs": lambda: kernel.weld(np.zeros((4, 2))),
    "weld of a row": lambda: kernel.weld(np.zeros(3)),
    "shells of squares": lambda: kernel.shells(np.zeros((4, 4), dtype=np.int32)),
    "weld of None": lambda: kernel.weld(None),  # type: ignore[arg-type] # that is the test
}  # fmt: skip


def _not_finite() -> dict[str, Call]:
    takers: dict[str, Callable[[Any], Any]] = {
        "weld": kernel.weld,
        "weld_within": lambda p: kernel.weld_within(p, 0.5),
        "nearest points": lambda p: kernel.PointGrid(p, 0.5).nearest(SOME),
        "nearest queries": lambda p: kernel.PointGrid(SOME, 0.5).nearest(p),
        "signed_volume": lambda p: kernel.signed_volume(p, TRIANGLES),
        "sample": lambda p: kernel.sample(p, TRIANGLES, 50),
        "farthest": lambda p: kernel.farthest(p, 40),
        "local_normals samples": lambda p: kernel.local_normals(p, SOME, 0.5),
        "local_normals queries": lambda p: kernel.local_normals(SOME, p, 0.5),
        "pair_histograms points": lambda p: kernel.pair_histograms(p, SOME, 1.0),
        "pair_histograms normals": lambda p: kernel.pair_histograms(SOME, p, 1.0),
        "Field points": lambda p: kernel.Field(p, SOME, 16).align(SOME, SOME, FRAMES, 1.0, 2, 0.0),
        "Field normals": lambda p: kernel.Field(SOME, p, 16).align(SOME, SOME, FRAMES, 1.0, 2, 0.0),
        "covered points": lambda p: _field().covered(p, SOME, FRAMES[:1], 1.0, 1.0, 0.5),
        "covered normals": lambda p: _field().covered(SOME, p, FRAMES[:1], 1.0, 1.0, 0.5),
        "covered frame": lambda p: _field().covered(SOME, SOME, p[:4].reshape(1, 3, 4), 1.0, 1.0, 0.5),
        "align points": lambda p: _field().align(p, SOME, FRAMES, 1.0, 2, 0.0),
        "align normals": lambda p: _field().align(SOME, p, FRAMES, 1.0, 2, 0.0),
        "align frames": lambda p: _field().align(SOME, SOME, p[:4].reshape(1, 3, 4), 1.0, 1, 0.0),
        "TriangleTree": lambda p: kernel.TriangleTree(p, TRIANGLES, 0.5).closest(SOME, SOME, 9.0),
        "refine points": lambda p: _tree().refine(p, SOME, FRAMES[:1], 5, 1.0, 0.1),
        "refine frame": lambda p: _tree().refine(SOME, SOME, p[:4].reshape(1, 3, 4), 5, 1.0, 0.1),
        "closest points": lambda p: _tree().closest(p, SOME, 9.0),
        "closest normals": lambda p: _tree().closest(SOME, p, 9.0),
        "crossings": lambda p: _tree().crossings(p, (0.5, 0.6, 0.7)),
        "local_features points": lambda p: _local(points=p)(),
        "local_features normals": lambda p: _local(normals=p)(),
        "Sheets vertices": lambda p: kernel.Sheets(p, TRIANGLES),
        "vote listed places": lambda p: _vote(place=p.astype(np.float32))(),
        "vote listed normals": lambda p: _vote(facing=p.astype(np.float32))(),
        "vote places": lambda p: _vote(q_place=p)(),
        "vote normals": lambda p: _vote(q_facing=p)(),
        "vote radii": lambda p: _vote(q_radius=np.ascontiguousarray(p[:, 1]))(),
        "vote worths": lambda p: _vote(q_worth=np.ascontiguousarray(p[:, 1]))(),
    }
    values = {"NaN": np.nan, "infinity": np.inf}
    return {
        f"{name} with {word}": partial(take, _with(value))
        for name, take in takers.items()
        for word, value in values.items()
    }


def _with(value: float) -> Any:
    broken = SOME.copy()
    broken[2, 1] = broken[0, 0] = value
    return broken


NOT_FINITE = _not_finite()


def _outcome(call: Call) -> str:
    """Name of the exception, `nothing` where there is none, or the signal that ended the process."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            call()
            said = "nothing"
        except Exception as error:
            said = type(error).__name__
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(pid, 0)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    return f"signal {signal.Signals(os.WTERMSIG(status)).name}" if os.WIFSIGNALED(status) else said


if __name__ == "__main__":
    for name, call in {**CASES, **NOT_FINITE}.items():
        sys.stdout.write(f"{name}\t{_outcome(call)}\n")
