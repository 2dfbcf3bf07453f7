"""`python -m benchmarks.against_commit --corpus DIR --old PYTHON`: this version beside an older one.

PYTHON is that of an older commit's environment (`git worktree add DIR COMMIT`, then `make setup` there).
Both enrol the same parts into a list of their own, then read and screen the same plain files of the corpus in
turn; the search for pieces, which came later, is left out. Compared is processor time, workers with it.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

FORMATS = ("stl", "3mf", "obj", "step")
# Prints processor seconds and the path of each file, -1 where it is refused.
READING = """
import sys, time
from pathlib import Path
from partwatch import formats
from partwatch.model.errors import UnreadableError
for path in sys.argv[1:]:
    data = Path(path).read_bytes()
    before = time.process_time()
    try:
        formats.read(data)
        print(time.process_time() - before, path)
    except UnreadableError:
        print(-1, path)
"""
DESIGN = """
name = "{0}"
authority = "bench"
reason = "bench"
expires = 2099-01-01
[[parts]]
name = "{0}"
file = "{1}"
"""


def drawn(corpus: Path, of_each: int) -> list[Path]:
    """Files of nothing but one closed body, evenly over each format's."""
    with (corpus / "MANIFEST.csv").open(encoding="utf-8", newline="") as stream:
        plain = [
            r
            for r in csv.DictReader(stream)
            if (r["odd"], r["bodies"], r["watertight"]) == ("no", "1", "True")
        ]
    found: list[Path] = []
    for extension in FORMATS:
        own = [corpus / r["repo"].replace("/", "+") / r["path"] for r in plain if r["ext"] == extension]
        found += own[:: max(len(own) // of_each, 1)][:of_each]
    return found


def seconds(words: Sequence[str], fine: Sequence[int] = (0,)) -> float:
    """Processor time of a command and all that it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in fine:
        raise SystemExit(f"{' '.join(words[:6])} ended with {done.returncode}: {done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def readings(python: str, files: Sequence[str]) -> dict[str, float]:
    """Processor time of reading each file in one process; below 0 where it is refused."""
    done = subprocess.run([python, "-c", READING, *files], stdout=subprocess.PIPE, text=True, check=True)
    told = (line.split(" ", 1) for line in done.stdout.splitlines())
    return {path: float(taken) for taken, path in told}


def by_format(taken: dict[str, float]) -> dict[str, float]:
    """Sums by ending, and of all."""
    found = {"all": sum(taken.values())}
    for path, each in taken.items():
        ending = Path(path).suffix.lower().lstrip(".").replace("step", "stp")
        found[ending] = found.get(ending, 0.0) + each
    return found


def main(arguments: Sequence[str]) -> int:
    """0, with a line for each of reading, screening."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against_commit", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("PARTWATCH_CORPUS"))
    parser.add_argument("--old", required=True, help="the older commit's .venv/bin/python")
    parser.add_argument("--of-each", type=int, default=38, help="files of each format")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    files = [str(path) for path in drawn(Path(options.corpus).absolute(), options.of_each)]
    for python in (options.old, sys.executable):
        # What one of them refuses is no work for both.
        files = [file for file, each in readings(python, files).items() if each >= 0]
    print(f"{len(files)} files, processor seconds")
    taken: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        designs = []
        # Of the others some are test files, and more or less than a part may be.
        for number, file in enumerate(files[::2]):
            if not file.lower().endswith((".stl", ".step", ".stp")):
                continue
            designs.append(f"{folder}/{number}.toml")
            Path(designs[-1]).write_text(DESIGN.format(f"part {number}", file))
        versions = {
            "old": (options.old, [], []),
            "new": (sys.executable, ["--allow-generic", "bench"], ["--no-pieces"]),
        }
        program = {
            name: [python, "-m", "partwatch", "--home", f"{folder}/{name}"]
            for name, (python, *_) in versions.items()
        }
        for name, (_, generic, _) in versions.items():
            seconds([*program[name], "watchlist", "add", *generic, *designs])
        for _ in range(options.rounds):
            for name, (python, _, pieces) in versions.items():
                for kind, each in by_format(readings(python, files)).items():
                    taken.setdefault((f"reading {kind}", name), []).append(each)
                screening = seconds(
                    [*program[name], "screen", "--json", "--jobs", "1", *pieces, *files], (0, 1, 3)
                )
                taken.setdefault(("screening", name), []).append(screening)
    for what in dict.fromkeys(what for what, _ in taken):
        old, new = (taken[what, name] for name in ("old", "new"))
        ratio = statistics.median(new) / statistics.median(old)
        said = ["; ".join(f"{x:.2f}" for x in sorted(each)) for each in (old, new)]
        print(f"{what}: old {said[0]} s, new {said[1]} s, ratio of medians {ratio:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
