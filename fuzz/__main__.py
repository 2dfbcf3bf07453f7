"""Runs the targets one after the other, each in a fork of this process, and counts: `python -m fuzz`.

Exits with 1 where a promise was broken; the inputs that broke it are under `build/fuzz/TARGET/crashes`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import atheris

from fuzz.engine import fuzz
from fuzz.plain_loader import PlainLoaders
from fuzz.record import RECORD, add

if TYPE_CHECKING:
    from fuzz.targets import Target

ROOT = Path(__file__).resolve().parents[1]
# Making the list that is compared with takes a while; one hanging input ends by a limit of libFuzzer's own.
_GRACE_S = 120
_EDGES = re.compile(r"cov: (\d+)")
_DONE = re.compile(r"^Done (\d+) runs", re.MULTILINE)


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
    known = _targets()
    names = [name for name in known if not options.targets or any(part in name for part in options.targets)]
    if not names:
        parser.error(f"no such target; there are {', '.join(known)}")
    each = max(1, round(options.seconds / len(names)))
    print(f"{'target':16}{'seconds':>8}{'inputs':>10}{'a second':>10}{'edges':>8}  broken", flush=True)
    ran = []
    for name in names:
        ran.append(_run(known[name], options.folder / name.replace(" ", "-"), each))
        _tell(ran[-1])
    total = sum(one.executions for one in ran)
    print(f"{total:,} inputs in {sum(one.seconds for one in ran):,.0f} s")
    if options.record:
        add({one.name: one.executions for one in ran}, date.today())
    return 1 if any(one.crashes or one.died for one in ran) else 0


def _targets() -> dict[str, Target]:
    """Every target, in a process that from here on never loads native readers."""
    # atheris names every module that it instruments.
    with contextlib.redirect_stderr(io.StringIO()):
        from fuzz.targets import targets, without_native_code

        without_native_code()
        return targets()


def _run(target: Target, folder: Path, seconds: int) -> Ran:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "counts.json").unlink(missing_ok=True)
    start = time.monotonic()
    log = folder / "log.txt"
    child = os.fork()
    if child == 0:
        _fuzz_in_fork(target, folder, seconds, log)
    code = _ended(child, start + seconds + _GRACE_S)
    took = time.monotonic() - start
    counts: dict[str, Any] = {"executions": 0, "crashes": []}
    if (folder / "counts.json").exists():
        counts = json.loads((folder / "counts.json").read_text())
    said = log.read_text(errors="replace")
    # What was counted last may be a second old.
    executions = max([counts["executions"], *map(int, _DONE.findall(said))])
    edges = max([0, *map(int, _EDGES.findall(said))])
    died = "" if code == 0 else f"ended with {code}, see {log}"
    return Ran(target.name, took, executions, edges, counts["crashes"], died)


def _fuzz_in_fork(target: Target, folder: Path, seconds: int, log: Path) -> NoReturn:
    """libFuzzer ends the process that it ran in; whatever else happens, a fork never comes back from here."""
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(output, stream)
        fuzz(target, folder, seconds)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(70)


def _ended(child: int, deadline: float) -> int:
    """The exit code of a child, negative for a signal; one that is late is killed."""
    while time.monotonic() < deadline:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


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
    sys.meta_path.insert(0, PlainLoaders("partwatch"))
    # Late imports are to be instrumented as well.
    with atheris.instrument_imports(include=["partwatch"]):
        ended_with = main()
    sys.exit(ended_with)
