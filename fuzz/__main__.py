"""Runs the targets one after the other, each in a process of its own, and counts: `python -m fuzz`.

Exits with 1 where a promise was broken; the inputs that broke it are under `build/fuzz/TARGET/crashes`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from fuzz.record import RECORD, add
from fuzz.targets import targets

ROOT = Path(__file__).resolve().parents[1]
# Starting takes a while: importing with instrumentation, making the list that is compared with.
_START_S = 120
_EDGES = re.compile(r"cov: (\d+)")


@dataclass(frozen=True)
class Ran:
    """What one target came to. edges: of our own code, reached; died: how its process ended, if badly."""

    name: str
    seconds: float
    executions: int
    edges: int
    crashes: list[str]
    died: str


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help="part of a target's name; every target without any")
    parser.add_argument("--seconds", type=float, default=120, help="for all of them together")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz", help="corpora and crashes")
    parser.add_argument("--record", action="store_true", help=f"add the counts to {RECORD.relative_to(ROOT)}")
    options = parser.parse_args()
    names = [
        name for name in targets() if not options.targets or any(part in name for part in options.targets)
    ]
    if not names:
        parser.error(f"no such target; there are {', '.join(targets())}")
    each = max(1, round(options.seconds / len(names)))
    print(f"{'target':16}{'seconds':>8}{'inputs':>10}{'a second':>10}{'edges':>8}  broken", flush=True)
    ran = []
    for name in names:
        ran.append(_run(name, options.folder / name.replace(" ", "-"), each))
        _tell(ran[-1])
    total = sum(one.executions for one in ran)
    print(f"{total:,} inputs in {sum(one.seconds for one in ran):,.0f} s")
    if options.record:
        add({one.name: one.executions for one in ran}, date.today())
    return 1 if any(one.crashes or one.died for one in ran) else 0


def _run(name: str, folder: Path, seconds: int) -> Ran:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "counts.json").unlink(missing_ok=True)
    start = time.monotonic()
    log = folder / "log.txt"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "fuzz.engine", name, str(folder), str(seconds)]
        try:
            code = subprocess.run(
                command, stdout=output, stderr=output, cwd=ROOT, timeout=seconds + _START_S, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            code = -1
    took = time.monotonic() - start
    counts: dict[str, Any] = {"executions": 0, "crashes": []}
    if (folder / "counts.json").exists():
        counts = json.loads((folder / "counts.json").read_text())
    edges = _EDGES.findall(log.read_text(errors="replace"))
    died = "" if code == 0 else f"ended with {code}, see {log}"
    return Ran(name, took, counts["executions"], int(edges[-1]) if edges else 0, counts["crashes"], died)


def _tell(ran: Ran) -> None:
    pace = ran.executions / ran.seconds
    broken = f"{len(ran.crashes)}" if ran.crashes else ran.died or "-"
    print(
        f"{ran.name:16}{ran.seconds:8.0f}{ran.executions:10,}{pace:10,.0f}{ran.edges:8,}  {broken}",
        flush=True,
    )
    for crash in ran.crashes:
        print(f"    {crash}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
