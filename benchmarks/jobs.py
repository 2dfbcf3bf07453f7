"""Which parts are found in print jobs of random profiles, and what else is named.

    python -m benchmarks.jobs --corpus DIR --folder DIR [--cache DIR] [--every N]

The folder holds jobs as `python -m benchmarks.attribution` leaves them there, each beside what it was made
from. They are screened against all parts of the corpus; a part counts as found where the very part that was
sliced is named, and as named falsely where it is of another project.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import lists
from benchmarks.progress import say
from partwatch.curation.corpus import CorpusFile, listed_parts, read_corpus

_FOUND = ("match", "review")


@dataclass
class Tally:
    """jobs, of which the part was found at match, and at review or better."""

    jobs: int = 0
    matched: int = 0
    reviewed: int = 0

    def count(self, finding: str | None) -> None:
        """One more job, and what was said of its part."""
        self.jobs += 1
        self.matched += finding == "match"
        self.reviewed += finding in _FOUND


def main(argv: list[str] | None = None) -> int:
    """Screen, and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jobs", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder with MANIFEST.csv")
    parser.add_argument("--folder", type=Path, required=True, help="the jobs")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "partwatch-benchmarks")
    parser.add_argument("--every", type=int, default=1, help="one job in so many")
    asked = parser.parse_args(argv)
    files = read_corpus(asked.corpus)
    home = lists.of_corpus(asked.cache, tuple(files))
    by_design = {f"corpus {number:04d}": file for number, file in enumerate(listed_parts(list(files)))}
    jobs = [path for path in sorted(asked.folder.glob("*.gcode")) if path.with_suffix(".json").exists()]
    tallies: dict[str, Tally] = {}
    bodies, strangers = 0, []
    for k, (path, item) in enumerate(_screened(home, jobs[:: asked.every])):
        if k % 20 == 0:
            say(f"{k} jobs")
        told = json.loads(path.with_suffix(".json").read_text("utf-8"))
        own = _sliced(told["part"], by_design)
        bodies += len(item["bodies"])
        named = [match for body in item["bodies"] for match in body["matches"]]
        strangers += [
            f"{path.name}: {by_design[match['design']].path.name} at {match['finding']}"
            for match in named
            if match["finding"] in _FOUND
            and not told["part"].startswith(f"{by_design[match['design']].project}/")
        ]
        if own:
            said = {match["finding"] for match in named if match["design"] in own}
            for name in _classes(path.name, told["settings"]):
                tallies.setdefault(name, Tally()).count(next((f for f in _FOUND if f in said), None))
    for name, tally in sorted(tallies.items()):
        print(f"{name}: {tally.jobs} jobs, {tally.matched} at match, {tally.reviewed} at review or better")
    print(f"{bodies} bodies; parts of other projects named: {len(strangers)}")
    print("\n".join(strangers))
    return 0


def _screened(home: Path, jobs: list[Path]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in jobs:
        command = [sys.executable, "-m", "partwatch", "--home", str(home), "screen", str(path), "--ndjson"]
        # Jobs are large, and the machine may do other work.
        command += ["--timeout", "600", "--as-of", "2026-01-01"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        item = next((record for record in records if record["type"] == "item"), None)
        if item is None:
            raise RuntimeError(f"{path.name}: {done.stderr[-300:]}")
        yield path, item


def _sliced(part: str, by_design: Mapping[str, CorpusFile]) -> dict[str, CorpusFile]:
    """The listed part that a job is of; none where it could not be listed."""
    return {name: file for name, file in by_design.items() if f"{file.project}/{_within(file)}" == part}


def _within(file: CorpusFile) -> str:
    """A file's path within its project, as the manifest has it."""
    folder = file.project.replace("/", "+")
    return file.path.as_posix().partition(f"/{folder}/")[2]


def _classes(name: str, settings: Mapping[str, object]) -> list[str]:
    walls = int(str(settings.get("wall_line_count", settings.get("perimeters"))))
    support = str(settings.get("support_enable", settings.get("support-material"))).lower() == "true"
    supported = "with supports" if support else "without supports"
    several = "one wall" if walls == 1 else "two walls and more"
    return ["all", f"{several}, {supported}", name.rsplit("-", 1)[0]]


if __name__ == "__main__":
    sys.exit(main())
