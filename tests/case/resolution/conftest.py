"""Cases with people in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from resolution_samples import ANNA, ANNA_TOO, EITHER, JUNIOR, SENIOR, STRANGERS, MakeCase, Rows, key

from partwatch.case.charter import Charter
from partwatch.case.spool import Spool
from partwatch.case.statements import SourceInfo, Statement
from partwatch.case.store import CaseStore

pytest.importorskip("splink", reason="the extra `case` is not installed")


@pytest.fixture
def make_case(tmp_path: Path) -> MakeCase:
    """A case of sources by letter: rows of schema and what is said."""

    def make(**sources: Rows) -> CaseStore:
        charter = Charter("trial", "the lab", "a law", "to test", date(2990, 1, 1))
        store = CaseStore.create(str(tmp_path / "case"), charter, "a tester")
        for letter, rows in sources.items():
            with Spool() as spool:
                spool.add(
                    Statement(key(letter, place, schema), schema, prop, value, f"row {place}")
                    for place, (schema, said) in enumerate(rows)
                    for prop, value in said.items()
                )
                store.take_in(
                    SourceInfo("table", f"{letter}.csv", letter * 64, "the police"), spool, "a tester"
                )
        return store

    return make


@pytest.fixture
def small(make_case: MakeCase) -> CaseStore:
    """Nine records of people in two sources; Anna is in both."""
    return make_case(
        a=[("Person", one) for one in (ANNA, SENIOR, JUNIOR, *STRANGERS)],
        b=[("Person", ANNA_TOO), ("Person", EITHER)],
    )
