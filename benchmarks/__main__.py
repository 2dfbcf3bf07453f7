"""`python -m benchmarks`: measure, print, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from benchmarks import (
    b1_warm_file,
    b2_corpus,
    b3_scale,
    b4_peers,
    b5_memory,
    b6_pieces,
    b7_jobs,
    machine,
    report,
)
from benchmarks.progress import say
from benchmarks.settings import QUICK, Settings, Sizes
from partwatch.curation.corpus import read_corpus

PAGE = Path("docs/benchmarks.md")

BENCHMARKS: dict[int, Callable[[Settings], report.Section]] = {
    1: lambda settings: b1_warm_file.section(b1_warm_file.measure(settings)),
    2: lambda settings: b2_corpus.section(b2_corpus.measure(settings)),
    3: lambda settings: b3_scale.section(b3_scale.measure(settings)),
    4: lambda settings: b4_peers.section(b4_peers.measure(settings)),
    5: lambda settings: b5_memory.section(b5_memory.measure(settings)),
    6: lambda settings: b6_pieces.section(b6_pieces.measure(settings)),
    7: lambda settings: b7_jobs.section(b7_jobs.measure(settings)),
}


def main(arguments: Sequence[str]) -> None:
    """Run what was asked for."""
    options = _parser().parse_args(arguments)
    sizes = QUICK if options.quick else Sizes()
    corpus = tuple(read_corpus(Path(options.corpus))) if options.corpus else ()
    if not corpus:
        say("no corpus given (--corpus or PARTWATCH_CORPUS): generated parts take its place")
    settings = Settings(sizes, options.cache, corpus, options.as_of, options.peers_python or sys.executable)
    facts = machine.facts(options.as_of, _command(options))
    print("\n".join(facts), flush=True)
    sections = []
    for number in options.only:
        say(f"benchmark {number}")
        sections.append(BENCHMARKS[number](settings))
        print("\n" + report.markdown(sections[-1]), flush=True)
    target = options.write or (None if options.quick or len(sections) < len(BENCHMARKS) else PAGE)
    if target is not None:
        report.write(target, report.page(facts, sections))
        say(f"written: {target}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        type=_numbers,
        default=list(BENCHMARKS),
        metavar="1,3",
        help=f"some of 1 to {len(BENCHMARKS)}",
    )
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, lists of 10,000 at most")
    parser.add_argument(
        "--corpus", default=os.environ.get("PARTWATCH_CORPUS", ""), help="folder with MANIFEST.csv"
    )
    cache = Path(tempfile.gettempdir()) / "partwatch-benchmarks"
    parser.add_argument("--cache", type=Path, default=cache, help="keeps lists from run to run; 5 GB")
    parser.add_argument("--peers-python", help="an interpreter that has requirements-peers.txt")
    parser.add_argument("--as-of", type=date.fromisoformat, default=date.today(), help="today by default")
    parser.add_argument("--write", type=Path, help=f"the page to write; {PAGE} where all is run in full")
    return parser


def _numbers(text: str) -> list[int]:
    chosen = sorted({int(number) for number in text.split(",")})
    if unknown := [number for number in chosen if number not in BENCHMARKS]:
        raise argparse.ArgumentTypeError(
            f"there is no benchmark {unknown[0]}; choose from 1 to {len(BENCHMARKS)}"
        )
    return chosen


def _command(options: argparse.Namespace) -> list[str]:
    """How to run this again elsewhere: folders of this machine are left out."""
    command = ["python", "-m", "benchmarks"]
    if options.only != list(BENCHMARKS):
        command += ["--only", ",".join(map(str, options.only))]
    command += ["--quick"] * options.quick
    command += ["--corpus", "DIR"] * bool(options.corpus)
    command += ["--peers-python", "PYTHON"] * bool(options.peers_python)
    return [*command, "--as-of", options.as_of.isoformat()]


if __name__ == "__main__":
    main(sys.argv[1:])
