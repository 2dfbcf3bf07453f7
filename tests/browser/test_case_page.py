"""The page of a case in a real browser: what is chosen in one view is chosen in all, and each thing says
what it rests on; it fits, in the light and in the dark, and fetches nothing.

With PARTWATCH_SCREENSHOTS=folder each page is also saved there as a picture, to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from case_documents import overview

from partwatch.report.case_page import write

NODES, LINKS, STATEMENTS = 500, 3_000, 5_000
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "{{script}} {{data}} \u202egpj.exe",
    "مضخة <b>يدوية</b>",
    "long " * 400,
    '" onmouseover="alert(3)',
)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("case") / "case.html"
    write(overview(NODES, LINKS, STATEMENTS), path)
    return path


class Opened:
    """A page, and what the browser complained of."""

    def __init__(self, context: Any, path: Path) -> None:
        self.complaints: list[str] = []
        self.page = context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on(
            "request", lambda request: request.url == path.as_uri() or self.complaints.append(request.url)
        )
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#main:not([hidden])")
        self.page.wait_for_function("network.width > 0 && !network.asked")

    def settled(self) -> None:
        """The drawings are up to date."""
        self.page.wait_for_function("[network, map, time].every((stage) => !stage.asked)")

    def click_node(self, place: int) -> None:
        x, y = self.page.evaluate(f"placed(nodes[{place}])")
        self.page.locator("#network").click(position={"x": x, "y": y})
        self.settled()


@pytest.fixture
def opened(browser: Any, large: Path) -> Iterator[Opened]:
    context = browser.new_context(viewport={"width": 1240, "height": 900}, offline=True)
    one = Opened(context, large)
    yield one
    context.close()
    assert one.complaints == []


@pytest.mark.parametrize(("width", "scheme"), [(1240, "light"), (1240, "dark"), (390, "light")])
def test_it_fits_draws_and_fetches_nothing(
    browser: Any, large: Path, width: int, scheme: str, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, color_scheme=scheme)
    one = Opened(context, large)

    assert one.page.evaluate("document.documentElement.scrollWidth") == width
    for view in ("network", "map", "time"):
        drawn = (
            f"(() => {{ const canvas = byId('{view}'); const seen = new Set(canvas.getContext('2d')"
            ".getImageData(0, 0, canvas.width, canvas.height).data); return seen.size; })()"
        )
        assert one.page.evaluate(drawn) > 40
    if folder := os.environ.get("PARTWATCH_SCREENSHOTS"):
        one.page.screenshot(path=str(Path(folder) / f"case-{width}-{scheme}.png"), full_page=True)
    context.close()
    assert one.complaints == []


def test_it_is_small_enough(large: Path) -> None:
    assert large.stat().st_size < 3_000_000


def test_a_click_on_an_entity_shows_each_statement_with_its_source_and_lights_all_views(
    opened: Opened,
) -> None:
    place = opened.page.evaluate("order[0].place")
    opened.click_node(place)

    page = opened.page
    assert page.locator("#inside h3").inner_text().strip() == page.evaluate(f"nodes[{place}].caption")
    said = page.evaluate(f"nodes[{place}].statements")
    shown = [int(one.get_attribute("data-statement")) for one in page.locator(".statement").all()]
    assert sorted(shown) == sorted(said)
    first = page.locator(".statement").first.inner_text()
    source = page.evaluate(f"told.sources[told.statements[{said[0]}][0]]")
    where = page.evaluate(f"told.statements[{said[0]}][4]")
    assert source["name"] in first
    assert source["said_by"] in first
    assert where in first
    assert page.locator(".statement .letter").first.inner_text() == source["reliability"]
    assert page.evaluate("lit.size") == 1
    assert page.evaluate("near.size") == page.evaluate(
        f"new Set(nodes[{place}].links.map((n) => other(links[n], {place}))).size"
    )
    assert page.evaluate("[...litEvents].every((n) => events[n].nodes.includes([...lit][0]))")


def test_a_link_says_what_it_rests_on_and_leads_to_its_source(opened: Opened) -> None:
    opened.click_node(opened.page.evaluate("order[0].place"))
    opened.page.locator("#inside .rows button").first.click()
    link = opened.page.evaluate("chosen")
    assert link["kind"] == "link"
    rests = opened.page.evaluate(f"links[{link['at']}].statements")
    assert [
        int(one.get_attribute("data-statement")) for one in opened.page.locator(".statement").all()
    ] == rests

    opened.page.locator(".statement .linked").first.click()
    assert "SHA-256" in opened.page.locator("#inside").inner_text()
    opened.page.get_by_role("button", name="Back").click()
    assert opened.page.evaluate("chosen") == link


def test_filters_hide_and_the_counts_say_so(opened: Opened) -> None:
    page = opened.page
    page.locator("#bits").fill("10")
    strong = page.evaluate("links.filter((link) => link.bits >= 10).length")
    assert f"{strong:,} of 3,000 links" in page.locator("#count").inner_text()

    page.get_by_role("button", name="people").click()
    assert page.evaluate("nodes.filter((node) => shownNode[node.place] && node.group === 0).length") == 0
    page.locator("#sources-told").click()
    page.locator("#sources input").first.uncheck()
    only = page.evaluate(
        "links.filter((link) => shownLink[link.place] && link.sources.every((one) => "
        "filters.sources.has(String(one)))).length"
    )
    assert only == 0
    page.locator("#reset").click()
    assert "500 of 500 entities, 3,000 of 3,000 links" in page.locator("#count").inner_text()


def test_a_stretch_of_time_is_kept_by_dragging_and_by_typing(opened: Opened) -> None:
    page = opened.page
    box = page.locator("#time").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 24, steps=4)
    page.mouse.up()
    kept = page.locator("#from").input_value(), page.locator("#to").input_value()
    assert kept[0] < kept[1]
    inside = (
        "events.filter((event) => shownEvent[event.place])"
        f".every((event) => event.date >= '{kept[0]}' && event.date <= '{kept[1]}')"
    )
    assert page.evaluate(inside)
    assert 0 < page.evaluate("shownEvent.reduce((a, b) => a + b, 0)") < page.evaluate("events.length")

    page.locator("#from").fill("2026-03-01")
    page.locator("#to").fill("2026-03-31")
    assert page.evaluate(
        "events.filter((event) => shownEvent[event.place]).every((event) => event.date.startsWith('2026-03'))"
    )


def test_it_is_usable_by_keyboard_alone(opened: Opened) -> None:
    page = opened.page
    page.locator("#network").focus()
    page.keyboard.press("ArrowRight")
    first = page.evaluate("chosen.at")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"nodes[chosen.at].x > nodes[{first}].x")
    assert page.locator("#told").inner_text().startswith(page.evaluate("nodes[chosen.at].caption"))
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "panel"
    page.locator("#network").focus()
    page.keyboard.press("+")
    assert page.evaluate("network.k") > 1
    page.keyboard.press("Escape")
    assert page.evaluate("chosen") is None
    page.locator("#time").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("chosen.kind") == "event"
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("['set', 'node'].includes(chosen.kind)")


def test_search_finds_what_sources_say_and_enter_chooses(opened: Opened) -> None:
    page = opened.page
    phone = page.evaluate("told.statements[nodes.find((node) => node.group === 0).statements[1]][2]")
    page.locator("#find").fill(phone)
    assert page.evaluate("found.size") >= 1
    page.locator("#find").press("Enter")
    assert phone in page.locator("#inside").inner_text()


def test_a_path_is_drawn_and_each_of_its_links_says_why(opened: Opened) -> None:
    opened.page.locator(".way .linked").first.click()
    asked = opened.page.evaluate("told.questions[0][3][0]")
    assert opened.page.evaluate("[...litLinks]") == asked[1]
    assert opened.page.locator("#inside h4").count() == len(asked[1])
    assert opened.page.locator(".statement").count() >= len(asked[1])
    if folder := os.environ.get("PARTWATCH_SCREENSHOTS"):
        opened.settled()
        opened.page.screenshot(path=str(Path(folder) / "case-path.png"))


def test_labels_do_not_lie_on_one_another(opened: Opened) -> None:
    """Of all but those that are asked for."""
    script = """(() => {
      const boxes = [];
      const free = Labels.prototype.free;
      const labels = [];
      const write = Labels.prototype.write;
      Labels.prototype.write = function (...all) {
        const done = write.apply(this, all);
        if (done) labels.push(this.taken.at(-1));
        return done;
      };
      network.paint();
      Labels.prototype.write = write;
      let crossed = 0;
      labels.forEach((one, n) => labels.slice(n + 1).forEach((two) => {
        if (one[0] < two[2] && two[0] < one[2] && one[1] < two[3] && two[1] < one[3]) crossed += 1;
      }));
      return [labels.length, crossed];
    })()"""
    count, crossed = opened.page.evaluate(script)
    assert 15 <= count <= 80
    assert crossed == 0


def test_hostile_names_stay_text(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    write(overview(30, 60, 200, captions=HOSTILE), path)
    context = browser.new_context(viewport={"width": 390, "height": 800}, offline=True)
    one = Opened(context, path)
    for place in range(len(HOSTILE)):
        one.page.evaluate(f"choose({{kind: 'node', at: {place}}})")
    one.page.evaluate("document.querySelector('.as-table').open = true")
    one.page.wait_for_selector("#table tbody tr")
    assert one.page.locator("#inside img, #inside script, #table img, #table b").count() == 0
    assert one.page.evaluate("nodes[2].caption").startswith("{{script}} {{data}} \\u202e")
    assert one.page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()
    assert one.complaints == []
