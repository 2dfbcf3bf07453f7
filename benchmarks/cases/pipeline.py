"""What a whole case costs: import, resolve, the network, paths, each with its time and peak memory.

    python -m benchmarks.cases.pipeline --statements 100000
    python -m benchmarks.cases.pipeline --statements 1000000 --by files

Everything runs in one child process on the case that the generator wrote, as an operator's machine would; by
statements skips the importers, by files does not. Peak memory is the process's own, so far.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.cases import taking
from benchmarks.cases.said import read_statements
from benchmarks.progress import say
from partwatch.case.statements import Reliability, SourceInfo, Statement
from partwatch.case.store import CaseStore

BY: Final = ("statements", "files")
_PATHS: Final = 10


def run(folder: Path, by: str) -> dict[str, Any]:
    """All stages on a written case, in this process. Stages that the house lacks are told as missing."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    stages: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=folder) as place:
        store = taking.new_store(Path(place) / "case")
        _timed(stages, "import", lambda: taking.take_all(store, _sources(folder, by)))
        _timed(stages, "resolve", lambda: _resolve(store))
        ties = _timed(stages, "network", lambda: _network(store))
        if ties is not None:
            _timed(stages, f"{_PATHS} paths", lambda: _ask(ties, truth))
        stages["counts"] = store.counts()
        stages["megabytes"] = round(sum(one.stat().st_size for one in Path(place).rglob("*")) / 1e6)
    return stages


def _timed(stages: dict[str, Any], name: str, what: Callable[[], Any]) -> Any:
    begun = time.monotonic()
    try:
        made = what()
    except ImportError as error:
        stages[name] = {"missing": str(error)}
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    stages[name] = {"seconds": round(time.monotonic() - begun, 1), "peak_mb": peak}
    say(f"{name}: {stages[name]}")
    return made


def _resolve(store: CaseStore) -> None:
    from benchmarks.cases import asking

    asking.resolve(store)


def _network(store: CaseStore) -> Any:
    from benchmarks.cases import asking

    return asking.Ties(store)


def _ask(ties: Any, truth: dict[str, Any]) -> list[float]:
    """From items to the organisers of their networks."""
    from partwatch.case.statements import keyed

    named = {one["person"]: one["key"] for one in truth["records"] if one["own_name"]}
    chains = [one for one in truth["chains"] if one["listed"] and one["steps"] and one["organiser"] in named]
    step = max(1, len(chains) // _PATHS)
    return [
        ties.tie(keyed("Item", one["item"]), named[one["organiser"]]).strongest
        for one in chains[::step][:_PATHS]
    ]


def _sources(folder: Path, by: str) -> Iterator[tuple[SourceInfo, Iterator[Statement]]]:
    """What is taken in. What the laboratory found comes as statements either way."""
    listed = {one["name"]: one for one in json.loads((folder / "sources.json").read_text(encoding="utf-8"))}
    for info, own in read_statements(folder / "statements.ndjson"):
        path = listed[info.name]["path"]
        if by == "files" and path is not None:
            yield info, _imported(folder, listed[info.name], info)
        else:
            yield info, own


def _imported(folder: Path, listed: dict[str, Any], info: SourceInfo) -> Iterator[Statement]:
    """A file by its importer, under the hash that the generator told: it is the file's."""
    from partwatch.case.imports.mapping import read_mapping
    from partwatch.case.imports.registry import importer_named

    from partwatch.case.imports.base import Reading

    assert info.reliability is Reliability(listed["reliability"])
    rules = read_mapping(folder / listed["mapping"]) if listed["mapping"] else None
    reading = Reading(folder / listed["path"], info.sha256, "FR", rules)
    for one in importer_named(listed["kind"]).read(reading):
        if isinstance(one, Statement):
            yield one


def main(argv: list[str] | None = None) -> int:
    """Generate, run in a child, tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cases.pipeline", description=__doc__)
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--by", choices=BY, default="statements")
    parser.add_argument("--on", type=Path, help="a case that is written already")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    asked = parser.parse_args(argv)
    if asked.on:
        print(json.dumps(run(asked.on, asked.by)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        say("generating")
        words = ["--seed", str(asked.seed), "--statements", str(asked.statements), "--out", folder]
        subprocess.run(
            [sys.executable, "-m", "benchmarks.cases", *words], check=True, stdout=subprocess.DEVNULL
        )
        child = [sys.executable, "-m", "benchmarks.cases.pipeline", "--on", folder, "--by", asked.by]
        told = json.loads(subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True).stdout)
    _tell(told)
    if asked.json:
        asked.json.write_text(json.dumps(vars(asked) | told, indent=1, default=str) + "\n", encoding="utf-8")
    return 0


def _tell(told: dict[str, Any]) -> None:
    print(f"{told['counts']}, {told['megabytes']} MB on disk")
    for name, stage in told.items():
        if isinstance(stage, dict) and "seconds" in stage:
            print(f"{name:10} {stage['seconds']:8.1f} s, peak {stage['peak_mb']:,} MB")
        elif isinstance(stage, dict) and "missing" in stage:
            print(f"{name:10} not there: {stage['missing']}")


if __name__ == "__main__":
    raise SystemExit(main())
