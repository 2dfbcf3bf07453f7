"""Settings so small that each benchmark takes seconds: what is tested is that it runs and what it tells."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

# The benchmarks are run from the repository's root, not installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.settings import Settings, Sizes

TINY = Sizes(
    bases=12,
    list_parts=40,
    scale_parts=(20, 40),
    scale_queries=4,
    fine_triangles=3_000,
    large_triangles=10_000,
    repetitions=2,
    cold_repetitions=1,
    fillers=1,
    stage_files=4,
    peer_parts=8,
    peer_queries=8,
    decoys=2,
    memory_marks=(1, 2, 4),
    region_bodies=4,
    hostile_triangles=2_000,
)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Without a corpus, and with an interpreter that has no peers."""
    return Settings(TINY, tmp_path_factory.mktemp("cache"), (), date(2026, 1, 1), sys.executable)
