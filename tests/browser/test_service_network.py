"""The pages of the watch-list, assemblies, families and cases in a real browser: the way through each, by
keyboard too, on a phone, in the dark, under the strictest policy, without a word from the browser.

With PARTWATCH_SCREENSHOTS=folder each page is also saved there as a picture, to be looked at.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from waiting import until

# What the service's own tests are made of.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "service"))

from network_samples import PUMP, Pages, design, handed_in, listed, part, report, seen, spread
from service_running import running

from partwatch.service.settings import Serving, Settings

import case_samples  # isort: skip

LOOKS = [(1240, "light"), (1240, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    listed(
        home,
        design(PUMP, *(part(name, report(0.2)) for name in ("shaft", "cap", "wheel", "lever"))),
        design("vise", part("pin", report(23.0, "plain on purpose")), part("jaw")),
    )
    store = Pages(home).store
    spread(store)
    long = {f"a-long-name-without-any-break-{n}" * 4 + ".stl": [seen("cap")] for n in range(3)}
    handed_in(store, "shop", "2026-04-09", long)
    case = case_samples.filled(str(home / "case"))
    with running(home, Settings(Serving(cases=(case.location,)))) as found:
        yield found


class Visit:
    """A browser window on the service, and what the browser complained of."""

    def __init__(self, browser: Any, address: str, width: int, scheme: str) -> None:
        self.complaints: list[str] = []
        self.address, self.width, self.scheme = address, width, scheme
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.context.route("**/*", self._strictly)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def _strictly(self, route: Any) -> None:
        """All from the service."""
        if not route.request.url.startswith(self.address):
            self.complaints.append(route.request.url)
            route.abort()
        elif route.request.url.endswith("/favicon.ico"):
            route.fulfill(status=204)
        else:
            route.continue_()

    def open(self, path: str) -> Any:
        self.page.goto(self.address + path)
        self.fits()
        return self.page

    def fits(self) -> None:
        self.page.wait_for_load_state("networkidle")
        assert self.page.evaluate("document.documentElement.scrollWidth") == self.width, self.page.url

    def shot(self, name: str) -> None:
        if folder := os.environ.get("PARTWATCH_SCREENSHOTS"):
            path = Path(folder) / f"service-{name}-{self.width}-{self.scheme}.png"
            self.page.screenshot(path=str(path), full_page=True)

    def tab_to(self, selector: str, most: int = 60) -> None:
        """By the keyboard alone."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def visit(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    made = Visit(browser, address, *request.param)
    yield made
    made.context.close()
    assert made.complaints == []


@pytest.fixture
def desk(browser: Any, address: str) -> Iterator[Visit]:
    made = Visit(browser, address, 1240, "light")
    yield made
    made.context.close()
    assert made.complaints == []


def test_from_the_list_to_a_part_and_its_shape(visit: Visit) -> None:
    page = visit.open("/watchlist")
    visit.shot("watchlist")
    page.get_by_label("Search").fill("pin")
    page.get_by_role("button", name="Search").click()
    visit.fits()
    assert page.locator("section.panel h2").all_inner_texts() == ["vise"]
    page.get_by_role("link", name="pin").click()
    visit.fits()
    assert page.locator("h1").inner_text() == "pin"
    assert "plain on purpose" in page.locator("main").inner_text()
    page.get_by_role("link", name="Draw it").click()
    visit.fits()
    picture = page.get_by_alt_text("The listed part pin")
    assert picture.evaluate("image => image.naturalWidth") == 360
    visit.shot("part")
    visit.open("/watchlist/design?name=vise")
    visit.open("/watchlist/retired")
    visit.open("/watchlist/new")


def test_from_the_assemblies_to_one_with_its_pictures(visit: Visit) -> None:
    page = visit.open("/assemblies")
    visit.shot("assemblies")
    page.locator("tbody a").first.click()
    visit.fits()
    loaded = page.locator(".slot img").evaluate_all("images => images.map(one => one.naturalWidth)")
    assert loaded
    assert set(loaded) <= {0, 240}
    assert loaded[0] == 240
    assert page.locator(".matrix tbody tr").count() >= 2
    visit.shot("assembly")


def test_a_case_is_drawn_and_what_is_chosen_says_what_it_rests_on(visit: Visit) -> None:
    page = visit.open("/cases")
    page.get_by_role("link", name="Pumps").click()
    until(page, "typeof network !== 'undefined' && network.width > 0 && !network.asked")
    visit.fits()
    for view in ("network", "map", "time"):
        colours = (
            f"(() => {{ const canvas = byId('{view}'); const drawn = canvas.getContext('2d')"
            ".getImageData(0, 0, canvas.width, canvas.height).data; return new Set(drawn).size; })()"
        )
        assert page.evaluate(colours) > 1
    page.locator("#network").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#inside h3")
    assert page.locator("#inside .statement").count() > 0
    visit.shot("case")
    page.keyboard.press("Escape")
    page.get_by_text("Sources", exact=False).first.click()
    page.get_by_role("link", name="Ask how things are tied").click()
    visit.fits()
    page.get_by_label("About").fill("pumpmaker")
    page.get_by_role("button", name="Show neighbours").click()
    visit.fits()
    assert "pumpmaker" in page.locator("pre").inner_text()
    visit.shot("ask")


def test_families_are_asked_for_and_shown(desk: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    # The process finds the program where this one does.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(one for one in sys.path if one.endswith("src")))
    page = desk.open("/families")
    page.get_by_label("Of").select_option("list")
    page.get_by_role("button", name="Find families").click()
    page.wait_for_selector(".cards", timeout=60_000)
    desk.fits()
    assert "None" in page.locator("main").inner_text() or page.locator(".family").count() > 0
    desk.shot("families")
    path = page.url.removeprefix(desk.address)
    for width, scheme in LOOKS[1:]:
        other = Visit(desk.context.browser, desk.address, width, scheme)
        other.open(path)
        other.shot("families")
        other.open("/families")
        other.context.close()
        assert other.complaints == []


def test_the_keyboard_reaches_what_a_page_is_for(desk: Visit) -> None:
    desk.open("/watchlist")
    desk.tab_to("#q")
    desk.page.keyboard.type("vise")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/watchlist?q=vise")
    desk.tab_to('section.panel a[href*="/watchlist/part"]')
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/watchlist/part?*")
    desk.open("/assemblies")
    desk.tab_to("tbody a")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/assemblies/*")
    desk.open("/cases")
    desk.tab_to('article a[href^="/cases/"]')
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/cases/*")
    desk.tab_to("#network")


def test_every_control_has_a_name_and_headings_follow_each_other(desk: Visit) -> None:
    for path in ("/watchlist", "/watchlist/new", "/assemblies", "/families", "/cases"):
        page = desk.open(path)
        unnamed = page.evaluate(
            "[...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')]"
            ".filter(one => !one.labels.length && !one.ariaLabel).map(one => one.outerHTML)"
        )
        assert unnamed == []
        levels = page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3, h4')].map(one => Number(one.tagName[1]))"
        )
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_without_scripts_a_case_still_tells_what_it_holds(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/cases")
    page.get_by_role("link", name="Pumps").click()
    assert "Scripts are off" in page.locator("noscript").first.inner_text()
    context.close()
