"""Cases with people in them: made once, opened by whoever needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from partwatch.case.statements import SourceInfo, Statement, record_key
from partwatch.case.store import CaseStore, Charter, Spool

pytest.importorskip("splink", reason="the extra `case` is not installed")

Rows = Sequence[tuple[str, Mapping[str, str]]]
MakeCase = Callable[..., CaseStore]


def key(source: str, place: int, schema: str = "Person") -> str:
    return record_key(source * 64, schema, str(place))


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
                store.take_in(SourceInfo("table", f"{letter}.csv", letter * 64, "the police"), spool, "a tester")
        return store

    return make


ANNA = {"name": "Anna Müller", "birthDate": "1980-05-04", "phone": "+49 151 2345678", "email": "anna.mueller@mail.example"}
ANNA_TOO = {"name": "Mueller, Anna", "birthDate": "1980-04-05", "phone": "+491512345678", "email": "anna.mueller@mail.example"}
SENIOR = {"name": "Otto Brand Sr.", "birthDate": "1950-01-02", "phone": "+4930111222", "address": "Ring Street 4, 10115 Berlin"}
JUNIOR = {"name": "Otto Brand Jr.", "birthDate": "1979-07-09", "phone": "+4930111222", "address": "Ring Street 4, 10115 Berlin"}
EITHER = {"name": "Otto Brand", "phone": "+4930111222", "address": "Ring Street 4, 10115 Berlin"}
FIRM = {"name": "Kolb Plastics GmbH", "phone": "+49309999999", "email": "info@kolb.example", "registrationNumber": "HR 123456"}
FIRM_TOO = {"name": "Kolb Plastics", "phone": "+49309999999", "registrationNumber": "HR123456"}
STRANGERS = [
    {"name": name, "birthDate": birth, "phone": phone}
    for name, birth, phone in (
        ("Clara Weiss", "1991-11-30", "+48600100200"), ("Jan Kowal", "1968-02-11", "+48600100201"),
        ("Mia Lang", "2001-03-15", "+48600100202"), ("Paul Richter", "1955-08-08", "+48600100203"),
    )
]  # fmt: skip


@pytest.fixture
def small(make_case: MakeCase) -> CaseStore:
    """Ten people and two firms in two sources; Anna and the firm are in both."""
    return make_case(
        a=[*(("Person", one) for one in (ANNA, SENIOR, JUNIOR, *STRANGERS)), ("Company", FIRM)],
        b=[("Person", ANNA_TOO), ("Person", EITHER), ("LegalEntity", FIRM_TOO)],
    )
