"""The local features of many parts, grouped so that alike ones lie together: an inverted index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint.codebook import Codebook
from partwatch.fingerprint.local import FEATURE, FIRST_OCTAVE, LAST_OCTAVE, Features, facing_of
from partwatch.fingerprint.shipped import codebook

OCTAVES = LAST_OCTAVE - FIRST_OCTAVE + 1


@dataclass(frozen=True, eq=False)
class FeatureIndex:
    """n features, ordered by cell, then by part.

    codes: (n, CODE_SIZE). part: (n,), whose each is. place, facing: (n, 3), in the part's millimetres.
    start: (cells + 1,), where each cell begins; the cells of each octave follow on those of the one below.
    """

    codes: npt.NDArray[np.int8]
    part: npt.NDArray[np.int32]
    place: npt.NDArray[np.float32]
    facing: npt.NDArray[np.float32]
    start: npt.NDArray[np.int64]

    def of_parts(self, kept: npt.NDArray[np.bool_]) -> FeatureIndex:
        """Without the features of some parts. kept: (parts,), whose stay; parts keep their numbers."""
        rows = np.flatnonzero(kept[self.part])
        return FeatureIndex(
            codes=self.codes[rows],
            part=self.part[rows],
            place=self.place[rows],
            facing=self.facing[rows],
            start=np.searchsorted(rows, self.start).astype(np.int64),
        )


def index_features(features: Sequence[Features | None]) -> FeatureIndex:
    """features: of each part by its number; None or empty where it has none."""
    book = codebook()
    present = [(number, each) for number, each in enumerate(features) if each is not None and len(each)]
    owner = np.concatenate(
        [np.full(len(each), number, dtype=np.int32) for number, each in present] or [np.zeros(0, np.int32)]
    )
    every = np.concatenate([each for _, each in present]) if present else np.zeros(0, dtype=FEATURE)
    cell = cells_of(every, book, 1)[:, 0]
    order = np.lexsort((owner, cell))
    starts = np.searchsorted(cell[order], np.arange(OCTAVES * book.cells + 1))
    return FeatureIndex(
        codes=np.ascontiguousarray(every["code"][order]),
        part=owner[order],
        place=np.ascontiguousarray(every["place"][order]),
        facing=np.ascontiguousarray(facing_of(every[order]), dtype=np.float32),
        start=starts.astype(np.int64),
    )


def cells_of(features: Features, book: Codebook, probes: int) -> npt.NDArray[np.int32]:
    """(n, probes): numbers of the cells that features may be in."""
    within = book.nearest(features["code"], probes)
    octave = features["octave"].astype(np.int64)[:, None] - FIRST_OCTAVE
    return np.ascontiguousarray(octave * book.cells + within, dtype=np.int32)
