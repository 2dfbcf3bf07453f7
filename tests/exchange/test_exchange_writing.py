"""Texts that try to break out of where they are written."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.case.vocabulary import Property, Type
from partwatch.exchange.pseudonyms import Pseudonyms
from partwatch.exchange.writing import JsonArray, Sink, clean, json_text, xml_safe, xml_text

ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=60)
PSEUDONYMS = Pseudonyms(b"k" * 32)


@given(ANY_TEXT)
def test_json_is_read_back_but_for_lone_surrogates(text: str) -> None:
    told = json_text({"a": [text]})
    assert json.loads(told) == {"a": [clean(text)]}
    assert told.encode("utf-8")
    assert not set("<>&\u202e\u2066\u2028\x7f\x85\ufeff\n") & set(told)


@given(ANY_TEXT)
def test_xml_is_read_back_but_for_what_xml_cannot_hold(text: str) -> None:
    told = ElementTree.fromstring(f'<a b="{xml_text(text)}">{xml_text(text)}</a>')  # noqa: S314  # ours
    assert told.text == told.get("b") or not text
    if xml_safe(text):
        assert (told.text or "") == text


def test_numbers_that_json_has_no_words_for_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_text(float("nan"))


def test_a_sink_knows_what_it_wrote() -> None:
    out = io.BytesIO()
    sink = Sink(out)
    array = JsonArray(sink)
    array.add({"a": "\ud800"})
    array.add(1)
    assert array.close() == 2
    assert json.loads(out.getvalue()) == [{"a": "\ufffd"}, 1]
    assert sink.size_bytes == len(out.getvalue())


@given(ANY_TEXT, st.sampled_from([one for one in Type if one is not Type.ENTITY]))
def test_a_pseudonym_of_an_identifier_holds_nothing_of_it(text: str, kind: Type) -> None:
    prop = Property("anything", kind)
    if not PSEUDONYMS.tells(prop):
        return
    told = PSEUDONYMS.value("Person", prop, text)
    assert told.isascii()
    assert told == text or len(text) < 6 or text not in told
    if kind in (Type.NAME, Type.PHONE, Type.EMAIL, Type.ADDRESS, Type.IDENTIFIER):
        assert told != text
        assert told == PSEUDONYMS.value("LegalEntity", prop, f" {text} ")


@pytest.mark.parametrize(
    ("kind", "kept", "replaced"),
    [
        (Type.DATE, "2024-05-01T10:00:00Z", "born to Anna Koval"),
        (Type.COUNTRY, "fr", "Anna Koval"),
        (Type.NUMBER, "12.50", "12 to Anna"),
        (Type.CHECKSUM, "0f" * 32, "anna_k"),
        (Type.MIMETYPE, "model/3mf", "Anna/Koval"),
        (Type.LANGUAGE, "fr", "anna"),
    ],
)
def test_what_tells_of_nobody_stays_only_where_it_looks_so(kind: Type, kept: str, replaced: str) -> None:
    prop = Property("anything", kind)
    assert PSEUDONYMS.value("Person", prop, kept) == kept
    assert "nna" not in PSEUDONYMS.value("Person", prop, replaced)
    assert PSEUDONYMS.value("Person", Property("birthDate", Type.DATE), "1990-05-17") == "1990"
    assert PSEUDONYMS.moment("Anna said") is None


def test_pseudonyms_of_different_types_have_nothing_in_common() -> None:
    told = [
        PSEUDONYMS.value("Person", Property("p", kind), "x")
        for kind in (Type.NAME, Type.EMAIL, Type.IDENTIFIER)
    ]
    digests = [one.partition("-")[2] or one.partition("@")[0] for one in told]
    assert len(set(digests)) == 3


def test_a_place_that_could_hold_a_name_is_replaced() -> None:
    assert PSEUDONYMS.place("row 12") == "row 12"
    assert "Anna" not in PSEUDONYMS.place("chats/Anna.html, message 3")
