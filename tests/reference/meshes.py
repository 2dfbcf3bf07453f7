"""Hypothesis' meshes: small, with flat, repeated and crossing triangles, near the origin or far from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from slow_kernel import Floats, Ints

# Few values, so that points coincide, triangles lose their area and edges are shared.
LATTICE = st.integers(-3, 3).map(float)
FREE = st.floats(-10, 10, allow_nan=False, width=32).map(float)
# Exact in single precision, also after an offset is taken off again.
SIXTEENTHS = st.integers(-160, 160).map(lambda k: k / 16)
OFFSETS = st.sampled_from([0.0, 0.0, 1000.0, -123456.75, 2.0**24])


def points(least: int = 0, most: int = 40, coordinates: st.SearchStrategy[float] | None = None) -> Any:
    """(n, 3) float64 points, some on a lattice, some anywhere, some far from the origin."""
    kinds = [coordinates] if coordinates is not None else [LATTICE, FREE]
    return st.integers(least, most).flatmap(
        lambda n: st.tuples(
            st.one_of([hnp.arrays(np.float64, (n, 3), elements=kind) for kind in kinds]), OFFSETS
        ).map(lambda pair: np.ascontiguousarray(pair[0] + pair[1]))
    )


def triangles(vertices: int, least: int = 0, most: int = 30) -> Any:
    """(m, 3) int32 triangles over that many vertices; corners may repeat, and so may triangles."""
    return st.integers(least, most).flatmap(
        lambda m: hnp.arrays(np.int32, (m, 3), elements=st.integers(0, vertices - 1))
    )


@st.composite
def meshes(draw: st.DrawFn, least: int = 1, coordinates: Any = None) -> tuple[Floats, Ints]:
    """Vertices and triangles."""
    v = draw(points(3, 20, coordinates))
    return v, draw(triangles(len(v), least))


def size_of(vertices: Floats) -> float:
    """Largest extent; 1 where there is none."""
    return float(np.ptp(vertices, axis=0).max(initial=0)) or 1.0
