"""Hundreds of changed files through the real pool: an item for each, no traceback, and no memory gone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from fuzz.mutation import mutated
from fuzz.path import AS_OF, write_list
from fuzz.targets import every_example

from partwatch.formats.worker import FailureKind, Limits, WorkerPool
from partwatch.model.document import Finding, Item
from partwatch.screening.driver import Driver
from partwatch.screening.expansion import Node
from partwatch.screening.job import SETUP
from partwatch.screening.walk import Source

FILES = 300
WARM = 100
# What the parent may gain between the first hundred files and the last; it holds none of their content.
MOST_GAIN_BYTES = 16 << 20


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def mutants(folder: Path) -> Iterator[Source]:
    """Files in turn from the examples of every format and container, changed."""
    rng = Random(20)
    examples = list(every_example().values())
    rng.shuffle(examples)
    for number in range(FILES):
        path = folder / f"{number:04}"
        path.write_bytes(mutated(examples[number % len(examples)], rng, None, examples))
        yield Source(str(path), path.name)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the memory in use from /proc")
def test_each_of_many_changed_files_is_an_item_and_the_parent_stays_as_it_is(tmp_path: Path) -> None:
    snapshot = write_list(tmp_path).snapshot()
    (tmp_path / "files").mkdir()
    arguments = {"home": str(tmp_path / "home"), "snapshot_key": snapshot.key, "as_of": AS_OF.isoformat()}
    items: list[Item] = []
    warm = 0
    with WorkerPool[Node](2, Limits(timeout_s=5, memory_mb=2048), SETUP, arguments) as pool:
        for item in Driver(pool).screen(mutants(tmp_path / "files")):
            items.append(item)
            if item.member is None and item.path == f"{WARM:04}":
                warm = resident_bytes()
    gained = resident_bytes() - warm
    assert [item.path for item in items if item.member is None] == [f"{number:04}" for number in range(FILES)]
    faults = [item for item in items for reason in item.reasons if reason.code == FailureKind.ERROR]
    assert faults == []
    assert all(item.complete or item.finding is not Finding.CLEAR for item in items)
    assert {item.finding for item in items} >= {Finding.MATCH, Finding.UNSCREENABLE}
    assert warm > 0
    assert gained < MOST_GAIN_BYTES
