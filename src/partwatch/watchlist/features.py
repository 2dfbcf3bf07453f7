"""Local features in a list: as rows, as plain bytes, as rules.

They follow from a part's mesh and from the program's codebook, so no digest counts them; those of another
codebook are as good as none.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, func, select

from partwatch.fingerprint.local import (
    FEATURE,
    FIRST_OCTAVE,
    LAST_OCTAVE,
    MOST_OF_PART,
    PART_RADII,
    Features,
    features_layout,
)
from partwatch.model.errors import StoreError
from partwatch.watchlist.schema import LOCAL_FEATURES, PARTS

# No part has more: so many at each octave, and so many octaves between its smallest and its largest radius.
MOST_FEATURES: Final = MOST_OF_PART * (math.floor(math.log2(PART_RADII[1] / PART_RADII[0])) + 1)
# How far a facing, rounded to whole 127ths, may be from unit length.
_FACING_SLACK: Final = 2.0


def plain_records(features: Features) -> npt.NDArray[np.uint8]:
    """(n, bytes of a record): features as plain bytes."""
    return np.ascontiguousarray(features).view(np.uint8).reshape(len(features), FEATURE.itemsize)


def records_of(plain: npt.NDArray[Any]) -> Features:
    """The features of `plain_records`; ValueError where these cannot be some."""
    if plain.dtype != np.uint8 or plain.shape[1:] != (FEATURE.itemsize,):
        raise ValueError(f"local features of {plain.dtype}{plain.shape}, not (n, {FEATURE.itemsize}) bytes")
    return _checked(np.frombuffer(plain.tobytes(), dtype=FEATURE))


def feature_problems(features: Features) -> Iterator[str]:
    """What no features may hold, wherever they came from."""
    if features.dtype != FEATURE or features.ndim != 1:
        yield "its local features are no row of records"
        return
    if len(features) > MOST_FEATURES:
        yield f"it has {len(features)} local features, and no part has more than {MOST_FEATURES}"
    octave = features["octave"]
    if not ((octave >= FIRST_OCTAVE) & (octave <= LAST_OCTAVE)).all():
        yield "a local feature is of an octave that there is not"
    if not np.isfinite(features["place"]).all():
        yield "a local feature lies nowhere"
    length = np.linalg.norm(features["facing"].astype(np.float32), axis=1)
    if (np.abs(length - 127) > _FACING_SLACK).any():
        yield "the facing of a local feature is not of unit length"


def pack_features(features: Features) -> dict[str, Any]:
    """The columns of the `local_features` table, without the part's id."""
    records = np.ascontiguousarray(features).tobytes()
    return {"layout": features_layout(), "number": len(features), "records": zlib.compress(records, 1)}


def unpack_features(row: Row[Any]) -> Features | None:
    """The features of a row, read-only; None where they are of another layout. StoreError where damaged."""
    if row.layout != features_layout():
        return None
    try:
        if not 0 <= row.number <= MOST_FEATURES:
            raise ValueError(f"it says that there are {row.number}")
        size = row.number * FEATURE.itemsize
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(row.records, size + 1)
        if len(content) != size or not unpacker.eof:
            raise ValueError(f"not the {row.number} that it says")
        return _checked(np.frombuffer(content, dtype=FEATURE))
    except (ValueError, TypeError, zlib.error) as error:
        raise StoreError(
            f"the list holds a part with damaged local features ({error}); `partwatch watchlist refresh` "
            "makes them anew"
        ) from error


def features_of(connection: Connection, part_id: int) -> Features | None:
    """A part's features; None where it has none, or of another layout. StoreError where they are damaged."""
    statement = select(LOCAL_FEATURES).where(LOCAL_FEATURES.c.part_id == part_id)
    row = connection.execute(statement).one_or_none()
    return None if row is None else unpack_features(row)


def count_without(connection: Connection) -> int:
    """How many parts with geometry have no features of this program's layout."""
    made = select(LOCAL_FEATURES.c.part_id).where(LOCAL_FEATURES.c.layout == features_layout())
    lacking = select(func.count()).select_from(PARTS).where(PARTS.c.has_geometry, PARTS.c.id.not_in(made))
    return connection.scalar(lacking) or 0


def _checked(features: Features) -> Features:
    """The features; ValueError with what is wrong with them."""
    for problem in feature_problems(features):
        raise ValueError(problem)
    return features
