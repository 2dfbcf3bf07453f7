"""The pictures and 3D views of an HTML report, each kept once however many matches show it."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import numpy as np

from partwatch.model.document import Match, View
from partwatch.model.view import BEYOND_REACH_UM, UM_PER_MM, DecodedView, decode_view
from partwatch.report.normals import split_at_creases
from partwatch.report.picture import HEIGHT, WIDTH, render_pair
from partwatch.report.ramp import Ramp, ramp_for

Block = tuple[str, str]


class Blocks:
    """Collects what matches show, and hands out the blocks that are new since it was last asked.

    The matches name a block by its key, so that the report can be written while items come in.
    """

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}
        self._fresh: list[Block] = []
        self.any_ghost = False

    @property
    def any_view(self) -> bool:
        """Whether any match so far had a view."""
        return bool(self._known)

    def add(self, match: Match) -> dict[str, Any] | None:
        """What the script needs to show this match; None where it has no view."""
        if match.view is None:
            return None
        self.any_ghost |= match.view.part_positions is not None
        digest = _digest(match.view, match.tolerance_mm)
        if digest not in self._known:
            self._known[digest] = self._draw(match.view, match.tolerance_mm, f"v{len(self._known)}")
        return self._known[digest]

    def take(self) -> Iterator[Block]:
        """The (id, base64) blocks that were added since the last call."""
        fresh, self._fresh = self._fresh, []
        yield from fresh

    def _draw(self, view: View, tolerance_mm: float, key: str) -> dict[str, Any]:
        decoded = decode_view(view)
        for side, png in zip(("front", "back"), render_pair(decoded, tolerance_mm), strict=True):
            self._fresh.append((f"{key}-{side}", b64encode(png).decode("ascii")))
        packed, counts = _packed(decoded)
        self._fresh.append((f"{key}-mesh", b64encode(packed).decode("ascii")))
        ramp = ramp_for(decoded.distance_mm, tolerance_mm)
        return {
            "key": key,
            "size": [WIDTH, HEIGHT],
            "counts": counts,
            "ramp": {"tolerance": ramp.tolerance_mm, "top": ramp.top_mm, "ticks": ramp.ticks()},
            "shows": _shares(decoded, ramp),
        }


def _digest(view: View, tolerance_mm: float) -> str:
    digest = hashlib.sha256(repr(tolerance_mm).encode("ascii"))
    for text in (view.positions, view.triangles, view.distance_um, view.part_positions, view.part_triangles):
        digest.update(b"\0" + (text or "").encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _packed(view: DecodedView) -> tuple[bytes, list[int]]:
    """The view's arrays, deflated, and the four counts that say where each begins.

    positions f32 | triangles u32 | part positions f32 | part triangles u32 | distances u16, so that
    each array starts where its own size demands.
    """
    copies, triangles = split_at_creases(view.positions, view.triangles)
    um = np.where(np.isfinite(view.distance_mm), np.rint(view.distance_mm * UM_PER_MM), BEYOND_REACH_UM)
    arrays = [view.positions[copies].astype("<f4"), triangles.astype("<u4")]
    counts = [len(copies), len(triangles), 0, 0]
    if view.part_positions is not None and view.part_triangles is not None:
        part_copies, part_triangles = split_at_creases(view.part_positions, view.part_triangles)
        arrays += [view.part_positions[part_copies].astype("<f4"), part_triangles.astype("<u4")]
        counts[2:] = [len(part_copies), len(part_triangles)]
    arrays.append(um[copies].astype("<u2"))
    return zlib.compress(b"".join(array.tobytes() for array in arrays), 6), counts


def _shares(view: DecodedView, ramp: Ramp) -> dict[str, float]:
    """How much of the drawn area is coincident, deviating and beyond reach; the alt text says it."""
    corners = view.positions[view.triangles].astype(np.float64)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    total = max(float(area.sum()), 1e-30)
    distance = view.distance_mm[view.triangles]
    close = (distance <= ramp.tolerance_mm).mean(axis=1)
    beyond = np.isinf(distance).mean(axis=1)
    coincident, outside = float(area @ close) / total, float(area @ beyond) / total
    return {"coincident": coincident, "deviating": max(1 - coincident - outside, 0.0), "beyond": outside}
