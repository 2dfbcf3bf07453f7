"""`partwatch case` as an investigator calls it, on the tables of the documentation."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import jsonschema
import pytest

from partwatch.cli import main
from partwatch.cli.schema import MODELS, Kind

TABLES = Path(__file__).resolve().parents[2] / "docs/examples/mappings"
DIGEST = "ab" * 32
CHARTER = ("--name", "Wheels", "--authority", "Example Lab", "--legal-basis", "order 12", "--purpose", "test")


def run(home: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["--home", str(home), *arguments])
    return code, out.getvalue(), err.getvalue()


def ok(home: Path, *arguments: str) -> str:
    code, out, err = run(home, *arguments)
    assert code == 0, err
    return out


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home, and a case of four tables."""
    folder = tmp_path_factory.mktemp("case")
    case = str(folder / "case")
    ok(folder, "case", "init", case, *CHARTER, "--retention", "2099-12-31")
    for name in ("parcels", "payments", "seizures", "subscribers"):
        source = (str(TABLES / f"{name}.csv"), "--mapping", str(TABLES / f"{name}.toml"))
        ok(folder, "case", "import", case, *source, "--said-by", f"{name} office", "--reliability", "B")
    return folder


def test_nothing_goes_in_before_a_charter_is_stated(tmp_path: Path) -> None:
    table = (str(TABLES / "parcels.csv"), "--mapping", str(TABLES / "parcels.toml"), "--said-by", "x")
    code, _, err = run(tmp_path, "case", "import", str(tmp_path / "case"), *table)
    assert code == 2
    assert "case init" in err
    code, _, err = run(tmp_path, "case", "init", str(tmp_path / "case"), "--name", "x")
    assert code == 2
    assert not (tmp_path / "case").exists()


def test_a_dry_run_changes_nothing_and_the_same_source_is_taken_once(filled: Path) -> None:
    case = str(filled / "case")
    before = ok(filled, "case", "status", case, "--json")
    table = (
        str(TABLES / "parcels.csv"),
        "--mapping",
        str(TABLES / "parcels.toml"),
        "--said-by",
        "parcels office",
    )
    code, _, err = run(filled, "case", "import", case, *table, "--dry-run")
    assert code == 0
    assert "would be taken in" in err
    code, _, err = run(filled, "case", "import", case, *table)
    assert code == 0
    assert "in the case already" in err
    assert ok(filled, "case", "status", case, "--json") == before


def test_bad_rows_are_named_and_keep_the_rest_out(filled: Path, tmp_path: Path) -> None:
    text = (TABLES / "parcels.csv").read_text().replace("06/03/2024;06/03/2024", "36/13/2024;06/03/2024")
    (tmp_path / "bad.csv").write_text(text)
    table = (str(tmp_path / "bad.csv"), "--mapping", str(TABLES / "parcels.toml"), "--said-by", "x")
    errors = tmp_path / "errors.ndjson"
    code, _, err = run(filled, "case", "import", str(filled / "case"), *table, "--errors", str(errors))
    assert code == 2
    assert "nothing was taken in" in err
    rows = [json.loads(line) for line in errors.read_text().splitlines()]
    assert [row["place"] for row in rows if "36/13/2024" in row["problem"]] == ["row 3"]


def test_a_path_is_told_with_its_sources_and_falls_with_one(filled: Path) -> None:
    case = str(filled / "case")
    told = ok(filled, "case", "path", case, "A-2", DIGEST)
    assert "wheel.stl" in told
    assert "seizures.csv" in told
    document = json.loads(ok(filled, "case", "path", case, "A-2", DIGEST, "--json"))
    assert document["schema_version"] == "partwatch-case-paths-1"
    assert document["paths"][0]["sources"] == [3]
    code, _, _ = run(filled, "case", "path", case, "A-2", DIGEST, "--without", "seizures.csv")
    assert code == 2
    before = ok(filled, "case", "sources", case, "--json")
    fallen = ok(
        filled, "case", "withdraw", case, "seizures.csv", "--reason", "no order", "--dry-run", "--json"
    )
    change = json.loads(fallen)["network"]
    assert [one["name"] for one in change["sources_gone"]] == ["seizures.csv"]
    assert change["questions"][0]["before"] > 0
    assert change["questions"][0]["after"] in (None, 0.0)
    assert ok(filled, "case", "sources", case, "--json") == before


def test_what_is_asked_of_an_entity_is_answered(filled: Path) -> None:
    case = str(filled / "case")
    assert "RA473124829SE" in ok(filled, "case", "neighbours", case, "RA473124829SE", "--hops", "2")
    assert "2024-03-05" in ok(filled, "case", "timeline", case, "RA473124829SE")
    assert "communit" in ok(filled, "case", "communities", case)
    shown = json.loads(ok(filled, "case", "show", case, "RA473124829SE", "--json"))
    assert {"trackingNumber", "sender", "recipient"} <= {one["prop"] for one in shown}
    assert all(one["source_name"] == "parcels.csv" and one["place"] for one in shown)
    code, _, err = run(filled, "case", "show", case, "nobody at all")
    assert code == 2
    assert "nothing in the case" in err


def test_records_are_resolved_and_a_person_has_the_last_word(filled: Path) -> None:
    case = str(filled / "case")
    assert "people:" in ok(filled, "case", "resolve", case)
    found = [line.split()[0] for line in ok(filled, "case", "find", case, "Ada Lenoir").splitlines()]
    rest = [line.split()[0] for line in ok(filled, "case", "find", case, "Bob Maes").splitlines()]
    ok(filled, "case", "judge", case, found[0], rest[0], "different", "--reason", "two people")
    assert "ok" not in ok(filled, "case", "queue", case, "--json")
    ok(filled, "case", "judge", case, found[0], rest[0], "undone", "--reason", "said too soon")


@pytest.mark.parametrize(
    "kind", ["ftm", "ftm-statements", "ftm-statements-json", "case-uco", "misp", "stix", "graphml"]
)
def test_a_case_is_handed_over_and_the_ledger_says_so(filled: Path, tmp_path: Path, kind: str) -> None:
    case = str(filled / "case")
    before = json.loads(ok(filled, "case", "status", case, "--json"))
    moment = ("--as-of", "2026-01-31T12:00:00Z")
    ok(filled, "case", "export", case, kind, str(tmp_path / "a"), *moment)
    ok(
        filled,
        "case",
        "export",
        case,
        kind,
        str(tmp_path / "b"),
        *moment,
        "--only",
        "RA473124829SE",
        "--near",
        "1",
    )
    assert (tmp_path / "a").stat().st_size > (tmp_path / "b").stat().st_size > 0
    assert json.loads(ok(filled, "case", "status", case, "--json")) == before
    ok(filled, "case", "ledger", case, "--out", str(tmp_path / "bundle"))
    assert f'"kind":"{kind}"' in (tmp_path / "bundle/openings.jsonl").read_text()
    code, _, err = run(filled, "case", "export", case, kind, str(tmp_path / "a"), *moment)
    assert code == 2
    assert "a file already" in err
    code, _, err = run(filled, "case", "export", case, "spreadsheet", str(tmp_path / "c"))
    assert code == 2
    assert "no such export" in err
    assert not (tmp_path / "c").exists()


def test_the_pages_the_pack_and_its_ledger_are_written(filled: Path, tmp_path: Path) -> None:
    case = str(filled / "case")
    ok(filled, "case", "path", case, "A-2", DIGEST)
    pages = ("--page", str(tmp_path / "page.html"), "--html", str(tmp_path / "pack.html"))
    ok(filled, "case", "report", case, *pages, "--pdf", str(tmp_path / "pack.pdf"))
    assert (tmp_path / "pack.pdf").read_bytes().startswith(b"%PDF")
    assert "wheel.stl" in (tmp_path / "pack.html").read_text()
    assert "<svg" in (tmp_path / "page.html").read_text() or "<canvas" in (tmp_path / "page.html").read_text()
    ok(filled, "ledger", "verify", str(tmp_path / "pack-ledger.zip"))
    code, _, err = run(filled, "case", "report", case)
    assert code == 2
    assert "--pdf" in err


def test_assemblies_without_a_watch_list_say_so(filled: Path) -> None:
    document = json.loads(ok(filled, "case", "assemblies", str(filled / "case"), "--json"))
    assert document["assemblies"] == []


def test_options_that_do_not_apply_and_countries_that_are_none_are_refused(
    filled: Path, tmp_path: Path
) -> None:
    case = str(filled / "case")
    table = (str(TABLES / "parcels.csv"), "--said-by", "x")
    for wrong in (("--region", "zz"), ("--jobs", "2"), ("--no-links",)):
        code, _, err = run(filled, "case", "import", case, *table, *wrong)
        assert code == 2
        assert wrong[0] in err
    code, _, err = run(filled, "case", "import", case, str(tmp_path), "--said-by", "x", "--region", "FR")
    assert code == 2
    assert "--region" in err
    table = (*table, "--mapping", str(TABLES / "parcels.toml"))
    code, _, err = run(filled, "case", "import", case, *table)
    assert code == 2
    assert "same bytes are source 1" in err


def test_a_table_without_rows_is_said_to_say_nothing(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text((TABLES / "parcels.csv").read_text().splitlines()[0] + "\n")
    table = (str(tmp_path / "empty.csv"), "--mapping", str(TABLES / "parcels.toml"), "--said-by", "x")
    code, _, err = run(filled, "case", "import", str(filled / "case"), *table)
    assert code == 0
    assert "says nothing; nothing was taken in" in err


def test_a_folder_with_a_question_mark_in_its_name_is_that_folder(tmp_path: Path) -> None:
    case = tmp_path / "who?x=1"
    ok(tmp_path, "case", "init", str(case), *CHARTER, "--retention", "2099-12-31")
    assert (case / "case.sqlite").stat().st_size > 0
    assert (case / "case.sqlite").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["who?x=1"]


def test_forgetting_somebody_takes_what_a_withdrawn_source_says_of_them(tmp_path: Path) -> None:
    case = str(tmp_path / "case")
    ok(tmp_path, "case", "init", case, *CHARTER, "--retention", "2099-12-31")
    source = (str(TABLES / "subscribers.csv"), "--mapping", str(TABLES / "subscribers.toml"))
    ok(tmp_path, "case", "import", case, *source, "--said-by", "telco")
    ok(tmp_path, "case", "withdraw", case, "1", "--reason", "no order")
    code, _, err = run(tmp_path, "case", "withdraw", case, "1", "--reason", "again", "--dry-run")
    assert code == 2
    assert "is withdrawn already" in err
    code, _, err = run(tmp_path, "case", "forget", case, "bob", "--reason", "ordered")
    assert code == 2
    ok(tmp_path, "case", "forget", case, "Bob Maes", "--reason", "ordered")
    ok(tmp_path, "case", "withdraw", case, "1", "--reason", "found", "--reinstate")
    assert run(tmp_path, "case", "find", case, "Bob Maes")[0] == 1


def test_forgetting_leaves_a_ledger_that_verifies(filled: Path, tmp_path: Path) -> None:
    case = str(filled / "case")
    code, _, err = run(filled, "case", "forget", case, "--reason", "ordered")
    assert code == 2
    assert "--all" in err
    ok(filled, "case", "forget", case, "--source", "payments.csv", "--reason", "ordered")
    assert "payments" not in ok(filled, "case", "sources", case)
    ok(filled, "case", "ledger", case, "--check", "--out", str(tmp_path / "bundle.zip"))
    ok(filled, "ledger", "verify", str(tmp_path / "bundle.zip"))


@pytest.mark.parametrize("kind", list(MODELS))
def test_every_document_has_a_schema_that_is_one(tmp_path: Path, kind: Kind) -> None:
    document = json.loads(ok(tmp_path, "schema", kind.value))
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["properties"]


def test_what_is_answered_fits_its_schema(filled: Path) -> None:
    case = str(filled / "case")
    for kind, asked in (
        ("case-paths", ("path", case, "A-2", DIGEST)),
        ("case-neighbours", ("neighbours", case, "RA473124829SE")),
        ("case-timeline", ("timeline", case)),
        ("case-communities", ("communities", case)),
        ("case-assemblies", ("assemblies", case)),
        ("case-withdrawal", ("withdraw", case, "parcels.csv", "--reason", "tried", "--dry-run")),
    ):
        schema = json.loads(ok(filled, "schema", kind))
        jsonschema.validate(json.loads(ok(filled, "case", *asked, "--json")), schema)
