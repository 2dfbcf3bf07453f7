"""What a run was asked for, and the sizes that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from partwatch.curation.corpus import CorpusFile


@dataclass(frozen=True)
class Sizes:
    """How much is measured; fewer repetitions say the same with wider ranges.

    bases: generated parts that lists are derived from. fine_triangles, large_triangles: of the bodies of b1
    and b5. file_step: one corpus file in so many is screened by b2. decoys: wrong parts offered with the
    right one to peers that only align. region_bodies: bodies of b6; hostile_triangles: of its hostile items.
    job_mb: least size of the jobs of b7.
    """

    bases: int = 500
    list_parts: int = 10_000
    scale_parts: tuple[int, ...] = (1_000, 10_000, 100_000)
    scale_queries: int = 100
    fine_triangles: int = 100_000
    large_triangles: int = 1_000_000
    repetitions: int = 15
    cold_repetitions: int = 5
    fillers: int = 10
    file_step: int = 1
    stage_files: int = 500
    peer_parts: int = 500
    peer_queries: int = 200
    decoys: int = 3
    memory_marks: tuple[int, ...] = (100, 500, 1_000)
    region_bodies: int = 150
    job_mb: float = 50.0
    hostile_triangles: int = 200_000


QUICK = Sizes(
    scale_parts=(1_000, 10_000),
    scale_queries=30,
    repetitions=5,
    cold_repetitions=3,
    file_step=8,
    stage_files=100,
    peer_parts=100,
    peer_queries=24,
    memory_marks=(50, 100, 200),
    region_bodies=40,
    job_mb=10.0,
)


@dataclass(frozen=True)
class Settings:
    """One run. cache: where lists and files are kept from run to run; corpus: its files, none without one.

    peers_python: an interpreter that may have the peers of requirements-peers.txt.
    """

    sizes: Sizes
    cache: Path
    corpus: tuple[CorpusFile, ...]
    as_of: date
    peers_python: str
