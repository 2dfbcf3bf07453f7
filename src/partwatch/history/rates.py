"""What a distance of fingerprints is worth: counted on the open corpus, by `benchmarks.hunt_rates`.

194 of its parts were listed, and all of its 1,453 files screened against them as `screen` does, without
regions; and 414 changed copies of listed parts. A body and a part of another file are a pair.
"""

from __future__ import annotations

from typing import Final

from partwatch.model.hunt import Rate

# Sizes that agree within this count as the part's own.
OWN_SIZE: Final = 0.03
# From distance, to distance, pairs that `screen` finds, pairs, and the 95 % interval of the share, by drawing
# listed parts anew: what looks like one part is no separate witness.
_OWN: Final = (
    (0.0, 0.02, 569, 697, 0.6928, 0.9255), (0.02, 0.04, 342, 644, 0.3869, 0.6925),
    (0.04, 0.06, 244, 370, 0.5559, 0.7761), (0.06, 0.08, 114, 176, 0.4234, 0.8242),
    (0.08, 0.1, 21, 46, 0.2449, 0.6668), (0.1, 0.125, 5, 48, 0.0, 0.2432),
    (0.125, 0.15, 3, 27, 0.0, 0.2778), (0.15, 0.2, 1, 55, 0.0, 0.0652),
    (0.2, 0.25, 0, 198, 0.0, 0.0431), (0.25, 0.3, 0, 250, 0.0, 0.0425),
    (0.3, 0.35, 1, 282, 0.0, 0.0123),
)  # fmt: skip
_OTHER: Final = (
    (0.0, 0.02, 71, 505, 0.0448, 0.2951), (0.02, 0.04, 93, 1935, 0.0136, 0.1054),
    (0.04, 0.06, 37, 111, 0.0435, 0.5799), (0.06, 0.08, 17, 177, 0.0381, 0.2024),
    (0.08, 0.1, 26, 152, 0.0157, 0.372), (0.1, 0.125, 15, 193, 0.017, 0.1691),
    (0.125, 0.15, 4, 457, 0.0, 0.0271), (0.15, 0.2, 12, 2308, 0.0017, 0.0093),
    (0.2, 0.25, 3, 8324, 0.0, 0.0012), (0.25, 0.3, 6, 16179, 0.0, 0.0009),
    (0.3, 0.35, 26, 25544, 0.0003, 0.0019),
)  # fmt: skip
# Of 1,437 pairs of a file and a listed part that `screen` finds in it, how many have no body nearer than so.
PAIRS: Final = 1_437
_FARTHER: Final = (
    (0.02, 863), (0.04, 391), (0.06, 109), (0.08, 46), (0.1, 9), (0.125, 5), (0.15, 2), (0.2, 1), (0.25, 1),
    (0.3, 1), (0.35, 0),
)  # fmt: skip


def rate_at(distance: float, size_ratio: float | None) -> Rate:
    """How often `screen` finds such a pair. size_ratio: of the sizes, None where unknown: as of other sizes,
    the lower rate."""
    is_own = size_ratio is not None and abs(size_ratio - 1) <= OWN_SIZE
    rows = _OWN if is_own else _OTHER
    low_edge, high_edge, found, pairs, low, high = next((row for row in rows if distance < row[1]), rows[-1])
    return Rate(
        own_size=is_own,
        from_distance=low_edge,
        to_distance=high_edge,
        found=found,
        pairs=pairs,
        low=low,
        high=high,
    )


def farther(distance: float) -> int:
    """Of PAIRS, how many a search up to that distance passes over, at most."""
    return next((count for edge, count in reversed(_FARTHER) if edge <= distance), PAIRS)
