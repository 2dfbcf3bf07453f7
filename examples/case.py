"""A small case to try `partwatch case` on: `python -m examples.case DIR`, with `--run` all of it at once.

Some fifty people, most of them innocent; one network that sells unlicensed copies of the sample pump, and one
like it that sells harmless things. DIR/export holds what a carrier, a bank, an exchange, a telephone company,
a marketplace and the police handed over; DIR/export/laboratory the seized parts as scans, and print jobs.
Every name is invented. DIR/truth.json says who is who: look when you are done.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.cases.files import SCREENED, file_name, mapping_path, write_files
from benchmarks.cases.generate import Case, generate
from benchmarks.cases.laboratory import FOLDER, ORIGINS, write_laboratory
from benchmarks.cases.mappings import REGION
from benchmarks.cases.network import Plan
from benchmarks.cases.tables import Table
from benchmarks.cases.truth import Truth, truth_of
from benchmarks.cases.world import Given
from manifold3d import Manifold

from examples.demo import ALLOW_PLAIN
from examples.pump import PARTS_BY_NAME, write_pump
from examples.samples import all_samples
from examples.writers.gcode import job
from partwatch.cli import main as partwatch

SEED: Final = 28
STATEMENTS: Final = 2_400
PLAN: Final = Plan(makers=1, sellers=1, couriers=1, buyers=3, orders=4, chat=1, busy=2, private=1)
# Of the samples: what was found in parcels. Of the pump: what was found as print jobs.
LISTED: Final = ("housing.ply", "driving-gear-rough.stl", "crank-knob-decimated.stl", "shaft.obj")
HARMLESS: Final = ("coat-hook.stl", "plant-pot.stl", "cable-comb.stl", "hinge-leaf.stl")
JOBS: Final = ("bracket", "shaft")


def example_case() -> Case:
    """The same each time."""
    content = {sample.name: sample.content for sample in all_samples() if sample.name in LISTED + HARMLESS}
    given = Given(
        [(f"scan-{name}", content[name]()) for name in LISTED],
        [(f"scan-{name}", content[name]()) for name in HARMLESS],
        [(f"{name}.gcode", job(_on_the_bed(PARTS_BY_NAME[name].build()))) for name in JOBS],
    )
    return generate(SEED, STATEMENTS, PLAN, given=given)


def _on_the_bed(solid: Manifold) -> Manifold:
    low = solid.bounding_box()
    return solid.translate((100.0 - low[0], 100.0 - low[1], -low[2]))


def write_case(folder: Path) -> tuple[Case, Truth]:
    """Writes FOLDER/export, FOLDER/design and FOLDER/truth.json."""
    case = example_case()
    write_pump(folder / "design")
    export = folder / "export"
    of = write_files(case.world, export)
    write_laboratory(case.world, export)
    truth = truth_of(case, of)
    truth.write(folder / "truth.json")
    return case, truth


def commands(case: Case, truth: Truth, folder: Path) -> Iterator[list[str]]:
    """What to type, after `partwatch`."""
    where, export = str(folder / "case"), folder / "export"
    yield ["watchlist", "add", str(folder / "design" / "pump.toml"), *ALLOW_PLAIN]
    yield ["case", "init", where, "--name", "Copies of a pump", "--authority", "Judicial police, Montclair",
           "--legal-basis", "order 2026/117", "--purpose", "who makes and sells them",
           "--retention", "2099-12-31"]  # fmt: skip
    for table in case.world.tables.values():
        if table.kind != SCREENED:
            yield [
                "case",
                "import",
                where,
                str(export / file_name(table)),
                *_said(table),
                *_how(table, export),
            ]
    yield ["case", "import", where, str(export / FOLDER), "--origins", str(export / ORIGINS), "--said-by",
           "the laboratory", "--reliability", "A"]  # fmt: skip
    yield ["case", "resolve", where]
    chain = next(one for one in truth.chains if one.listed and one.found)
    maker, organiser = (
        next(one.key for one in truth.records if one.person == person and one.own_name)
        for person in (chain.maker, chain.organiser)
    )
    yield ["case", "queue", where, "--limit", "3"]
    yield ["case", "path", where, chain.item, maker]
    yield ["case", "path", where, chain.item, organiser]
    yield ["case", "leads", where, chain.item]
    yield ["case", "assemblies", where]
    yield ["case", "neighbours", where, maker]
    yield ["case", "timeline", where, maker]
    yield ["case", "withdraw", where, "bank-payments.csv", "--reason", "tried out", "--dry-run"]
    yield ["case", "report", where, "--page", str(folder / "overview.html"), "--html",
           str(folder / "disclosure.html"), "--pdf", str(folder / "disclosure.pdf")]  # fmt: skip
    yield ["ledger", "verify", str(folder / "disclosure-ledger.zip")]


def _said(table: Table) -> list[str]:
    return [
        "--said-by",
        table.said_by,
        "--reliability",
        table.reliability.value,
        "--legal-ref",
        table.legal_ref,
    ]


def _how(table: Table, export: Path) -> list[str]:
    if table.kind == "table":
        return ["--mapping", str(mapping_path(export, table))]
    return ["--region", REGION]


def run(case: Case, truth: Truth, folder: Path) -> int:
    """Types all of it, with a home of its own. A path may say that nothing ties the two; anything else must
    go well."""
    home = ["--home", str(folder / "home")]
    for one in commands(case, truth, folder):
        sys.stdout.write(f"\n$ partwatch {shlex.join(one)}\n")
        sys.stdout.flush()
        code = partwatch([*home, *one])
        if code not in ((0, 1) if one[:2] == ["case", "path"] else (0,)):
            sys.stderr.write(f"ended as {code}\n")
            return code
    sys.stdout.write(f"\nThe overview: {folder / 'overview.html'}; the pack: {folder / 'disclosure.pdf'}\n")
    return 0


def main(arguments: list[str]) -> int:
    """Writes the case and tells the commands, or types them."""
    runs = "--run" in arguments
    if len(arguments) != 1 + runs:
        sys.stderr.write("usage: python -m examples.case DIR [--run]\n")
        return 2
    folder = Path(next(one for one in arguments if one != "--run"))
    case, truth = write_case(folder)
    if runs:
        return run(case, truth, folder)
    sys.stdout.write(f"{case.world.statements:,} statements lie in {folder / 'export'}. To look at them:\n\n")
    for one in commands(case, truth, folder):
        sys.stdout.write(f"    partwatch {shlex.join(one)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
