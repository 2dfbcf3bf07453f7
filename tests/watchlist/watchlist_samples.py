"""Designs made of numbers only, and what other processes do to a list in the tests."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import event

from partwatch.fingerprint.local import FEATURE, Features
from partwatch.model.document import Medium
from partwatch.model.mesh import Mesh
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import DesignEntry, GateReport, LookAlike, PartEntry, PartPrint, PrintLayout

LAYOUT = PrintLayout("samples-1", 8, 4)


def gate_report(rate: float = 0.25, **changes: Any) -> GateReport:
    """A report by the samples' population and calibration."""
    fields: dict[str, Any] = {
        "rate": rate,
        "look_alikes": (LookAlike("shelf: hook.stl", 1.75), LookAlike("shelf: peg.stl body 2", 1.5)),
        "population": "p1",
        "calibration": "c1",
        "made": date(2026, 2, 3),
        "allowed": None,
    }
    return GateReport(**(fields | changes))


def local_features(seed: int) -> Features:
    """Some tens of well-formed features that follow from the seed; sometimes none."""
    rng = np.random.default_rng([seed, 36])
    found = np.zeros(rng.integers(60) if seed % 5 else 0, dtype=FEATURE)
    found["octave"] = rng.integers(-2, 2, len(found))
    found["code"] = rng.integers(-127, 128, found["code"].shape)
    found["place"] = rng.normal(size=found["place"].shape)
    facing = rng.normal(size=found["facing"].shape)
    found["facing"] = np.rint(127 * facing / np.linalg.norm(facing, axis=1, keepdims=True))
    return found


def part(seed: int = 0, **changes: Any) -> PartEntry:
    """A part whose every number follows from the seed."""
    rng = np.random.default_rng(seed)
    mesh = Mesh(
        rng.normal(size=(12, 3)), np.array([rng.permutation(12)[:3] for _ in range(20)], dtype=np.int32)
    )
    prints = tuple(
        PartPrint(
            rng.random(LAYOUT.descriptor_size, dtype=np.float32),
            rng.random((LAYOUT.cloud_size, 6), dtype=np.float32),
            shell,
        )
        for shell in range(-1, seed % 3)
    )
    fields: dict[str, Any] = {
        "name": f"part {seed}",
        "quantity": 1 + seed % 4,
        "required": seed % 5 != 0,
        "alternative_to": None,
        "source_name": f"part-{seed}.stl",
        "sha256": f"{seed:064x}",
        "medium": Medium.MESH,
        "distinctiveness": float(rng.random()),
        "area_mm2": float(rng.random() * 1000),
        "extents_mm": tuple(rng.random(3).tolist()),
        "triangles": 20,
        "mesh": mesh,
        "prints": prints,
        # One in three, so that whatever takes parts along takes both kinds.
        "gate": gate_report(seed / 7, allowed="for the test" if seed % 2 else None)
        if seed % 3 == 1
        else None,
        # Most parts have them, but none that came before there were any.
        "features": None if seed % 7 == 3 else local_features(seed),
    }
    fields |= changes
    if fields["mesh"] is None:
        fields["features"] = None
    return PartEntry(**fields)


def without_geometry(entry: PartEntry) -> PartEntry:
    """The part as a list without geometry holds it."""
    return PartEntry(
        **{field: getattr(entry, field) for field in PartEntry.__dataclass_fields__}
        | {
            "mesh": None,
            "features": None,
            "prints": tuple(PartPrint(one.descriptor, None, one.shell) for one in entry.prints),
        }
    )


def design(name: str, *parts: PartEntry, **changes: Any) -> DesignEntry:
    """A design of those parts, or of one that follows from its name."""
    fields: dict[str, Any] = {
        "name": name,
        "authority": "Example Authority",
        "reason": "for the test",
        "expires": date(2030, 6, 30),
        "note": None,
        "parts": parts or (part(sum(name.encode())),),
    }
    return DesignEntry(**(fields | changes))


def many(prefix: str, count: int) -> Iterator[DesignEntry]:
    """Designs `prefix 0` and so on, each of two parts."""
    for number in range(count):
        yield design(f"{prefix} {number}", part(2 * number), part(2 * number + 1))


def plain(value: Any) -> Any:
    """An entry as nested tuples of plain values, so that == compares all of it."""
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    if isinstance(value, tuple):
        return tuple(plain(one) for one in value)
    if hasattr(value, "__dataclass_fields__"):
        return tuple(plain(getattr(value, field)) for field in value.__dataclass_fields__)
    return value


def opened(home: Path, create: bool = True) -> Watchlist:
    """The list at home, with the samples' layout."""
    return Watchlist.open(home, create=create, layout=LAYOUT)


def change(watchlist: Watchlist, statement: str) -> None:
    """Behind the program's back."""
    connection = sqlite3.connect(watchlist.path)
    connection.executescript(statement)
    connection.close()


def as_version(watchlist: Watchlist, version: int) -> list[str]:
    """Put the list's rows into tables as an earlier version made them; the tables there are."""
    old = watchlist.path.with_name("old.sqlite")
    connection = sqlite3.connect(old)
    for each in range(1, version + 1):
        connection.executescript(Path(__file__).with_name(f"list_version_{each}.sql").read_text("utf-8"))
    connection.execute("ATTACH DATABASE ? AS new", (str(watchlist.path),))
    tables = [
        name for (name,) in connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")
    ]
    for table in tables:
        if table != "sqlite_sequence":
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM new.{table}")
    connection.execute("DELETE FROM main.sqlite_sequence")
    connection.execute("INSERT INTO main.sqlite_sequence SELECT * FROM new.sqlite_sequence")
    connection.commit()
    connection.close()
    for file in watchlist.folder.glob("watchlist.sqlite*"):
        file.unlink()
    old.rename(watchlist.path)
    return sorted(tables)


def layout_of(path: Path) -> tuple[int, list[str]]:
    """The version of a list's tables, and their names."""
    connection = sqlite3.connect(path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    connection.close()
    return version, sorted(tables)


def process(action: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process that runs a function of this module by name."""
    here = str(Path(__file__).parent)
    path = os.pathsep.join([here, *(entry for entry in sys.path if entry)])
    return subprocess.Popen(
        [sys.executable, __file__, action, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(child: subprocess.Popen[str]) -> str:
    """What it printed, once it has ended well."""
    output, errors = child.communicate(timeout=120)
    assert child.returncode == 0, errors
    return output


def add_one_by_one(home: str, prefix: str, count: str) -> None:
    """As many `add` calls as designs."""
    for entry in many(prefix, int(count)):
        opened(Path(home)).add([entry])


def add_and_die_reading(home: str, survivors: str) -> None:
    """Say so after that many designs were taken, and wait to be killed."""

    def entries() -> Iterator[DesignEntry]:
        for number, entry in enumerate(many("doomed", 10_000)):
            if number == int(survivors):
                print("now", flush=True)
                sys.stdin.read()
            yield entry

    opened(Path(home)).add(entries())


def add_and_die_writing(home: str, statement_prefix: str) -> None:
    """Say so and wait to be killed right after a statement inside the list's own transaction."""
    watchlist = opened(Path(home))

    @event.listens_for(watchlist._engine, "after_cursor_execute")
    def _stop(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(statement_prefix):
            print("now", flush=True)
            sys.stdin.read()

    watchlist.add(many("doomed", 300))


def restore(home: str, path: str) -> None:
    """Put a backup in place."""
    Watchlist.restore(Path(home), Path(path), LAYOUT)


def open_snapshot(home: str) -> None:
    """Open, print what is seen."""
    with opened(Path(home), create=False).snapshot() as snapshot:
        clouds = snapshot.clouds(range(len(snapshot.print_ids)))
        print(snapshot.key, len(snapshot.parts), clouds.sum(dtype=np.float64).hex(), flush=True)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
