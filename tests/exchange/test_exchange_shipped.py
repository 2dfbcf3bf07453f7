"""What ships beside the exports is what they use."""

from __future__ import annotations

from pathlib import Path

import pytest

from partwatch.case.vocabulary import SCHEMATA
from partwatch.exchange import EXPORTERS
from partwatch.exchange.shipped import shipped

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize(("name", "text"), shipped().items(), ids=list(shipped()))
def test_it_is_up_to_date(name: str, text: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == text, (
        "run `python -m partwatch.exchange.shipped docs/reference`"
    )


def test_nothing_is_left_of_schemata_that_are_gone() -> None:
    there = {path.relative_to(REFERENCE).as_posix() for path in REFERENCE.glob("misp-objects/*/*")}
    assert there == {name for name in shipped() if name.startswith("misp-objects/")}


@pytest.mark.parametrize("kind", list(EXPORTERS))
def test_the_page_describes_every_format(kind: str) -> None:
    assert f"`{kind}`" in (REFERENCE / "exchange.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("schema", list(SCHEMATA))
def test_the_page_says_what_every_schema_is_told_as(schema: str) -> None:
    rows = (REFERENCE / "exchange.md").read_text(encoding="utf-8").splitlines()
    assert any(row.startswith("|") and schema in row.split("|")[1] for row in rows)
