"""A generated case: `python -m benchmarks.cases --seed 1 --statements 100000 --out DIR`.

Writes into DIR the files that a carrier, a bank, a laboratory would hand over, the mapping files of its
tables, truth.json, and statements.ndjson: what all of it says, as the importers read it (--no-files: only
these two).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.cases.files import write_files
from benchmarks.cases.generate import generate
from benchmarks.cases.said import digests, write_statements
from benchmarks.cases.truth import truth_of


def main(argv: list[str] | None = None) -> int:
    """Generate, write, say what."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cases", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--statements", type=int, default=20_000, help="about how many, from 2,000 on")
    parser.add_argument("--out", type=Path, required=True, help="a folder, made if need be")
    parser.add_argument("--no-files", action="store_true", help="only statements and truth")
    asked = parser.parse_args(argv)
    case = generate(asked.seed, asked.statements)
    asked.out.mkdir(parents=True, exist_ok=True)
    of = digests(case.world) if asked.no_files else write_files(case.world, asked.out)
    write_statements(case.world, asked.out / "statements.ndjson", of)
    truth = truth_of(case, of)
    truth.write(asked.out / "truth.json")
    found = sum(one.found for one in truth.chains)
    print(f"{case.world.statements:,} statements of {len(case.world.tables)} sources")
    print(f"{len(truth.people):,} people, {len(case.cells)} networks, {len(truth.chains)} items,")
    print(f"of which {found} have a true chain to their organiser")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
