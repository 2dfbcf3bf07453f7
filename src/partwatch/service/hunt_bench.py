"""With what a hunt searches and verifies: the prints of what is sought, and a list that holds it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint.cloud import radius_of
from partwatch.formats.base import ReadLimits
from partwatch.formats.worker import Limits
from partwatch.model.errors import ManifestError, UnreadableError, UsageError
from partwatch.model.hunt import SoughtPart
from partwatch.screening.terms import header_of, terms_of
from partwatch.service.desk.terms import Bench
from partwatch.service.settings import Settings
from partwatch.watchlist.snapshot import ListedPart, Snapshot

# Of one hunt: the pass over the history takes them all at once.
MOST_PRINTS: Final = 512
# What a file that is on no list is called where a design's name is asked for.
FILE_DESIGN: Final = "file"
_SOUGHT: Final = "sought"


@dataclass(frozen=True, eq=False)
class HuntBench:
    """bench: the list to screen with. parts: what is sought. descriptors: (m, DESCRIPTOR_SIZE). part_of: of
    each, its place in parts. radii_mm: of each, nan where the list gives no geometry. listed_as: what the
    only part is called on a list that was made for it."""

    bench: Bench
    parts: tuple[SoughtPart, ...]
    descriptors: npt.NDArray[np.float32]
    part_of: tuple[int, ...]
    radii_mm: tuple[float, ...]
    listed_as: tuple[str, str] | None = None

    def called(self, design: str, part: str) -> tuple[str, str]:
        """How what the list calls so is called in the hunt."""
        if (design, part) == self.listed_as:
            return self.parts[0].design, self.parts[0].part
        return design, part

    @property
    def names(self) -> dict[tuple[str, str], int]:
        """Places in parts by design and part."""
        return {(part.design, part.part): place for place, part in enumerate(self.parts)}


@contextmanager
def bench_of_designs(
    home: Path, settings: Settings, designs: tuple[str, ...], part: str | None
) -> Iterator[HuntBench]:
    """For listed designs, or for one part of one. Raises UsageError where they are not listed."""
    bench = Bench.set_up(home, settings)
    try:
        chosen = [one for one in _all(bench.snapshot) if one.design in designs and part in (None, one.name)]
        missing = sorted(set(designs) - {one.design for one in chosen})
        if missing:
            named = f"{missing[0]} has no part {part}" if part else ", ".join(missing)
            raise UsageError(f"not listed: {named}; `partwatch watchlist ls` shows what is")
        yield _sought(bench, chosen)
    finally:
        bench.close()


@contextmanager
def bench_of_file(home: Path, settings: Settings, file: Path, name: str) -> Iterator[HuntBench]:
    """For a file, read in a worker with limits, as the only part of a list that is thrown away. name: what it
    is called. Raises UnreadableError where it cannot be read whole."""
    from partwatch.watchlist.enrol import enrol
    from partwatch.watchlist.manifest import Design, DesignPart
    from partwatch.watchlist.store import Watchlist

    limits = Limits(timeout_s=settings.screening.timeout_s, memory_mb=settings.screening.memory_mb)
    folder = Path(tempfile.mkdtemp(prefix="partwatch-hunt-"))
    try:
        # Of a name that no manifest could hold nothing is left here; the hunt itself keeps it.
        part = DesignPart(_SOUGHT, file)
        design = Design(FILE_DESIGN, "hunt", "hunted for", date.max, None, (part,), Path(name))
        said: list[str] = []
        watchlist = Watchlist.open(folder, create=True)
        watchlist.add(enrol([design], 1, limits, skipped=said.append))
        if said:
            raise UnreadableError(f"{name}: {said[0].rpartition(f'{file.name}: ')[2]}")
        snapshot = watchlist.snapshot()
        try:
            terms = terms_of(home, None, None)
            as_of = date.today()
            header = header_of(snapshot, terms, as_of, settings.screening.pieces)
            read_limits = ReadLimits(max_file_bytes=settings.intake.file_mb << 20)
            made = Bench(folder, settings, snapshot, terms, as_of, header, read_limits)
            found = _sought(made, _all(snapshot))
            named = found.parts[0].model_copy(update={"part": name})
            yield replace(found, parts=(named,), listed_as=(FILE_DESIGN, _SOUGHT))
        finally:
            snapshot.close()
    except ManifestError as error:
        raise UnreadableError(f"{name}: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _all(snapshot: Snapshot) -> list[ListedPart]:
    return [snapshot.parts[place] for place in range(len(snapshot.parts))]


def _sought(bench: Bench, chosen: list[ListedPart]) -> HuntBench:
    snapshot, rows, part_of = bench.snapshot, list[int](), list[int]()
    parts: list[SoughtPart] = []
    for place, one in enumerate(chosen):
        first, end = np.searchsorted(snapshot.part_index, [one.index, one.index + 1]).tolist()
        rows += range(first, end)
        part_of += [place] * (end - first)
        parts.append(
            SoughtPart(
                design=one.design, part=one.name, sha256=one.sha256, prints=end - first,
                unverifiable=_why_not(one, bench.as_of),
            )
        )  # fmt: skip
    if len(rows) > MOST_PRINTS:
        raise UsageError(
            f"{len(rows):,} fingerprints are more than one hunt takes ({MOST_PRINTS}): hunt for fewer "
            "designs at once, or for one part"
        )
    return HuntBench(
        bench=bench,
        parts=tuple(parts),
        descriptors=np.asarray(snapshot.descriptors[rows], dtype=np.float32),
        part_of=tuple(part_of),
        radii_mm=tuple(
            _radius(snapshot, row, chosen[place]) for row, place in zip(rows, part_of, strict=True)
        ),
    )


def _radius(snapshot: Snapshot, row: int, part: ListedPart) -> float:
    return radius_of(snapshot.cloud(row)) if part.has_geometry else float("nan")


def _why_not(part: ListedPart, as_of: date) -> str | None:
    if as_of > part.expires:
        return f"the design expired on {part.expires}, so that nothing counts as it: renew it"
    return None if part.has_geometry else "the list gives no geometry of the part to verify it by"
