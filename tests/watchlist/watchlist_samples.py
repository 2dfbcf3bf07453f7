"""Designs made of numbers only, and what other processes do to a list in the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import event

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
    }
    return PartEntry(**(fields | changes))


def without_geometry(entry: PartEntry) -> PartEntry:
    """The part as a list without geometry holds it."""
    return PartEntry(
        **{field: getattr(entry, field) for field in PartEntry.__dataclass_fields__}
        | {
            "mesh": None,
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
