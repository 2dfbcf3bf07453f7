"""End to end, through the command line: the listed pump is found in every guise, and nothing else is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from examples.demo import ALLOW_PLAIN, FINDINGS, DemoError, run_demo
from examples.make_samples import write_samples
from examples.pump import PARTS, write_pump
from examples.samples import Expected, expected_findings

import partwatch
from partwatch.model.document import Body, Finding, Item, Match, MatchFinding, Relation

ROOT = Path(__file__).resolve().parents[2]
# Absolute, since the program runs in a folder of its own here.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(partwatch.__file__).resolve().parents[1])}
AS_OF = "2026-01-01"
EXPECTED = expected_findings()
Key = tuple[str, str | None]


def run_module(module: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a module's command line as a user would."""
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The samples screened against the pump: every NDJSON record."""
    folder = tmp_path_factory.mktemp("demo")
    write_pump(folder / "design")
    write_samples(folder / "samples")
    words = ("--home", "home", "watchlist", "add", "design/pump.toml", *ALLOW_PLAIN)
    added = run_module("partwatch", *words, cwd=folder)
    assert added.returncode == 0, added.stderr
    screened = run_module(
        "partwatch", "--home", "home", "screen", "samples", "--ndjson", "--as-of", AS_OF, cwd=folder
    )
    assert screened.returncode == FINDINGS, screened.stderr
    return [json.loads(line) for line in screened.stdout.splitlines()]


@pytest.fixture(scope="module")
def items(records: list[dict[str, Any]]) -> dict[Key, Item]:
    """By (file name, member)."""
    found = [Item.model_validate_json(json.dumps(record)) for record in records if record["type"] == "item"]
    return {(Path(item.path).name, item.member): item for item in found}


def test_every_sample_and_every_member_is_an_item_and_nothing_else_is(items: dict[Key, Item]) -> None:
    assert set(items) == set(EXPECTED)


def test_the_records_begin_with_a_header_and_end_with_a_summary_that_counts_them(
    records: list[dict[str, Any]], items: dict[Key, Item]
) -> None:
    assert [record["type"] for record in records] == ["header", *["item"] * len(items), "summary"]
    assert records[0]["as_of"] == AS_OF
    assert records[0]["watchlist"]["parts"] == len(PARTS)
    assert records[-1]["items"] == len(items)
    for finding in Finding:
        expected = sum(one.finding is finding for one in EXPECTED.values())
        assert records[-1]["findings"][finding] == expected, finding


@pytest.mark.parametrize("key", EXPECTED, ids=lambda key: "!".join(filter(None, key)))
def test_a_sample_gets_the_finding_it_deserves(key: Key, items: dict[Key, Item]) -> None:
    item, expected = items[key], EXPECTED[key]
    assert (item.finding, item.complete) == (expected.finding, expected.complete), item.reasons
    if expected.bodies is not None:
        assert len(item.bodies) == expected.bodies
    if expected.code is not None:
        assert expected.code in [reason.code for reason in item.reasons]
    for part in expected.parts:
        _check_match(item, part, expected)
    raised = {match.part for body in item.bodies for match in _raised(body)[:1]}
    assert raised == expected.parts


def test_the_demo_runs_and_says_where_its_reports_are(tmp_path: Path) -> None:
    done = run_module("examples.demo", str(tmp_path), cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "$ partwatch --home" in done.stdout
    *_, report, assemblies = done.stdout.splitlines()
    assert report.endswith(str(tmp_path / "report.html"))
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert assemblies.endswith(str(tmp_path / "assemblies.html"))
    page = (tmp_path / "assemblies.html").read_text(encoding="utf-8")
    assert page.count("<img ") >= 7
    assert "7 of 13 parts" in page


def test_the_demo_leaves_a_folder_alone_that_it_did_not_make(tmp_path: Path) -> None:
    treasure = tmp_path / "home" / "letters.txt"
    treasure.parent.mkdir()
    treasure.write_text("dear")
    with pytest.raises(DemoError, match="was not made by the demo"):
        run_demo(tmp_path)
    assert treasure.read_text() == "dear"


def _raised(body: Body) -> list[Match]:
    """The matches that raise something, best first."""
    return [match for match in body.matches if match.finding is not MatchFinding.CANDIDATE]


def _check_match(item: Item, part: str, expected: Expected) -> None:
    """Some body's best match is that part, as it should be."""
    body, match = next((b, b.matches[0]) for b in item.bodies if b.matches and b.matches[0].part == part)
    assert match.finding == expected.finding.value
    assert match.relation in expected.relations
    assert match.mirrored is expected.mirrored
    assert match.medium is expected.medium
    assert body.unit is expected.unit
    if expected.finding is Finding.MATCH:
        assert match.scale == pytest.approx(1.0, abs=0.01)
        # Of a piece the piece, of what is within something larger the part.
        piece = match.relation is Relation.PIECE_OF
        assert (match.coverage_body if piece else match.coverage_part) > 0.8
