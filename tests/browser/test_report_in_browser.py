"""The HTML report in a real browser: it opens, filters, draws in 3D, prints, and never complains.

With PARTWATCH_SCREENSHOTS=folder each page is also saved there as a picture, to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from report_golden import (
    HOSTILE,
    accepted_item,
    body,
    document,
    golden,
    item,
    match,
    review_item,
    weighed,
    weighed_document,
    weighed_golden,
)
from report_shapes import housing_view

from partwatch.model.document import Finding, ResultDocument
from partwatch.report import html

# What chromium's software WebGL says of its own speed; not the page's doing.
HARMLESS = ("GPU stall due to ReadPixels", "willReadFrequently")
Open = Callable[..., Any]


@pytest.fixture
def open_report(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Writes a report and opens it offline; at the end, nothing may have been logged or fetched."""
    complaints: list[str] = []
    contexts = []

    def complain(message: Any) -> None:
        if not any(harmless in message.text for harmless in HARMLESS):
            complaints.append(f"{message.type}: {message.text}")

    def asked(request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            complaints.append(f"fetched {request.url}")

    def opened(result: ResultDocument, width: int = 1280, **options: Any) -> Any:
        path = tmp_path / "report.html"
        html.write(result, path)
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", asked)
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.goto(path.as_uri())
        page.wait_for_selector("#main:not([hidden])")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def snapshot(page: Any, name: str, full: bool = True) -> None:
    if folder := os.environ.get("PARTWATCH_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=full)


def many(count: int) -> ResultDocument:
    view = housing_view()
    items = []
    for n in range(count):
        path = f"uploads/2026-11/order-{n:05d}.stl"
        if n % 100 == 0:
            strong = match(view if n < 1000 else None, coverage_part=0.93 + 0.07 * n / count, score=n / count)
            items.append(item(path, Finding.MATCH, body(strong)))
        elif n % 40 == 1:
            items.append(review_item().model_copy(update={"path": path}))
        elif n % 50 == 2:
            items.append(item(path, Finding.UNSCREENABLE, complete=False))
        else:
            items.append(item(path, Finding.CLEAR, body(name=None)))
    return document(items)


def test_a_report_on_one_item_opens_on_it(open_report: Open) -> None:
    page = open_report(document([item("housing.stl", Finding.MATCH, body(match(housing_view())))]))

    assert page.locator("td.detail").count() == 1
    assert "98.7\u00a0% of the listed part's surface" in page.inner_text("td.detail")
    assert page.locator(".shots img").count() == 2
    assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 100 && image.alt)")
    snapshot(page, "one-item")


def test_the_3d_view_is_made_on_opening_and_destroyed_on_closing(open_report: Open) -> None:
    page = open_report(document([item("housing.stl", Finding.MATCH, body(match(housing_view())))]))
    assert page.evaluate("typeof window.Plotly") == "undefined"

    for _ in range(20):  # more often than a browser has WebGL contexts
        page.click("text=Open 3D view")
        page.wait_for_selector(".space canvas")
        page.click("text=Close 3D view")
        assert page.locator("canvas").count() == 0
    page.click("text=Open 3D view")
    page.wait_for_selector(".space canvas")
    box = page.locator(".space").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + 20)
    page.wait_for_selector(".hoverlayer text, .hovertext, .space svg text:has-text('listed part')")
    snapshot(page, "match-3d")

    page.click("tr.row")
    assert page.locator("canvas").count() == 0


def test_the_3d_view_has_the_pictures_colours(open_report: Open) -> None:
    page = open_report(document([item("housing.stl", Finding.MATCH, body(match(housing_view())))]))
    page.click("text=Open 3D view")
    page.wait_for_selector(".space canvas")
    traces = page.evaluate("document.querySelector('.space').data.map((t) => [t.i.length, t.cmax || 0])")

    assert traces == [[44958, 8.0]]


def test_listed_geometry_is_announced_at_the_top_and_at_the_match(open_report: Open) -> None:
    page = open_report(golden(housing_view(with_part=True)))
    page.click("tr.row")

    assert page.locator("#geometry").is_visible()
    assert "listed geometry" in page.inner_text(".match .grave")
    page.click("text=Open 3D view")
    page.wait_for_selector(".space canvas")
    assert page.evaluate("document.querySelector('.space').data.length") == 2
    snapshot(page, "listed-geometry")


def test_five_thousand_items_filter_search_sort_and_page(open_report: Open) -> None:
    page = open_report(many(5000))
    snapshot(page, "many-items", full=False)

    assert page.locator("tr.row").count() == 100
    assert page.inner_text("#count") == "5,000 items"
    assert page.inner_text("tr.row >> nth=0").startswith("match")
    spent = page.evaluate("""() => {
      const from = performance.now();
      const input = document.querySelector("#search");
      input.value = "order-0421";
      input.dispatchEvent(new Event("input"));
      return performance.now() - from;
    }""")
    assert page.inner_text("#count") == "10 of 5,000 items"
    assert spent < 1000
    page.fill("#search", "")
    page.click(".card.t-review")
    assert page.inner_text("#count") == "125 of 5,000 items"
    page.click(".card.t-review")
    page.click("th.c-item button")
    assert "order-00000" in page.inner_text("tr.row >> nth=0")
    page.click("th.c-item button")
    assert page.get_attribute("th.c-item", "aria-sort") == "descending"
    page.click("#pager >> text=Next")
    assert "order-04899" in page.inner_text("tr.row >> nth=0")
    page.fill("#search", "no such thing")
    assert page.locator("#none").is_visible()
    page.click("#reset")
    assert page.inner_text("#count") == "5,000 items"


def test_it_works_with_the_keyboard_alone(open_report: Open) -> None:
    page = open_report(golden(housing_view()))

    page.locator(".toggle").first.focus()
    page.keyboard.press("Enter")
    assert page.get_attribute(".toggle >> nth=0", "aria-expanded") == "true"
    assert page.locator("td.detail").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('.match') !== null")


def test_a_hostile_name_is_only_ever_text(open_report: Open) -> None:
    page = open_report(document([item(HOSTILE, Finding.REVIEW, body(name=HOSTILE, notes=(HOSTILE,)))]))

    assert page.locator("img").count() == 0
    assert "onerror=alert(1)" in page.inner_text("tr.row")
    assert page.locator("script[src]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(open_report: Open, scheme: str) -> None:
    page = open_report(golden(housing_view()), width=390, color_scheme=scheme, device_scale_factor=2)
    page.click("tr.row >> nth=0")
    page.click("text=Raw numbers and transform >> nth=0")

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    snapshot(page, f"phone-{scheme}")


def test_dark_mode_is_dark(open_report: Open) -> None:
    page = open_report(golden(housing_view()), color_scheme="dark")
    page.click("#all")
    page.click("text=What the findings mean")

    shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert shade == "rgb(18, 21, 26)"
    snapshot(page, "dark")


def test_on_paper_all_but_the_clear_is_opened(open_report: Open, tmp_path: Path) -> None:
    page = open_report(golden(housing_view()))

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("td.detail").count() == 3
    assert not page.locator(".match .solid").first.is_visible()
    assert page.locator(".matrix").first.is_visible()
    snapshot(page, "print")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("td.detail").count() == 0


def test_an_address_can_name_an_item(open_report: Open) -> None:
    page = open_report(many(500))
    page.goto(page.url + "#item-450")
    page.reload()
    page.wait_for_selector("#main:not([hidden])")

    assert page.locator("#detail-450").count() == 1


def test_without_scripts_the_short_form_is_shown(open_report: Open, browser: Any, tmp_path: Path) -> None:
    html.write(golden(), tmp_path / "plain.html")
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((tmp_path / "plain.html").as_uri())

    assert "uploads/locked.3mf" in page.inner_text("noscript")
    context.close()


def test_an_accepted_match_is_in_sight_with_its_reason(open_report: Open) -> None:
    page = open_report(document([*golden().items, accepted_item(housing_view())]))
    row = page.locator("tr.row", has_text="own-housing.stl")
    assert "all of it accepted" in row.inner_text()
    assert "accepted" in row.locator(".c-best").inner_text()
    row.click()
    notice = page.locator(".match .accepted")
    assert notice.inner_text() == (
        "Accepted on 2026-11-01 by A. Example, until 2027-11-01: our own <b>product</b>"
    )
    assert "1 item with accepted matches" in page.locator("#totals").inner_text()
    snapshot(page, "accepted")


def test_a_match_shows_its_bits_on_a_scale_that_a_screen_reader_can_read(open_report: Open) -> None:
    page = open_report(weighed_golden(housing_view()))
    page.click("tr.row >> nth=0")
    block = page.locator(".weight").first

    assert block.locator(".figure").inner_text() == "8.4\u00a0bits"
    assert block.locator(".word").inner_text() == "moderately strong support"
    assert "(the most that 700 families support)" in block.inner_text()
    assert "340 times more probable if this body derives from" in block.inner_text()
    assert "a <b>bearing</b>" in block.inner_text()
    assert page.get_by_role("img", name="8.4 bits on a scale from −8.4, unrelated, to 8.4").count() == 1
    assert page.locator("#basis .rests").is_visible()
    assert "Not claimed: how probable" in page.inner_text("#basis")
    snapshot(page, "weighed")


@pytest.mark.parametrize("bits", [-8.4, -2.0, 0.0, 2.0, 8.4])
def test_the_bar_reaches_from_zero_to_the_bits(open_report: Open, bits: float) -> None:
    page = open_report(weighed_document([item("housing.stl", Finding.MATCH, body(weighed(bits)))]))
    track, reach, zero = (
        page.locator(f".bits {part}").bounding_box() for part in (".track", ".reach", ".zero")
    )
    inside, middle = track["width"] - 2, zero["x"] + zero["width"] / 2

    assert reach["width"] == pytest.approx(inside * abs(bits) / 16.8, abs=1)
    assert middle == pytest.approx(track["x"] + track["width"] / 2, abs=1)
    near = reach["x"] if bits > 0 else reach["x"] + reach["width"]
    assert near == pytest.approx(middle, abs=1)
    assert track["x"] - 1 <= reach["x"]
    assert reach["x"] + reach["width"] <= track["x"] + track["width"] + 1


def test_items_sort_by_bits_and_those_without_come_last(open_report: Open) -> None:
    page = open_report(weighed_golden())
    names = page.locator("tr.row .c-item")

    page.click("th.c-bits button")
    assert page.get_attribute("th.c-bits", "aria-sort") == "descending"
    assert ["housing.stl" in names.nth(0).inner_text(), "vase.stl" in names.nth(2).inner_text()] == [
        True,
        True,
    ]
    page.click("th.c-bits button")
    assert ["pin.stl" in names.nth(0).inner_text(), "vase.stl" in names.nth(2).inner_text()] == [True, True]


def test_a_report_without_a_calibration_has_no_column_of_weights(open_report: Open) -> None:
    page = open_report(golden())
    page.click("tr.row >> nth=0")

    assert page.locator(".c-bits").count() == 0
    assert "Not calibrated" in page.inner_text("#basis")
    assert page.locator(".weight .figure").first.inner_text() == "Not calibrated"
    assert page.locator(".bits").count() == 0
    snapshot(page, "uncalibrated")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_weights_fit_a_phone(open_report: Open, scheme: str) -> None:
    page = open_report(weighed_golden(housing_view()), width=390, color_scheme=scheme, device_scale_factor=2)
    page.click("tr.row >> nth=0")
    page.click("text=How to read bits")

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    snapshot(page, f"weighed-phone-{scheme}")


@pytest.mark.parametrize("width", [761, 901, 1081, 1280])
def test_a_column_of_weights_leaves_room_for_names(open_report: Open, width: int) -> None:
    page = open_report(weighed_golden(), width=width)

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("td.c-item").first.bounding_box()["width"] > 125
    assert page.locator("td.c-bits").first.inner_text().startswith("8.4 bits (the most)")


@pytest.mark.parametrize("options", [{"color_scheme": "dark"}, {"forced_colors": "active"}])
def test_the_needle_stands_out_whatever_the_colours(open_report: Open, options: dict[str, str]) -> None:
    page = open_report(weighed_golden(), **options)
    page.click("tr.row >> nth=0")
    colours = page.evaluate("""() => {
      const needle = getComputedStyle(document.querySelector(".needle")).borderTopColor;
      return [needle, getComputedStyle(document.querySelector(".weight")).backgroundColor];
    }""")

    assert colours[0] != colours[1]
    snapshot(page, f"weighed-{next(iter(options.values()))}")


def test_weights_are_on_paper(open_report: Open) -> None:
    page = open_report(weighed_golden(housing_view()))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")

    assert page.locator(".weight .figure").first.is_visible()
    assert page.locator("#basis .words").is_visible()
    snapshot(page, "weighed-print")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.locator("#basis .words").is_visible()
