"""`python -m benchmarks.agreement --corpus DIR`: our readers beside others', on every file of the corpus.

Each file is read in worker processes by ours and, where there is one, by a peer that can read its format:
lib3mf, OCCT (through cascadio, its GLB read by trimesh) or trimesh. Triangles, extents and volume are
compared, and each disagreement is listed with its cause, or as unexplained.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.agreement_causes import CAUSES
from benchmarks.progress import say
from partwatch import __version__
from partwatch.formats.worker import Failure, FailureKind, Limits, Outcome, Task, WorkerPool

PAGE = Path("docs/agreement.md")
PEER = {
    "stl": "trimesh",
    "obj": "trimesh",
    "ply": "trimesh",
    "off": "trimesh",
    "step": "OCCT",
    "3mf": "lib3mf",
}
# Single precision, and numbers printed with six digits.
EXTENT_SHARE = 2e-5
VOLUME_SHARE = 1e-4
UNEXPLAINED = "**unexplained**"


@dataclass
class Row:
    """One file of the corpus, what we made of it and what the peer did; None where there is no peer."""

    path: str
    extension: str
    ours: Outcome = b""
    peer: Outcome | None = None

    @property
    def read(self) -> dict[str, Any] | None:
        """Our numbers, or None where we refuse or find no surface in what is to be built."""
        return _numbers(self.ours)

    @property
    def state(self) -> str:
        """Read whole, read in part, or refused."""
        if isinstance(self.ours, Failure):
            return "refused"
        return "partly" if json.loads(self.ours).get("unread") else "complete"

    @property
    def peer_read(self) -> dict[str, Any] | None:
        """The peer's numbers, or None."""
        return None if self.peer is None else _numbers(self.peer)

    @property
    def differences(self) -> tuple[str, ...]:
        """What of triangles, extents and volume differs where both read."""
        ours, theirs = self.read, self.peer_read
        if ours is None or theirs is None:
            return ()
        size = max(*ours["extents"], *theirs["extents"])
        box = size**3
        apart = {
            # Single precision on one side only makes some corners one and others not: either count will do.
            "triangles": all(ours[name] != theirs[name] for name in ("triangles", "as_given")),
            "extents": any(
                abs(a - b) > EXTENT_SHARE * size
                for a, b in zip(ours["extents"], theirs["extents"], strict=True)
            ),
            "volume": abs(ours["volume"] - theirs["volume"])
            > VOLUME_SHARE * abs(theirs["volume"]) + VOLUME_SHARE / 100 * box,
        }
        return tuple(name for name, differs in apart.items() if differs)

    @property
    def disagrees(self) -> bool:
        """Whether there is something to explain."""
        if self.peer is None:
            return False
        return bool(self.differences) or (self.read is None) != (self.peer_read is None)

    @property
    def cause(self) -> str:
        """Why, from the list kept by hand."""
        return next((why for pattern, why in CAUSES.items() if fnmatch(self.path, pattern)), UNEXPLAINED)


def _numbers(outcome: Outcome) -> dict[str, Any] | None:
    if isinstance(outcome, Failure):
        return None
    said: dict[str, Any] = json.loads(outcome)
    return said if said.get("triangles") else None


def _words(outcome: Outcome | None) -> str:
    """An outcome for the table of disagreements."""
    if outcome is None:
        return ""
    if isinstance(outcome, Failure):
        return f"{outcome.code or outcome.kind.value}: {_short(outcome.message)}"
    said = json.loads(outcome)
    if "refused" in said:
        return f"refused: {_short(said['refused'])}"
    if not said["triangles"]:
        return "no surface in what is to be built"
    extents = " × ".join(f"{x:.5g}" for x in said["extents"])
    return f"{said['triangles']:,} triangles, {extents}, volume {said['volume']:.6g}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 140 else line[:139] + "…"


@dataclass
class Tally:
    """Counts of one extension."""

    peer: str
    files: int = 0
    states: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("complete", "partly", "refused"), 0)
    )
    both: int = 0
    alike: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("triangles", "extents", "volume"), 0)
    )
    only_ours: int = 0
    only_theirs: int = 0


def measure(corpus: Path, jobs: int) -> list[Row]:
    """Every file of MANIFEST.csv, in its order."""
    with (corpus / "MANIFEST.csv").open(encoding="utf-8", newline="") as stream:
        files = [(row["repo"].replace("/", "+"), row["path"], row["ext"]) for row in csv.DictReader(stream)]
    rows = [Row(f"{repo}/{path}", extension) for repo, path, extension in files]
    with WorkerPool[tuple[Row, bool]](jobs, Limits(timeout_s=300, memory_mb=8192)) as pool:
        for place, (task, outcome) in enumerate(pool.run(_tasks(corpus, rows)), start=1):
            row, by_peer = task.tag
            if by_peer:
                row.peer = outcome
            else:
                row.ours = outcome
            if place % 200 == 0:
                say(f"{place} readings")
    return rows


def _tasks(corpus: Path, rows: Iterable[Row]) -> Iterator[Task[tuple[Row, bool]]]:
    module = "benchmarks.agreement_child"
    for row in rows:
        path = str((corpus / row.path).absolute())
        yield Task(f"{module}:ours", {"path": path}, (row, False))
        if row.extension in PEER:
            yield Task(f"{module}:peer", {"path": path, "name": PEER[row.extension]}, (row, True))


def tallies(rows: Iterable[Row]) -> dict[str, Tally]:
    """Counts by extension, in alphabetical order."""
    found: dict[str, Tally] = {}
    for row in rows:
        tally = found.setdefault(row.extension, Tally(PEER.get(row.extension, "none")))
        tally.files += 1
        tally.states[row.state] += 1
        if row.read is not None and row.peer_read is not None:
            tally.both += 1
            for name in tally.alike:
                tally.alike[name] += name not in row.differences
        elif row.peer is not None:
            tally.only_ours += row.read is not None
            tally.only_theirs += row.peer_read is not None
    return dict(sorted(found.items()))


def broken(rows: Iterable[Row]) -> list[Row]:
    """Files that ended in anything but a reading or a stated reason."""
    return [
        row for row in rows if isinstance(row.ours, Failure) and row.ours.kind is not FailureKind.UNREADABLE
    ]


def page(rows: Sequence[Row]) -> str:
    """The page in Markdown."""
    disagreeing = [row for row in rows if row.disagrees]
    unexplained = sum(row.cause == UNEXPLAINED for row in disagreeing)
    used = ", ".join(f"{name} {version(name)}" for name in ("lib3mf", "cascadio", "trimesh", "numpy"))
    lines = [
        "# Agreement with other readers",
        "",
        f"Partwatch {__version__}, {used}. To rerun: `python -m benchmarks.agreement --corpus DIR`.",
        "",
        f"All {len(rows):,} files of the open corpus were read in worker processes, other people's malformed "
        f"test files among them. {len(broken(rows))} ended in anything but a reading or a stated reason.",
        "",
        "Compared are triangles with three different corners (in single precision), the box around them "
        f"(within {EXTENT_SHARE:g} of its longest side) and the volume about its corner (within "
        f"{VOLUME_SHARE:g}); of a 3MF what its build places. OCCT is the kernel that we read STEP by as "
        "well: its row shows that nothing is lost on the way from it to us. A print job counts as read where "
        "the solids that it makes were rebuilt.",
        "",
        "| format | files | read whole | read in part | refused | peer | both read | same triangles "
        "| same extents | same volume | only we read | only the peer reads |",
        "|---|---:|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for extension, tally in tallies(rows).items():
        alike = " | ".join(str(count) if tally.both else "" for count in tally.alike.values())
        lines.append(
            f"| {extension} | {tally.files} | {' | '.join(map(str, tally.states.values()))} "
            f"| {tally.peer} | {tally.both} | {alike} | {tally.only_ours} | {tally.only_theirs} |"
        )
    lines += ["", f"## The {len(disagreeing)} disagreements", "", f"{unexplained} are unexplained.", ""]
    by_cause: dict[str, list[Row]] = {}
    for row in disagreeing:
        by_cause.setdefault(row.cause, []).append(row)
    for cause, members in sorted(
        by_cause.items(), key=lambda entry: (entry[0] != UNEXPLAINED, -len(entry[1]))
    ):
        lines += [f"### {cause}", "", "| file | we | the peer |", "|---|---|---|"]
        lines += [
            f"| {_cell(row.path)} | {_cell(_words(row.ours))} | {_cell(_words(row.peer))} |"
            for row in members
        ]
        lines.append("")
    lines += ["## Refused, and read by no peer", "", *_refusals(rows)]
    return "\n".join(lines) + "\n"


def _refusals(rows: Iterable[Row]) -> list[str]:
    """Why we refuse what no peer reads either, by reason."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        if isinstance(row.ours, Failure) and not row.disagrees:
            counts[row.extension, row.ours.code] = counts.get((row.extension, row.ours.code), 0) + 1
    table = [f"| {extension} | {code} | {count} |" for (extension, code), count in sorted(counts.items())]
    return ["| format | code of the reason | files |", "|---|---|---:|", *table]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def main(arguments: Sequence[str]) -> int:
    """0 where every disagreement is explained and nothing broke, else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("PARTWATCH_CORPUS"), required=False)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--write", type=Path, default=PAGE, help=f"the page to write; {PAGE} by default")
    options = parser.parse_args(arguments)
    if options.corpus is None:
        parser.error("no corpus given: --corpus DIR, or PARTWATCH_CORPUS")
    rows = measure(Path(options.corpus), options.jobs)
    options.write.write_text(page(rows), encoding="utf-8")
    unexplained = [row.path for row in rows if row.disagrees and row.cause == UNEXPLAINED]
    for path in unexplained:
        say(f"unexplained: {path}")
    for row in broken(rows):
        say(f"broken: {row.path}: {_words(row.ours)}")
    say(f"written: {options.write}")
    return 1 if unexplained or broken(rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
