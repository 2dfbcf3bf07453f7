"""The figures in a real browser: seen, chosen by period, saved; light, dark, and on a phone.

With PARTWATCH_SCREENSHOTS=folder each page is also saved there as a picture, to be looked at.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "service"))

from figures_samples import history, put
from service_running import running

from partwatch.service.settings import Serving, Settings
from partwatch.service.store import ServiceStore
from partwatch.service.tables import CUSTOMERS, HEADERS


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("figures")
    settings = Settings(Serving(operator="Example Print Service"))
    store, rng = ServiceStore.open(home, settings), random.Random(3)
    begin = datetime.now(UTC) - timedelta(days=89)
    with store.writing() as connection:
        for key in "abc":
            connection.execute(insert(CUSTOMERS).values(id=key, name=key, created_at="", last_due=0.0))
        connection.execute(insert(HEADERS).values(digest="h", header="{}"))
        for number in range(1, 700):
            at = begin + timedelta(days=87 * rng.random() ** 0.8)
            put(connection, number, history(rng, at))
    with running(home, settings) as made:
        yield made


def picture(page: Any, name: str, full: bool = True) -> None:
    if folder := os.environ.get("PARTWATCH_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=full)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_figures_fit_and_nothing_is_refused(browser: Any, address: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(f"{message.text} {message.location['url']}"))
    page.goto(f"{address}/figures")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    if width > 390 and scheme == "light":
        picture(page, "service-figures", full=False)
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    picture(page, f"service-figures-{width}-{scheme}")
    context.close()
    # What every page lacks, whichever subject it has.
    assert [one for one in complaints if not one.endswith("/favicon.ico")] == []


def test_a_period_is_chosen_by_keyboard_and_its_report_is_saved(
    browser: Any, address: str, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.goto(f"{address}/figures")
    before = page.locator(".card b").first.inner_text()
    page.get_by_label("From").fill((datetime.now(UTC) - timedelta(days=29)).date().isoformat())
    page.get_by_label("From").press("Enter")
    page.wait_for_url("**/figures?since=*")
    after = page.locator(".card b").first.inner_text()
    assert 0 < int(after) < int(before)
    assert page.get_by_role("link", name="30 days").get_attribute("aria-current") == "true"
    assert page.get_by_role("img", name="Handed in by day").count() == 1

    with page.expect_download() as download:
        page.get_by_role("link", name="A page").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(saved.as_uri())
    assert fetched == [saved.as_uri()]
    assert page.get_by_role("heading", level=1).inner_text().startswith("Transparency report, ")
    assert all(int(figure) % 5 == 0 for figure in page.locator(".card b").all_inner_texts()[:3])
    picture(page, "service-transparency-report")
    context.close()
