"""The closest point of a triangle, for many pairs of both."""

from __future__ import annotations

import numpy as np

from partwatch.kernel.numpy_common import Floats, dot


def closest_on_triangles(p: Floats, a: Floats, ab: Floats, ac: Floats) -> Floats:
    """(n, 3) points to (n, 3) first corners and edges from there, by Voronoi regions of the features
    (Ericson 2005, section 5.1.5), tried in his order."""
    ap = p - a
    bp, cp = ap - ab, ap - ac
    d1, d2 = dot(ab, ap), dot(ac, ap)
    d3, d4 = dot(ab, bp), dot(ac, bp)
    d5, d6 = dot(ab, cp), dot(ac, cp)
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    scale = 1 / (va + vb + vc)
    along = (d4 - d3) / ((d4 - d3) + (d5 - d6))
    # Shares of ab and of ac by region; where none applies the foot lies inside.
    regions = [
        ((d1 <= 0) & (d2 <= 0), 0.0, 0.0),
        ((d3 >= 0) & (d4 <= d3), 1.0, 0.0),
        ((vc <= 0) & (d1 >= 0) & (d3 <= 0), d1 / (d1 - d3), 0.0),
        ((d6 >= 0) & (d5 <= d6), 0.0, 1.0),
        ((vb <= 0) & (d2 >= 0) & (d6 <= 0), 0.0, d2 / (d2 - d6)),
        ((va <= 0) & (d4 - d3 >= 0) & (d5 - d6 >= 0), 1 - along, along),
    ]
    of_ab, of_ac = vb * scale, vc * scale
    for inside, share_ab, share_ac in reversed(regions):
        of_ab, of_ac = np.where(inside, share_ab, of_ab), np.where(inside, share_ac, of_ac)
    return np.asarray(a + ab * of_ab[:, None] + ac * of_ac[:, None])
