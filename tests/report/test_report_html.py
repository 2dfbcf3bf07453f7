"""The HTML report: one file, self-contained, safe with any name."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zlib
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_golden import (
    accepted_item,
    body,
    document,
    golden,
    item,
    match,
    weighed,
    weighed_document,
    weighed_golden,
)
from report_shapes import arrays, housing_view, pump_housing

from partwatch.model.document import Finding, ResultDocument
from partwatch.model.errors import DocumentError
from partwatch.model.view import encode_view
from partwatch.report import html


def page(result: ResultDocument, **options: Any) -> str:
    stream = io.StringIO()
    html.render(result, stream, **options)
    return stream.getvalue()


def blocks(text: str) -> dict[str, str]:
    return dict(re.findall(r'<script type="application/[a-z-]+" id="([^"]+)">([^<]*)</script>', text))


def without_viewer(text: str) -> str:
    return re.sub(r'(id="viewer">)[^<]*', r"\1", text)


@pytest.fixture(scope="module")
def golden_page() -> str:
    return page(golden(housing_view()))


def test_the_same_document_gives_the_same_bytes(golden_page: str) -> None:
    assert page(golden(housing_view())) == golden_page


def test_nothing_is_fetched(golden_page: str) -> None:
    visible = without_viewer(golden_page)

    assert not re.search(r"https?://|//[a-z]+\.[a-z]", visible)
    assert not re.search(r"<link|<iframe|<object|<base|@import|url\(|\bfetch\(|XMLHttpRequest", visible)
    assert not re.search(r"<(script|img)[^>]* src=", visible.replace("<img src=x", ""))


def test_the_policy_allows_only_the_scripts_that_are_inside(golden_page: str) -> None:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', golden_page)
    assert found is not None
    allowed = dict(part.strip().split(" ", 1) for part in found[1].split(";"))
    own = golden_page[golden_page.rindex("<script>") + 8 : golden_page.rindex("</script>")]
    viewer = zlib.decompress(b64decode(blocks(golden_page)["viewer"]))
    hashes = [b64encode(hashlib.sha256(text).digest()).decode() for text in (own.encode(), viewer)]

    assert allowed["default-src"] == "'none'"
    assert allowed["script-src"] == " ".join(f"'sha256-{digest}'" for digest in hashes)
    assert set(allowed) == {
        "default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"
    }  # fmt: skip


def test_the_viewer_is_inside_once_and_only_where_there_is_something_to_view(golden_page: str) -> None:
    assert golden_page.count('id="viewer"') == 1
    assert "viewer" not in blocks(page(golden()))
    assert len(page(golden())) < 100_000


def test_hostile_names_stay_text(golden_page: str) -> None:
    assert "<img src=x onerror" not in golden_page
    assert golden_page.count("</script>") == golden_page.count("<script")
    assert "\u2028" not in golden_page
    assert "\u202e" not in golden_page
    assert "\x1b" not in golden_page
    rows = json.loads(blocks(golden_page)["data-rows"])
    assert rows[4][1] == r"in\u202evoice\x1b[31m\n</script><img src=x onerror=alert(1)>\u2028[bold]&amp;.stl"


def test_a_name_cannot_stand_in_for_the_template() -> None:
    trick = item("{{data}}{{script}}.stl", Finding.UNSCREENABLE, complete=False)
    text = page(document([trick]), title="{{data}} & <b>")

    assert text.count("{{data}}{{script}}.stl") == 2  # the row, and the page without scripts
    assert "<title>{{data}} &amp; &lt;b&gt;</title>" in text
    assert text.count('id="data-rows"') == 1


def test_a_name_that_is_not_utf8_is_written(tmp_path: Path) -> None:
    html.write(document([item("broken-\udcff.stl", Finding.REVIEW)]), tmp_path / "report.html")

    assert r"broken-\\udcff.stl" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_each_item_says_what_it_is_in_words(golden_page: str) -> None:
    told = blocks(golden_page)
    first = json.loads(told["data-0"])
    match_said = first["bodies"][0]["matches"][0]

    assert "does not say what the object is for" in first["meaning"]
    assert match_said["sentences"][0].startswith("98.7 % of the listed part's surface is found in this body")
    assert match_said["weight"]["figure"] == "Not calibrated"
    assert "not calibrated yet" in match_said["weight"]["statement"]
    assert "a person decides" in match_said["meaning"].lower()
    assert match_said["transform"][0] == ["0", "-1", "0", "12.5"]
    assert dict(map(tuple, match_said["raw"]))["coverage_part"] == "0.98729"
    weak = json.loads(told["data-1"])["bodies"][0]["matches"][0]
    assert weak["generic"].startswith("Generic shape")
    assert "No picture was kept" in weak["picture"]
    assert "--views" in weak["picture"]


def test_a_body_without_matches_is_listed_with_its_size_unit_and_notes(golden_page: str) -> None:
    lid = json.loads(blocks(golden_page)["data-1"])["bodies"][1]

    assert lid["matches"] == []
    assert (lid["title"], lid["size"], lid["unit"]) == ("Body 1: lid", "62.0 × 48.5 × 50.0 mm", "mm (stated)")
    assert lid["notes"] == ["open edges: 4; closed for measuring"]


def test_the_page_names_what_it_was_made_with(golden_page: str) -> None:
    overview = json.loads(blocks(golden_page)["data-overview"])
    made = dict(map(tuple, overview["made"]))

    assert made["As of"] == "2026-11-24"
    assert made["Watch-list version"] == "b1946ac92492d234" * 4
    assert made["Program"] == "partwatch 0.1.0"
    assert overview["thresholds"] == [["match_coverage", "0.92"], ["match_distinctiveness", "0.25"]]
    assert overview["counts"] == {"match": 1, "review": 1, "unscreenable": 1, "clear": 2}


def test_pictures_and_meshes_are_kept_once_for_equal_views() -> None:
    view = housing_view()
    twice = page(document([item(name, Finding.MATCH, body(match(view))) for name in ("a.stl", "b.stl")]))

    keys = blocks(twice)
    assert sorted(key for key in keys if key.startswith("v")) == ["v0-back", "v0-front", "v0-mesh", "viewer"]
    assert b64decode(keys["v0-front"]).startswith(b"\x89PNG")


def test_the_mesh_block_holds_the_body_and_its_distances() -> None:
    points, faces = arrays(pump_housing(), 8.0)
    distance = np.linspace(0, 1, len(points))
    text = page(document([item("a", Finding.MATCH, body(match(encode_view(points, faces, distance))))]))

    counts = json.loads(blocks(text)["data-0"])["bodies"][0]["matches"][0]["picture"]["counts"]
    raw = zlib.decompress(b64decode(blocks(text)["v0-mesh"]))
    positions = np.frombuffer(raw, "<f4", 3 * counts[0]).reshape(-1, 3)
    triangles = np.frombuffer(raw, "<u4", 3 * counts[1], 12 * counts[0]).reshape(-1, 3)
    um = np.frombuffer(raw, "<u2", counts[0], 12 * (counts[0] + counts[1]))

    np.testing.assert_array_equal(positions[triangles], points[faces])
    np.testing.assert_array_equal(um[triangles], np.rint(distance * 1000)[faces])
    assert counts[2:] == [0, 0]


def test_listed_geometry_is_announced() -> None:
    shown = page(golden(housing_view(with_part=True)))

    assert json.loads(blocks(shown)["data-overview"])["ghost"] is True
    assert (
        "contains listed geometry" in json.loads(blocks(shown)["data-0"])["bodies"][0]["matches"][0]["ghost"]
    )
    assert json.loads(blocks(page(golden(housing_view())))["data-overview"])["ghost"] is False


def test_without_scripts_what_is_not_clear_is_still_listed(golden_page: str) -> None:
    short = golden_page[golden_page.index("<noscript>") : golden_page.index("</noscript>")]

    assert "orders/1042/housing.stl" in short
    assert "uploads/locked.3mf" in short
    assert "vase.stl" not in short
    assert "Clear: 2." in short


def test_five_thousand_items_stay_small(tmp_path: Path) -> None:
    view = housing_view()
    items = [item(f"order-{n:05d}.stl", Finding.CLEAR, body()) for n in range(4900)]
    items += [item(f"held-{n:03d}.stl", Finding.MATCH, body(match(view))) for n in range(100)]
    done: list[tuple[int, int]] = []

    html.write(document(items), tmp_path / "report.html", progress=lambda at, of: done.append((at, of)))

    assert (tmp_path / "report.html").stat().st_size < 8_000_000
    assert done[-1] == (5000, 5000)


def test_a_damaged_view_leaves_no_report_behind(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("the one from before", encoding="utf-8")
    view = housing_view().model_copy(update={"triangles": "AAAA"})

    with pytest.raises(DocumentError):
        html.write(golden(view), target)

    assert target.read_text(encoding="utf-8") == "the one from before"
    assert list(tmp_path.iterdir()) == [target]


def test_without_scripts_what_was_accepted_is_still_listed(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    html.write(document([accepted_item(), item("plain.stl", Finding.CLEAR)]), path)
    short = path.read_text().split("<noscript>")[1].split("</noscript>")[0]
    assert "own-housing.stl" in short
    assert "; accepted" in short
    assert "plain.stl" not in short


def test_each_match_says_what_it_is_worth_and_what_else_it_might_be() -> None:
    told = blocks(page(weighed_golden()))
    strong, against = (m["weight"] for m in json.loads(told["data-0"])["bodies"][0]["matches"])

    assert (strong["figure"], strong["support"]) == ("8.4 bits", "moderately strong support")
    assert strong["limit"] == "the most that 700 families support"
    assert strong["statement"].startswith(
        "The agreement that was measured is about 340 times more probable if"
    )
    assert strong["alerts"] == "Estimated false alerts: 0.061 per 10,000 bodies in a list of 57 parts."
    assert strong["rivals"] == [
        "Next best on the list: hand-pump / cover, score 0.71 against 0.96 here.",
        "Nearest benign look-alike of the listed part: a <b>bearing</b>; "
        "their fingerprints agree to 1.873 of 2.",
    ]
    assert (against["figure"], against["support"]) == ("−3.0 bits", "supports the other explanation")
    assert against["limit"] is None
    assert against["rivals"] == [
        "Next best on the list: nothing else on it lies on this body.",
        "Nearest benign look-alike: none is named.",
    ]


def test_the_scale_goes_from_the_bound_below_to_the_bound_above() -> None:
    at = {}
    for bits in (-8.4, -4.2, 0.0, 4.2, 8.4):
        text = page(weighed_document([item("a", Finding.REVIEW, body(weighed(bits)))]))
        at[bits] = json.loads(blocks(text)["data-0"])["bodies"][0]["matches"][0]["weight"]["scale"]

    assert [scale["at"] for scale in at.values()] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert at[4.2]["ends"] == ["−8.4", "8.4"]
    assert {scale["zero"] for scale in at.values()} == {0.5}
    # 2, 10 and 100 times, both ways; 1,000 times lies beyond the bound.
    assert sorted(at[4.2]["edges"]) == [0.1045, 0.3023, 0.4405, 0.5595, 0.6977, 0.8955]


def test_the_page_says_what_bits_rest_on_and_what_is_not_claimed() -> None:
    overview = json.loads(blocks(page(weighed_golden()))["data-overview"])

    assert dict(map(tuple, overview["basis"])) == {
        "Population": "open printed parts 1",
        "Its bodies": "4,595",
        "Families": "700",
        "Projects": "25",
        "List searched": "57 parts",
        "Bound": "8.4 bits, the most claimed",
    }
    assert overview["bits"]["claimed"].startswith("Not claimed: how probable either explanation is")
    assert overview["bits"]["words"][2] == ["from 1.0", "from 2", "weak"]
    assert overview["unweighed"] is None


def test_a_page_without_a_calibration_says_so_once_at_its_head(golden_page: str) -> None:
    overview = json.loads(blocks(golden_page)["data-overview"])

    assert overview["unweighed"].startswith("Not calibrated: no match here has a weight in bits")
    assert (overview["basis"], overview["weighed"]) == ([], False)


def test_rows_carry_their_bits_to_be_sorted_by() -> None:
    rows = json.loads(blocks(page(weighed_golden()))["data-rows"])

    assert [row[-4:] for row in rows] == [
        [8.4, "8.4 bits", "moderately strong support", "the most that 700 families support"],
        [0.8, "0.8 bits", "no support", ""],
        [None, "", "", ""],
    ]


def test_bits_that_are_no_number_are_not_calibrated() -> None:
    odd = match(bits=float("inf"), evidence=weighed(2.0).evidence)
    text = page(weighed_document([item("a", Finding.MATCH, body(odd))]))

    said = json.loads(blocks(text)["data-0"])["bodies"][0]["matches"][0]["weight"]
    assert (said["figure"], said["support"], said["alerts"], said["rivals"]) == (
        "Not calibrated",
        None,
        None,
        [],
    )


def test_without_scripts_bits_and_what_they_rest_on_are_told() -> None:
    short = page(weighed_golden()).split("<noscript>")[1].split("</noscript>")[0]

    assert "<td>8.4 bits, moderately strong support, the most that 700 families support</td>" in short
    assert "4,595 bodies of 700 families and 25 projects" in short
    assert "Not claimed" in short
    assert "Not calibrated" in page(golden()).split("<noscript>")[1].split("</noscript>")[0]
