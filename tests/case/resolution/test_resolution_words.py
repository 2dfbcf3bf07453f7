"""Names and addresses: spelling alone sets nobody apart, and parts are found where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.case.resolution import words
from partwatch.case.resolution.words import Name, Place


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "mueller"), ("STRASSE", "straße"), ("Łukasz", "lukasz"), ("Øystein", "oystein"),
        ("Наталья", "natalia"), ("  O'Brien ", "o brien"), ("Ａｎｎａ", "anna"), ("José", "jose"),
        ("Ёлкин", "Елкин"), ("Mu\u0308ller", "Müller"),
    ],
)  # fmt: skip
def test_spellings_of_one_name_fold_together(one: str, other: str) -> None:
    assert words.folded(one) == words.folded(other)


@given(st.text())
def test_folding_never_fails_and_is_done_once(text: str) -> None:
    once = words.folded(text)
    assert words.folded(once) == once
    words.split_name(text)
    words.split_address(text)
    words.street(text)
    words.company(text)
    assert len(words.phonetic(once)) <= 5


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna Maria Müller", Name(("anna", "maria"), "mueller", None)),
        ("Müller, Anna", Name(("anna",), "mueller", None)),
        ("Dr. Jan van der Berg", Name(("jan",), "van der berg", None)),
        ("Otto Brand Jr.", Name(("otto",), "brand", "junior")),
        ("Otto Brand, Jr.", Name(("otto",), "brand", "junior")),
        ("Plato", Name((), "plato", None)),
        ("", Name((), "", None)),
    ],
)
def test_a_name_is_split(text: str, name: Name) -> None:
    assert words.split_name(text) == name


def test_a_company_is_told_by_its_legal_form() -> None:
    assert words.looks_like_company("Kolb Plastics GmbH")
    assert not words.looks_like_company("Anna Müller")
    assert words.company("Kolb Plastics G.m.b.H.") == words.company("KOLB PLASTICS")
    assert words.company("GmbH") == "gmbh"


def test_an_address_is_split() -> None:
    assert words.split_address("12 Ring St., 10115 Berlin, DE") == Place("ring street 12", "10115", "berlin")
    assert words.split_address("Ringstraße 12, 10115 Berlin").street == words.street("Ring Str. 12")
    assert words.split_address("") == Place("", "", "")
