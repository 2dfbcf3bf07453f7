"""Which rows of recall a screened disguise counts for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from partwatch.curation.disguises.observed import REVISIONS, Screened
from partwatch.model.document import Relation

# Shares of the part's surface that are left: from, and below.
BANDS: Final = {
    "below 25 %": (0.0, 0.25),
    "25 to 50 %": (0.25, 0.5),
    "50 to 75 %": (0.5, 0.75),
    "75 to 90 %": (0.75, 0.9),
    "90 % and more": (0.9, float("inf")),
}
# What a group's kinds are pooled under, and the least share that counts there.
POOLS: Final = {
    "pieces": ("all pieces with 25 % and more of the surface", 0.25),
    "contained": ("all contained parts", 0.0),
    "edits": ("all edits that leave 90 % of the surface", 0.9),
}
# The pieces of the pool that carry enough of their own to be told.
TELLING: Final = "of these, pieces that carry enough of their own to be told"
# What a revision may be found as: edited, or the same where nothing changed that shows.
_WHOLE: Final = frozenset(Relation) - {Relation.PIECE_OF, Relation.CONTAINS}


def rows_of(
    one: Screened, relation: Relation | None, enough: bool | None = None
) -> Iterator[tuple[str, str, bool]]:
    """Group, class, and whether that relation, as which the part was found, counts there.

    enough: of a piece, whether it carries enough of its own to be told.
    """
    if one.group == REVISIONS:
        yield "revision", "recognised, as whatever relation", True
        yield "revision", "recognised as edited or as the same", relation in _WHOLE
    else:
        yield "disguise", one.kind, True
    if one.surviving is None:
        return
    name, least = POOLS.get(one.group, ("", float("inf")))
    if one.surviving >= least:
        yield "disguise", name, True
        if enough:
            yield "disguise", TELLING, True
    yield "surviving", f"{one.group}: {band_of(one.surviving)}", True


def band_of(surviving: float) -> str:
    """The key of BANDS."""
    return next(band for band, (low, high) in BANDS.items() if low <= surviving < high)
