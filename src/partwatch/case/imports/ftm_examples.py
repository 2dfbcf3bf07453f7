"""Tiny files of followthemoney, for the contract test."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from partwatch.case.imports.base import Example


def _lines(*told: dict[str, Any] | str) -> bytes:
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in told).encode()


def examples() -> Iterable[Example]:
    """Entities, and statements."""
    person: dict[str, Any] = {
        "id": "p1", "schema": "Person", "properties": {"name": ["Ada L"], "phone": ["+33 6 12 34 56 78"],
        "height": ["170"]},
    }  # fmt: skip
    account = {
        "id": "a1",
        "schema": "BankAccount",
        "properties": {"iban": ["BE68 5390 0754 7034"], "name": ["Main"]},
    }
    payment = {
        "id": "x1", "schema": "Payment",
        "properties": {"payer": ["p1"], "payerAccount": ["a1"], "amount": ["12.50"], "date": ["2024-03-05"]},
    }  # fmt: skip
    board = {"id": "d1", "schema": "Directorship", "properties": {"director": ["p1"], "organization": ["o1"]}}
    yield Example(
        "entities",
        {"a.ftm.json": _lines(person, "no JSON", payment, account, board, {"id": "z", "schema": "Unheard"})},
        "a.ftm.json",
        (
            ("Person", "name", "Ada L"),
            ("Person", "phone", "+33612345678"),
            ("BankAccount", "iban", "BE68539007547034"),
            ("Payment", "amount", "12.5"),
            ("Payment", "date", "2024-03-05"),
        ),
        errors=2,
    )
    common = {"entity_id": "p1", "canonical_id": "p1", "schema": "Person", "dataset": "d", "lang": None}
    yield Example(
        "statements",
        {
            "a.json": _lines(
                {**common, "id": "s1", "prop": "name", "value": "Ada L", "original_value": "L, Ada"},
                {**common, "id": "s2", "prop": "id", "value": "p1"},
                {**common, "id": "s3", "prop": "birthDate", "value": "1980"},
            )
        },
        "a.json",
        (("Person", "name", "Ada L"), ("Person", "birthDate", "1980")),
    )
