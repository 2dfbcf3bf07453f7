"""People and firms of small cases, some of whom are one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from partwatch.case.statements import record_key
from partwatch.case.store import CaseStore

Rows = Sequence[tuple[str, Mapping[str, str]]]
MakeCase = Callable[..., CaseStore]


def key(source: str, place: int, schema: str = "Person") -> str:
    return record_key(source * 64, schema, str(place))


ANNA = {
    "name": "Anna Müller",
    "birthDate": "1980-05-04",
    "phone": "+49 151 2345678",
    "email": "anna.mueller@mail.example",
}
ANNA_TOO = {
    "name": "Mueller, Anna",
    "birthDate": "1980-04-05",
    "phone": "+491512345678",
    "email": "anna.mueller@mail.example",
}
SENIOR = {
    "name": "Otto Brand Sr.",
    "birthDate": "1950-01-02",
    "phone": "+4930111222",
    "address": "Ring Street 4, 10115 Berlin",
}
JUNIOR = {
    "name": "Otto Brand Jr.",
    "birthDate": "1979-07-09",
    "phone": "+4930111222",
    "address": "Ring Street 4, 10115 Berlin",
}
EITHER = {"name": "Otto Brand", "phone": "+4930111222", "address": "Ring Street 4, 10115 Berlin"}
FIRM = {
    "name": "Kolb Plastics GmbH",
    "phone": "+49309999999",
    "email": "info@kolb.example",
    "registrationNumber": "HR 123456",
}
FIRM_TOO = {"name": "Kolb Plastics", "phone": "+49309999999", "registrationNumber": "HR123456"}
STRANGERS = [
    {"name": name, "birthDate": birth, "phone": phone}
    for name, birth, phone in (
        ("Clara Weiss", "1991-11-30", "+48600100200"), ("Jan Kowal", "1968-02-11", "+48600100201"),
        ("Mia Lang", "2001-03-15", "+48600100202"), ("Paul Richter", "1955-08-08", "+48600100203"),
    )
]  # fmt: skip
