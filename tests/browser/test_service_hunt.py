"""Hunting in a real browser: asked, waited for, shown, in the light and in the dark, on a phone.

With PARTWATCH_SCREENSHOTS=folder the pages are also saved there as pictures, to be looked at.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "service"))

from hunt_samples import SETTINGS, bracket, gear, listed, plate, service_at, stl, turned, worked_off
from service_running import running
from service_samples import OTHER, SHOP, hand_in
from sqlalchemy import update

from partwatch.service.context import Service
from partwatch.service.hunt_queue import hunt_on
from partwatch.service.tables import FILES

WIDE, PHONE = {"width": 1180, "height": 900}, {"width": 390, "height": 844}
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """What two customers handed in before it was listed; some of it is no longer held."""
    made = service_at(tmp_path_factory.mktemp("hunt"))
    hand_in(
        made.store,
        {"order 4711/mount.stl": stl(turned(bracket())), "plate.stl": stl(plate())},
        "shop",
        by=SHOP,
    )
    long = "a-rather-long-name-without-any-break" * 3 + "<img src=x onerror=alert(1)>.stl"
    gone = [hand_in(made.store, {long: stl(turned(bracket(), 1.4))}, "other", by=OTHER)]
    gone += [hand_in(made.store, {"old.stl": stl(turned(bracket(), 1.002))}, "other", by=OTHER)]
    hand_in(made.store, {"gear.stl": stl(gear())}, "other", by=OTHER)
    worked_off(made)
    with made.store.writing() as connection:
        for one in gone:
            connection.execute(update(FILES).where(FILES.c.submission == one.number).values(stored=None))
    listed(made.home, "wall-bracket", bracket())
    return made


@pytest.fixture
def opened(browser: Any, service: Service) -> Iterator[Open]:
    """Opens a page under the policy of the service; nothing may be logged, refused, or asked of others."""
    complaints: list[str] = []
    contexts: list[Any] = []
    with running(service.home, SETTINGS) as address:

        def police(route: Any) -> None:
            if not route.request.url.startswith(address):
                complaints.append(f"fetched {route.request.url}")
            route.continue_()

        def open_page(path: str, viewport: Any = WIDE, scheme: str = "light", script: bool = True) -> Any:
            context = browser.new_context(
                viewport=viewport, color_scheme=scheme, java_script_enabled=script, base_url=address
            )
            contexts.append(context)
            context.route("**/*", police)
            page = context.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(path)
            return page

        yield open_page
        for context in contexts:
            context.close()
    # A page's icon is not this page's business; a form that is wrong is answered with 422.
    assert [one for one in complaints if not any(said in one for said in ("favicon", "404", "422"))] == []


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def saved(page: Any, name: str) -> None:
    if folder := os.environ.get("PARTWATCH_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"service-{name}.png"), full_page=True)


def worked(service: Service) -> None:
    while hunt_on(service):
        pass


def test_a_design_is_chosen_waited_for_and_what_was_found_comes_by_itself(
    opened: Open, service: Service
) -> None:
    page = opened("/hunt")
    page.get_by_role("combobox", name="Design").fill("wall-bracket")
    page.get_by_role("button", name="Hunt for the design").press("Enter")
    page.wait_for_url("**/hunt/*")
    assert "waits for its turn" in page.get_by_role("status").inner_text()
    worked(service)
    page.get_by_role("heading", name="What this hunt may have passed over").wait_for()
    rows = page.locator("tbody tr")
    assert [rows.nth(k).locator(".badge").inner_text() for k in range(3)] == [
        "match",
        "candidate",
        "candidate",
    ]
    assert "not verified: its file is no longer held" in rows.nth(1).inner_text()
    assert page.locator("img").count() == 0, "a name is no markup"
    assert rows.nth(0).get_by_role("link").get_attribute("href").startswith("/review/")
    saved(page, "hunt")


def test_a_file_is_hunted_for_without_any_script(opened: Open, service: Service, tmp_path: Path) -> None:
    file = tmp_path / "found in a box.stl"
    file.write_bytes(stl(turned(gear())))
    page = opened("/hunt", script=False)
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Hunt for the file").click()
    page.wait_for_url("**/hunt/*")
    worked(service)
    page.get_by_role("link", name="Look again").click()
    assert "gear.stl" in page.locator("tbody").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_fit_in_the_light_and_in_the_dark(
    opened: Open, service: Service, viewport: Any, scheme: str
) -> None:
    page = opened("/hunt", viewport, scheme)
    page.get_by_role("combobox", name="Design").fill("wall-bracket")
    page.get_by_role("button", name="Hunt for the design").click()
    page.wait_for_url("**/hunt/*")
    worked(service)
    page.reload()
    assert fits(page)
    saved(page, f"hunt-one-{viewport['width']}-{scheme}")
    page.locator(".crumbs a").click()
    page.get_by_role("heading", name="A listed design").wait_for()
    assert fits(page)
    saved(page, f"hunt-all-{viewport['width']}-{scheme}")


def test_what_is_wrong_is_said_at_the_form(opened: Open) -> None:
    page = opened("/hunt")
    page.get_by_role("combobox", name="Design").fill("nothing")
    page.get_by_label("Screened since").first.fill("2026-02-01")
    page.get_by_label("until", exact=True).first.fill("2026-01-01")
    page.evaluate("document.querySelector('form').noValidate = true")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Hunt for the design").click()
    assert "swap them" in page.get_by_role("alert").inner_text()
