"""What matching asks of a list, and the search for candidates in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint.descriptor import COARSE_SIZE
from partwatch.model.mesh import Mesh

Rows = npt.NDArray[np.intp]


class ListedPart(Protocol):
    """What matching needs to know of a part."""

    @property
    def design(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def expires(self) -> date: ...
    @property
    def distinctiveness(self) -> float: ...
    @property
    def area_mm2(self) -> float: ...
    @property
    def triangles(self) -> int: ...
    @property
    def has_geometry(self) -> bool: ...


@dataclass(frozen=True)
class Unlisted:
    """A body that stands where the engine asks for a listed part, though it is on no list."""

    triangles: int
    area_mm2: float
    design: str = ""
    name: str = ""
    sha256: str = ""
    expires: date = date.max
    distinctiveness: float = 1.0
    has_geometry: bool = True


class PartIndex(Protocol):
    """A list as it is searched: one descriptor row a print, several prints a part possible."""

    @property
    def descriptors(self) -> npt.NDArray[np.float32]:
        """(rows, DESCRIPTOR_SIZE)."""
        ...

    @property
    def part_index(self) -> npt.NDArray[np.int32]:
        """(rows,): which part each row is a print of."""
        ...

    def part(self, index: int) -> ListedPart:
        """The part of that number."""
        ...

    def parts_of_file(self, sha256: str) -> list[int]:
        """Numbers of the parts that were read from exactly that file."""
        ...

    def mesh(self, index: int) -> Mesh:
        """A part's mesh in millimetres; asked only where it has geometry."""
        ...

    def clouds(self, rows: Rows) -> npt.NDArray[np.float32]:
        """(n, CLOUD_SIZE, 6) points and normals of rows; asked only where their parts have geometry."""
        ...


class Search:
    """Nearest rows by descriptor: exact where the list is small, else a sieve on its coarse block first."""

    # Up to here one product with the whole matrix takes a millisecond or two.
    SIEVE_FROM = 20_000
    SIEVE_KEEPS = 2_000

    def __init__(self, descriptors: npt.NDArray[np.float32]) -> None:
        """descriptors: (rows, DESCRIPTOR_SIZE); a memory map is fine."""
        self._rows = descriptors
        self._coarse = (
            np.ascontiguousarray(descriptors[:, :COARSE_SIZE]) if len(descriptors) > self.SIEVE_FROM else None
        )

    def nearest(self, query: npt.NDArray[np.float32], each: int) -> tuple[Rows, npt.NDArray[np.float32]]:
        """Rows near to the query by D2, by point pairs, or by both: `each` of every kind, best first.

        With the similarity of each by both: 2 for the same descriptor.
        """
        rows = self._sieved(query)
        block = self._rows if rows is None else self._rows[rows]
        if len(block) == 0:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float32)
        # Blocks have unit length, so a larger product is a smaller distance.
        d2 = block[:, :COARSE_SIZE] @ query[:COARSE_SIZE]
        ppf = block[:, COARSE_SIZE:] @ query[COARSE_SIZE:]
        both = d2 + ppf
        found = np.unique(np.concatenate([_largest(score, each) for score in (d2, ppf, both)]))
        found = found[np.lexsort((found, -both[found]))]
        return (found if rows is None else rows[found]), both[found]

    def _sieved(self, query: npt.NDArray[np.float32]) -> Rows | None:
        if self._coarse is None:
            return None
        return np.sort(_largest(self._coarse @ query[:COARSE_SIZE], self.SIEVE_KEEPS))


def _largest(scores: npt.NDArray[np.float32], count: int) -> Rows:
    if len(scores) <= count:
        return np.arange(len(scores))
    return np.argpartition(-scores, count - 1)[:count]
