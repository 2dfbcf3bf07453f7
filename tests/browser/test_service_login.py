"""Logging in, making a token and logging out by keyboard alone, in a real browser; and how pages look."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "service"))

from access_samples import PASSWORD
from service_running import running
from service_samples import hand_in

from partwatch.service.access import accounts, tokens
from partwatch.service.customers import add_customer
from partwatch.service.decisions import look
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.settings import Access, Settings
from partwatch.service.states import Role
from partwatch.service.store import ServiceStore

SETTINGS = Settings(access=Access(login=True, logins_per_minute=0))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("login")
    store = ServiceStore.open(home, SETTINGS)
    add_customer(store, "north-works", "North Works", THIS_MACHINE)
    add_customer(store, "harbour", "Harbour Print & Post", THIS_MACHINE)
    accounts.add_account(store, "ada", list(Role), None, THIS_MACHINE, PASSWORD)
    accounts.add_account(store, "ben@north.example", [Role.SUBMIT], "north-works", THIS_MACHINE)
    accounts.setup_link(store, "ben@north.example", THIS_MACHINE)
    accounts.add_account(store, "till-3", [Role.SUBMIT], "harbour", THIS_MACHINE)
    accounts.add_account(store, "carol", [Role.REVIEW, Role.CURATE], None, THIS_MACHINE)
    accounts.set_disabled(store, "carol", True, THIS_MACHINE)
    tokens.make_token(store, "ada", "nightly figures", [Role.REVIEW], 90, THIS_MACHINE)
    made = hand_in(store, {"crank.stl": b"solid"}, "harbour")
    look(store, made.id, accounts_of(store, "ada"), "the result")
    with running(home, SETTINGS) as running_at:
        yield running_at


def accounts_of(store: ServiceStore, name: str) -> Any:
    with store.reading() as connection:
        return accounts.account_of(connection, name).principal


def watched(page: Any) -> list[str]:
    """What the browser complains of: errors of scripts, and what the policy stops."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    return complaints


def focused(page: Any) -> str:
    """What the focus is on, by its name."""
    script = "(e => e.getAttribute('aria-label') || (e.labels && e.labels[0]?.innerText) || e.innerText)"
    return str(page.evaluate(f"({script})(document.activeElement)")).strip()


def tab_to(page: Any, name: str) -> None:
    """On with the tab key until that has the focus, in a page's worth of steps."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page) == name:
            return
    raise AssertionError(f"{name}: cannot be reached by keyboard")


def test_by_keyboard_alone_somebody_logs_in_makes_a_token_and_logs_out(browser: Any, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    complaints = watched(page)
    page.goto(f"{address}/account")
    assert page.url == f"{address}/login?next=%2Faccount"
    assert focused(page) == "Name"
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type("not the password")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    # What the browser itself says of a 403.
    complaints.clear()
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/account")
    tab_to(page, "What it is for")
    page.keyboard.type("the till")
    tab_to(page, "submit")
    page.keyboard.press("Space")
    tab_to(page, "Make the token")
    page.keyboard.press("Enter")
    token = page.get_by_label("Token", exact=True).input_value()
    assert token.startswith("pw_")
    answer = context.request.get(f"{address}/v1/account", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["roles"] == ["submit"]
    tab_to(page, "Log out")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/login")
    page.goto(f"{address}/account")
    assert "/login" in page.url
    assert complaints == []
    context.close()


def test_a_form_of_another_site_changes_nothing(browser: Any, address: str, tmp_path: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    log_in(page, address)
    evil = tmp_path / "evil.html"
    evil.write_text(f'<form method="post" action="{address}/logout"><button>x</button></form>')
    page.goto(evil.as_uri())
    with page.expect_response(f"{address}/logout") as answer:
        page.get_by_role("button").click()
    assert answer.value.status == 403
    page.goto(f"{address}/account")
    assert page.get_by_role("button", name="Log out").is_visible()
    context.close()


def log_in(page: Any, address: str) -> None:
    page.goto(f"{address}/login?next=/account")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{address}/account")


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
)
def test_pages_fit_their_window(browser: Any, address: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    complaints = watched(page)
    shots = os.environ.get("PARTWATCH_SCREENSHOTS")

    def seen(path: str, name: str) -> None:
        page.goto(f"{address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("h1").count() == 1
        unnamed = (
            "[...document.querySelectorAll('input:not([type=hidden]), select')].filter(e => !e.labels.length)"
        )
        assert page.evaluate(f"{unnamed}.length") == 0, path
        if shots:
            page.screenshot(path=str(Path(shots) / f"{name}-{width}-{scheme}.png"), full_page=True)

    seen("/login", "service-login")
    log_in(page, address)
    seen("/account", "service-account")
    for name in ("", "/customers", "/accounts", "/accounts/ben@north.example", "/audit"):
        seen(f"/administration{name}", f"service-administration{name.replace('/', '-')}")
    context.close()
    assert complaints == []
