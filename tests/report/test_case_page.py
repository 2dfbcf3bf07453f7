"""The page of a case without a browser: what it carries, what it lets run, and what no text can do."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from case_documents import overview
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from partwatch.model.case_overview import CaseOverview, Event
from partwatch.report import case_page
from partwatch.report.case_data import GROUPS, group_of, page_data, short, shown, world

HOSTILE = (
    "<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "{{script}}{{data}}{{policy}}",
    "\u202egpj.exe", "<!--", "]]>", "long " * 500, "\x00\x1b[31m", '"><svg onload=alert(1)>',
)  # fmt: skip


def text_of(document: CaseOverview) -> str:
    return "".join(case_page.page(document))


def carried(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    made: dict[str, Any] = json.loads(found[1])
    return made


def test_the_page_carries_each_node_link_and_statement_of_the_document() -> None:
    document = overview()
    data = carried(text_of(document))
    assert [row[0] for row in data["nodes"]] == [short(one.caption) for one in document.nodes]
    assert [(row[0], row[1], row[3]) for row in data["links"]] == [
        (one.left, one.right, one.bits) for one in document.links
    ]
    assert set(data["statements"]) == {str(one.number) for one in document.statements}
    for one in document.statements:
        source, prop, value, original, place, said, bits = data["statements"][str(one.number)]
        assert (source, prop, value, place, said, bits) == (
            one.source, one.prop, shown(one.shown), one.place, one.said_at, one.bits,
        )  # fmt: skip
        assert original == (one.original if one.original != one.shown else None)
    assert len(data["events"]) == len(document.events)
    assert len(data["questions"]) == 2


def test_only_its_own_script_runs_and_nothing_is_fetched() -> None:
    text = text_of(overview())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 1
    digest = b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy[1]
    assert not re.search(r"\b(src|href)=[\"'](?!#)", text)
    fetching = r"\b(fetch\(|XMLHttpRequest|WebSocket|import\(|eval\(|innerHTML|outerHTML|insertAdjacentHTML)"
    assert not re.search(fetching, scripts[0])


def test_hostile_text_stays_text() -> None:
    document = overview(captions=HOSTILE)
    text = text_of(document)
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    assert "<img" not in text
    assert "<svg" not in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert [row[0] for row in carried(text)["nodes"][:5]] == [short(one) for one in HOSTILE[:5]]


def test_hostile_words_of_a_charter_and_its_sources_stay_text() -> None:
    document = overview()
    charter = document.charter.model_copy(update=dict.fromkeys(("name", "purpose", "authority"), HOSTILE[0]))
    sources = tuple(
        one.model_copy(update={"name": HOSTILE[1], "withdrawn": HOSTILE[0]}) for one in document.sources
    )
    text = text_of(document.model_copy(update={"charter": charter, "sources": sources}))
    assert "<img" not in text
    assert text.count("<script") == 2


@settings(max_examples=4, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=6, max_size=6))
def test_any_captions_come_back_as_they_are_shown(captions: list[str]) -> None:
    document = overview(12, 14, 40, captions=tuple(captions))
    data = carried(text_of(document))
    assert [row[0] for row in data["nodes"][:6]] == [short(one) for one in captions]


def test_long_texts_are_cut_and_say_so() -> None:
    assert shown("x" * 5_000).endswith("… (5,000 characters)")
    assert len(shown("x" * 5_000)) < 1_600
    assert shown("one\ntwo\r\nthree\u2028four") == "one\ntwo\nthree\\u2028four"
    assert len(short("y " * 500)) == 160


def test_without_scripts_the_answers_and_the_sources_are_told() -> None:
    text = text_of(overview())
    short_form = re.search(r"<noscript>(.*?)</noscript>", text, re.DOTALL)
    assert short_form
    assert "withdrawn: taken beyond the order" in short_form[1]
    assert "no path." in short_form[1]


def test_the_same_case_gives_the_same_page_of_less_than_three_megabytes(tmp_path: Path) -> None:
    document = overview(500, 3_000, 5_000)
    for name in ("one", "two"):
        case_page.write(document, tmp_path / name)
    made = (tmp_path / "one").read_bytes()
    assert made == (tmp_path / "two").read_bytes()
    assert len(made) < 3_000_000


def test_each_kind_of_thing_has_its_own_shape() -> None:
    shapes = [shape for _, shape, _ in GROUPS]
    assert len(set(shapes)) == len(shapes)
    assert group_of("Person") == group_of("LegalEntity") != group_of("Parcel")
    assert group_of("never heard of") == len(GROUPS) - 1


def test_countries_without_coordinates_lie_within_themselves() -> None:
    places = world()["countries"]
    assert len(places) > 240
    assert places["FR"][:2] == pytest.approx([46.6, 2.3], abs=1.0)
    assert places["MT"][:2] == pytest.approx([35.9, 14.5], abs=0.2)
    assert all(abs(lat) <= 90 and abs(lon) <= 180 and name for lat, lon, name in places.values())
    drawn = page_data(overview())["places"]
    assert {row[1] for row in drawn} == {"coordinates", "stated"}


def test_outlines_close_and_stay_on_the_globe() -> None:
    told = world()
    for ring in told["outlines"]:
        x, y = sum(ring[0::2]), sum(ring[1::2])
        assert (x, y) == (ring[0], ring[1]), "the steps lead back to where they began"
        assert abs(ring[0]) <= 1_800
        assert abs(ring[1]) <= 900


def test_a_document_that_points_at_nothing_is_refused() -> None:
    document = overview()
    stray = Event(nodes=(999,), date="2026-01-01", kind="posted", told="", statement=1)
    with pytest.raises(ValidationError, match="no node 999"):
        CaseOverview.model_validate(document.model_dump() | {"events": [stray.model_dump()]})
    with pytest.raises(ValidationError, match="no source"):
        CaseOverview.model_validate(document.model_dump() | {"sources": []})
    with pytest.raises(ValidationError, match="no statement"):
        CaseOverview.model_validate(document.model_dump() | {"statements": []})
    with pytest.raises(ValidationError, match="no link"):
        CaseOverview.model_validate(document.model_dump() | {"links": []})
