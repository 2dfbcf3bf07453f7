"""Records of people, organisations and addresses, as columns that Splink compares.

One row an entity of a source: what sources say is one already is not asked again. Each column holds text or
nothing, lists where several are said; values are folded, so that spelling alone sets nobody apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np

from partwatch.case.resolution import words
from partwatch.case.view import CaseView
from partwatch.case.vocabulary import SCHEMATA, most_specific

Said = Mapping[str, Sequence[str]]
_MOST_VALUES: Final = 8
_LONGEST: Final = 500  # characters of a value that are compared


class Kind(StrEnum):
    """What is compared with its like only."""

    PERSON = "person"
    ORGANIZATION = "organization"
    ADDRESS = "address"


@dataclass(frozen=True)
class Records:
    """n records of a kind. keys: of their entities, rising. columns: n values each; `TEXTS` hold text or
    None, `LISTS` lists of it or None, `tf_...` the share of records that hold that text."""

    kind: Kind
    keys: tuple[str, ...]
    columns: Mapping[str, list[Any]]

    def __len__(self) -> int:
        return len(self.keys)


TEXTS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.PERSON: (
        "given", "family", "generation", "birth", "phone", "email", "mailname", "street", "postcode", "city",
    ),
    Kind.ORGANIZATION: ("name", "phone", "email", "domain", "street", "postcode", "city", "country"),
    Kind.ADDRESS: ("street", "number", "postcode", "city", "country"),
}  # fmt: skip
LISTS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.PERSON: ("givens", "phones", "emails", "ids"),
    Kind.ORGANIZATION: ("words", "phones", "ids"),
    Kind.ADDRESS: (),
}
# Texts of which some are more common than others, and how common one that nobody else has is held to be: as
# of one among so many. A case of ten records says little of that, hence as many more records are thought of.
RARE: Final[Mapping[str, float]] = {
    "given": 1 / 500, "family": 1 / 3000, "name": 1 / 20_000, "phone": 1 / 50_000, "email": 1 / 50_000,
    "street": 1 / 20_000, "postcode": 1 / 1000, "city": 1 / 300,
}  # fmt: skip
THOUGHT_OF: Final = 1000
LEAST_SHARE: Final = 1e-5

_TOLD: Final = (
    "name alias weakAlias previousName firstName secondName middleName lastName title birthDate phone "
    "email registrationNumber idNumber taxNumber vatCode passportNumber country nationality "
    "jurisdiction address addressEntity full street street2 city postalCode region state"
)
_WANTED: Final = frozenset(_TOLD.split())
_IDS: Final = ("idNumber", "passportNumber", "taxNumber", "registrationNumber", "vatCode")
_RECORDS: Final = frozenset(("Person", "LegalEntity", "Organization", "Company", "Address"))


def records_of(view: CaseView) -> dict[Kind, Records]:
    """The records of a case by kind; entities as sources have them, whatever was merged."""
    said, schemata = _said(view)
    of_kind: dict[Kind, dict[str, Said]] = {kind: {} for kind in Kind}
    for place, found in said.items():
        kind = kind_of(most_specific(frozenset(schemata[place])), found)
        if kind is not None:
            of_kind[kind][view.keys[place]] = _with_addresses(found, said, view)
    return {kind: records(kind, found) for kind, found in of_kind.items()}


def kind_of(schema: str, said: Said) -> Kind | None:
    """What it is compared with; None where it is no record. A LegalEntity is a person unless its name has a
    legal form in it, or it has the number of a register."""
    known = SCHEMATA.get(schema)
    if known is None or schema not in _RECORDS:
        return None
    if schema == "Address":
        return Kind.ADDRESS
    if known.is_a("Organization"):
        return Kind.ORGANIZATION
    company = schema == "LegalEntity" and (
        any(map(words.looks_like_company, said.get("name", ())))
        or any(said.get(prop) for prop in ("registrationNumber", "vatCode"))
    )
    return Kind.ORGANIZATION if company else Kind.PERSON


def records(kind: Kind, said: Mapping[str, Said]) -> Records:
    """Rows from what is said of each entity, by its key: property to values. Those of which nothing is said
    that could be compared are left out."""
    row_of = _ROWS[kind]
    rows = [(key, row) for key in sorted(said) if any((row := row_of(said[key])).values())]
    columns: dict[str, list[Any]] = {
        name: [row.get(name) or None for _, row in rows] for name in (*TEXTS[kind], *LISTS[kind])
    }
    for name in TEXTS[kind]:
        if name in RARE:
            columns[f"tf_{name}"] = _shares(name, columns[name])
    return Records(kind, tuple(key for key, _ in rows), columns)


def _shares(name: str, values: Sequence[str | None]) -> list[float | None]:
    """How common each value is; the two of a pair that share it are no sign of its being common."""
    counts = Counter(value for value in values if value is not None)
    total = THOUGHT_OF + sum(counts.values())
    share = {
        value: max((max(count - 2, 0) + THOUGHT_OF * RARE[name]) / total, LEAST_SHARE)
        for value, count in counts.items()
    }
    return [None if value is None else share[value] for value in values]


def _said(view: CaseView) -> tuple[dict[int, dict[str, list[str]]], dict[int, set[str]]]:
    """Values by place and property, and schemata by place, of records alone."""
    of_record = np.array([name in _RECORDS for name in view.schemata] or [False])
    wanted = np.array([name in _WANTED for name in view.props] or [False])
    said: dict[int, dict[str, list[str]]] = {}
    schemata: dict[int, set[str]] = {}
    rows = np.flatnonzero(of_record[view.schema]) if len(view) else np.zeros(0, np.int64)
    places, codes, props = (
        view.entity[rows].tolist(), view.schema[rows].tolist(), view.prop[rows].tolist()
    )  # fmt: skip
    for row, place, code, prop in zip(rows.tolist(), places, codes, props, strict=True):
        schemata.setdefault(place, set()).add(view.schemata[code])
        found = said.setdefault(place, {})
        if wanted[prop]:
            values = found.setdefault(view.props[prop], [])
            if len(values) < _MOST_VALUES and view.values[row] not in values:
                values.append(view.values[row])
    return said, schemata


def _with_addresses(found: Said, said: Mapping[int, Said], view: CaseView) -> Said:
    """The parts of the addresses it points to, as its own."""
    told = dict(found)
    for key in found.get("addressEntity", ()):
        place = view.place_of.get(key, -1)
        for name in ("full", "street", "postalCode", "city", "country"):
            if place in said and (values := said[place].get(name)):
                told[name] = [*told.get(name, ()), *values]
    return told


def _person(said: Said) -> dict[str, Any]:
    names = [words.split_name(name) for prop in ("name", "alias", "previousName") for name in _of(said, prop)]
    given, generation = words.given_names(" ".join(_of(said, "firstName", "secondName", "middleName")))
    family = [words.split_name(f"x {name}").family for name in _of(said, "lastName")]
    for name in names:
        generation = generation or name.generation
    first = given or [word for name in names for word in name.given]
    emails = [email.casefold() for email in _of(said, "email")]
    phones = _numbers(said)
    row: dict[str, Any] = {
        "given": next(iter(first), None),
        "family": next((name for name in (*family, *(name.family for name in names)) if name), None),
        "generation": generation,
        "givens": _several([*given, *(word for name in names for word in name.given)]),
        "birth": next((date[:10] for date in _of(said, "birthDate") if date[:4].isdigit()), None),
        "phone": next(iter(phones), None),
        "phones": _several(phones),
        "email": next(iter(emails), None),
        "emails": _several(emails),
        "mailname": next((name for name in map(_mailname, emails) if name), None),
        "ids": _several([words.folded(one).replace(" ", "") for one in _of(said, *_IDS)]),
    }
    return row | _place(said)


def _organization(said: Said) -> dict[str, Any]:
    names = [words.company(name) for name in _of(said, "name", "alias", "previousName")]
    emails = [email.casefold() for email in _of(said, "email")]
    phones = _numbers(said)
    row: dict[str, Any] = {
        "name": next(iter(names), None),
        "words": _several([word for name in names for word in name.split()]),
        "phone": next(iter(phones), None),
        "phones": _several(phones),
        "email": next(iter(emails), None),
        "domain": next((email.rpartition("@")[2] for email in emails), None),
        "ids": _several([words.folded(one).replace(" ", "") for one in _of(said, *_IDS)]),
        "country": next(iter(_of(said, "country", "jurisdiction")), None),
    }
    return row | _place(said)


def _address(said: Said) -> dict[str, Any]:
    row: dict[str, Any] = _place({**said, "address": _of(said, "full", "address", "name")})
    numbers = [word for word in (row["street"] or "").split() if word[0].isdigit()]
    return row | {"number": " ".join(numbers), "country": next(iter(_of(said, "country")), None)}


def _place(said: Said) -> dict[str, str]:
    whole = [words.split_address(text) for text in _of(said, "full", "address")]
    told = words.Place(
        next((words.street(one) for one in _of(said, "street")), ""),
        next((words.folded(one).replace(" ", "") for one in _of(said, "postalCode")), ""),
        next((words.folded(one) for one in _of(said, "city", "region")), ""),
    )
    return {
        name: next((value for one in (told, *whole) if (value := getattr(one, name))), "")
        for name in words.Place._fields
    }


def _of(said: Said, *props: str) -> list[str]:
    """What is said, without halves of characters that no database takes."""
    told = (value[:_LONGEST] for prop in props for value in said.get(prop, ()))
    return [value for one in told if (value := one.encode("utf-8", "ignore").decode().strip())]


def _several(values: Iterable[str]) -> list[str]:
    return sorted(dict.fromkeys(value for value in values if value))[:_MOST_VALUES]


def _numbers(said: Said) -> list[str]:
    """Telephone numbers as digits; importers have made them E.164 where they could."""
    found = ("".join(letter for letter in one if letter.isdigit()) for one in _of(said, "phone"))
    return [number for number in found if len(number) >= 5]


def _mailname(email: str) -> str:
    """What stands before the @, where it is long enough to be somebody's own."""
    name = words.folded(email.partition("@")[0]).replace(" ", "")
    return name if len(name) >= 6 else ""


_ROWS: Final[Mapping[Kind, Callable[[Said], dict[str, Any]]]] = {
    Kind.PERSON: _person, Kind.ORGANIZATION: _organization, Kind.ADDRESS: _address,
}  # fmt: skip
