"""The fast way out: a world's statements, without files and importers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.cases.tables import Seen, Table, told
from benchmarks.cases.world import World
from partwatch.case.statements import Reliability, SourceInfo, Statement


def digest_of(world: World, table: str) -> str:
    """What stands for the sha256 of a source that was never written: of its rows."""
    whole = hashlib.sha256(table.encode())
    for kept in world.rows[table]:
        whole.update(json.dumps(kept.row, ensure_ascii=False).encode())
    return whole.hexdigest()


def digests(world: World) -> dict[str, str]:
    """Of every source."""
    return {name: digest_of(world, name) for name in world.tables}


def info_of(table: Table, digest: str) -> SourceInfo:
    """The source of a table."""
    return SourceInfo(
        table.kind, table.name, digest, table.said_by, table.reliability, table.legal_ref, "benchmarks.cases"
    )


def statements(
    world: World, of: dict[str, str] | None = None
) -> Iterator[tuple[SourceInfo, Iterator[Statement]]]:
    """Every source with what it says, in its order. of: digests of the sources, if they are known."""
    known = of or digests(world)
    for name, table in world.tables.items():
        yield info_of(table, known[name]), _of(world, name, known[name])


def _of(world: World, name: str, digest: str) -> Iterator[Statement]:
    table = world.tables[name]
    seen: Seen = set()
    for number, kept in enumerate(world.rows[name]):
        yield from told(table, kept.row, number, digest, seen)


def write_statements(world: World, path: Path, of: dict[str, str] | None = None) -> None:
    """All of it in one file of JSON lines: of each source a line that is an object, then its statements."""
    with path.open("w", encoding="utf-8") as stream:
        for info, own in statements(world, of):
            stream.write(json.dumps({"source": asdict(info)}, ensure_ascii=False) + "\n")
            for one in own:
                row = (
                    one.entity,
                    one.schema,
                    one.prop,
                    one.value,
                    one.place,
                    one.original,
                    one.said_at,
                    one.bits,
                )
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_statements(path: Path) -> Iterator[tuple[SourceInfo, Iterator[Statement]]]:
    """What `write_statements` wrote; each source's statements are to be read before the next source."""
    with path.open(encoding="utf-8") as stream:
        lines = map(json.loads, stream)
        for head, own in groupby(lines, _head()):
            told = dict(head)
            told["reliability"] = Reliability(told["reliability"])
            yield SourceInfo(**told), (Statement(*row) for row in own if not isinstance(row, dict))


def _head() -> Callable[[Any], tuple[tuple[str, Any], ...]]:
    """The source that a line belongs to: the latest head."""
    latest: list[tuple[tuple[str, Any], ...]] = [()]

    def of(line: Any) -> tuple[tuple[str, Any], ...]:
        if isinstance(line, dict):
            latest[0] = tuple(line["source"].items())
        return latest[0]

    return of
