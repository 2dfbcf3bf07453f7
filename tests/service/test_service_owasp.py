"""The ways in that are tried first: what another customer owns, roles, scripts in names, paths, sizes.

The routes are those that the application has, so that a new one is tried as well, without a word here.
"""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest
from access_samples import (
    HOSTILE,
    LOGIN,
    MARK,
    SCRIPT,
    Browser,
    People,
    Route,
    cheap_passwords,
    routes_of,
    serving,
    settled,
)
from schema_examples import example
from service_samples import hand_in
from sqlalchemy import func, insert, select

from partwatch.ledger.tables import ENTRIES
from partwatch.model.document import Finding
from partwatch.service.access.headers import CSP
from partwatch.service.access.paths import MONITORED
from partwatch.service.app import create_app
from partwatch.service.desk.desk import Desk
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.settings import Intake, Screening, Settings
from partwatch.service.states import Role, State
from partwatch.service.store import ServiceStore, now
from partwatch.service.submissions import files_of, find
from partwatch.service.tables import (
    ACCOUNTS,
    CUSTOMERS,
    DECISIONS,
    FILES,
    HOOKS,
    SUBMISSIONS,
    TOKENS,
)
from partwatch.watchlist.store import Watchlist

# What is no success, and gives nothing away.
REFUSED: Final = {401, 403, 404, 405, 409, 413, 415, 422}
OPEN: Final = {"/login", "/status/live", "/static/{name}", "/setup/{secret}"}
# What submitters are for; all else is for others.
OF_SUBMITTERS: Final = re.compile(
    r"/(v1/(submissions|decisions|events|webhooks|account|openapi\.json)|submissions|account|logout)?(/.*)?"
)
UNSAFE: Final = ("POST", "PUT", "PATCH", "DELETE")
# Fields that forms of pages have.
FIELDS: Final = {
    "reason": "a reason", "act": "release", "name": "x", "id": "x", "disabled": "true", "role": "review",
    "scope": "submit", "days": "3", "password": "another long walk", "again": "another long walk",
}  # fmt: skip


def routes() -> list[Route]:
    """Every route, with a home that is thrown away."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return routes_of(create_app(Path(folder), Settings()))


ROUTES: Final = [one for one in routes() if not one.path.startswith("/static")]
WITH_IDS: Final = [one for one in ROUTES if one.names]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_passwords(monkeypatch)


class Site:
    """A running service with two customers, asked as somebody."""

    def __init__(self, browser: Browser, store: ServiceStore, people: People) -> None:
        self.browser, self.store, self.people = browser, store, people
        self.logged_in: dict[str, dict[str, str]] = {}
        self.document = browser.get("/v1/openapi.json", headers=self.head("all")).json()

    def head(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.people.tokens[name]}"}

    def body(self, route: Route) -> Any:
        """A body that the document says is right for it, so that it is looked at further."""
        return example(self.document, route.path, route.method)

    def ask(self, route: Route, path: str, name: str) -> Any:
        """As an account of that name: the API by its token, pages by a session with its forms' token."""
        if route.is_api:
            body = self.body(route)
            # Streams of events: all that there is, and then their end.
            head = self.head(name) | {"Last-Event-ID": "0"}
            return self.browser.request(route.method, f"{path}?seconds=0", headers=head, json=body)
        self.be(name)
        sent = None
        if route.method in UNSAFE:
            sent = FIELDS | {"csrf": self.browser.csrf("/account")}
        return self.browser.request(route.method, path, data=sent)

    def be(self, name: str) -> None:
        """Somebody who logged in, once for all tests, or anew where a test logged them out."""
        self.browser.cookies.clear()
        self.browser.cookies.update(self.logged_in.get(name, {}))
        if self.browser.get("/account").status_code != 200:
            assert self.browser.log_in(name).status_code == 303
            self.logged_in[name] = dict(self.browser.cookies)

    def owned_by_other(self) -> list[Any]:
        """All that is the other customer's, as the store has it."""
        with self.store.reading() as connection:
            asked = (
                select(SUBMISSIONS.c.state, SUBMISSIONS.c.forgotten_at).filter_by(customer="other"),
                select(FILES.c.name, FILES.c.stored),
                select(HOOKS.c.url, HOOKS.c.disabled_at, HOOKS.c.secret).filter_by(customer="other"),
                select(CUSTOMERS.c.name, CUSTOMERS.c.disabled_at).filter_by(id="other"),
                select(ACCOUNTS.c.roles, ACCOUNTS.c.password, ACCOUNTS.c.disabled_at, ACCOUNTS.c.setup_until)
                .filter_by(name="other"),
                select(TOKENS.c.id, TOKENS.c.revoked_at, TOKENS.c.scopes)
                .join(ACCOUNTS).where(ACCOUNTS.c.name == "other"),
                select(DECISIONS.c.act, DECISIONS.c.reason),
            )  # fmt: skip
            return [connection.execute(one).all() for one in asked]

    def entries(self) -> int:
        """How much was noted, that people came and went aside."""
        with self.store.reading() as connection:
            asked = select(func.count()).select_from(ENTRIES).where(ENTRIES.c.kind != "login")
            return int(connection.execute(asked).scalar_one())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("owasp")
    with pytest.MonkeyPatch.context() as patch:
        cheap_passwords(patch)
        store, people = settled(home, LOGIN)
        with store.writing() as connection:
            hook = {
                "id": "hook-of-other",
                "customer": "other",
                "url": f"https://{MARK}.example/",
                "by": "other",
            }
            hook |= {"secret": f"{MARK}-secret", "kinds": "[]", "created_at": now()}
            connection.execute(insert(HOOKS).values(hook | {"after_seq": 0}))
        people.ids["hook"] = "hook-of-other"
        with serving(home, LOGIN) as browser:
            yield Site(browser, store, people)


def places(route: Route, ids: dict[str, str]) -> Iterator[str]:
    """The route's path with every id of the other customer in every place."""
    for combination in itertools.islice(itertools.product(ids.values(), repeat=len(route.names)), 40):
        yield route.at(dict(zip(route.names, combination, strict=True)))


def test_there_are_routes_to_try() -> None:
    assert len(ROUTES) > 30
    assert {"GET /v1/account", "POST /login"} <= {str(one) for one in ROUTES}


@pytest.mark.parametrize("route", WITH_IDS, ids=str)
def test_what_another_customer_owns_does_not_exist(site: Site, route: Route) -> None:
    before = site.owned_by_other()
    for path in places(route, site.people.ids):
        answer = site.ask(route, path, "shop")
        assert answer.status_code in REFUSED, f"{path}: {answer.status_code} {answer.text[:300]}"
        assert MARK not in answer.text, path
        assert MARK not in str(answer.headers), path
    assert site.owned_by_other() == before


def test_the_other_customer_itself_sees_what_is_its_own(site: Site) -> None:
    told = site.browser.get("/v1/account/tokens", headers=site.head("other")).json()
    assert [one["id"] for one in told] == [site.people.ids["token"]]
    assert MARK in told[0]["name"], "the mark would be seen where it is shown"


@pytest.mark.parametrize("route", [r for r in ROUTES if not r.names and r.method == "GET"], ids=str)
def test_no_list_has_anything_of_another_customer(site: Site, route: Route) -> None:
    answer = site.ask(route, route.path, "shop")
    assert answer.status_code < 500 or route.path in MONITORED
    assert MARK not in answer.text
    assert site.people.ids["submission"] not in answer.text


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_nobody_gets_anything(site: Site, route: Route) -> None:
    site.browser.cookies.clear()
    entries = site.entries()
    for path in itertools.islice(places(route, site.people.ids), 6):
        answer = site.browser.request(route.method, path, json=site.body(route) if route.is_api else None)
        if route.path in OPEN:
            assert answer.status_code in {200, 403, 404}
        elif route.is_api and route.path not in MONITORED:
            assert answer.status_code == 401
        elif not route.is_api:
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login")
    assert site.entries() == entries


@pytest.mark.parametrize("route", [r for r in ROUTES if not OF_SUBMITTERS.fullmatch(r.path)], ids=str)
def test_a_submitter_gets_no_further_than_what_submitters_are_for(site: Site, route: Route) -> None:
    if route.path in OPEN:
        return
    entries = site.entries()
    for path in itertools.islice(places(route, site.people.ids), 6):
        assert site.ask(route, path, "shop").status_code in REFUSED
    assert site.entries() == entries, "and nothing was done"


@pytest.mark.parametrize("route", [r for r in ROUTES if r.needs is not None], ids=str)
def test_a_route_that_names_its_roles_refuses_every_other(site: Site, route: Route) -> None:
    assert route.needs is not None
    for role in Role:
        if role not in route.needs:
            answer = site.ask(route, next(places(route, site.people.ids)), role.value)
            assert answer.status_code == 403, role


def test_the_routes_of_administration_name_their_roles() -> None:
    administered = re.compile(r"/(v1/(accounts|customers|tokens|audit)|administration)(/.*)?")
    found = [one for one in ROUTES if administered.fullmatch(one.path)]
    assert len(found) > 20
    assert {one.needs for one in found} == {frozenset({Role.ADMINISTER})}


PAGES: Final = [r for r in ROUTES if not r.is_api and r.method in UNSAFE]


@pytest.mark.parametrize("route", PAGES, ids=str)
def test_no_form_of_a_page_is_believed_without_its_token(site: Site, route: Route) -> None:
    site.be("all")
    entries = site.entries()
    for path in itertools.islice(places(route, site.people.ids), 3):
        for wrong in ({}, {"csrf": "x" * 32}):
            answer = site.browser.request(route.method, path, data=FIELDS | wrong)
            assert answer.status_code in REFUSED, f"{path}: {answer.status_code}"
    assert site.entries() == entries


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method in UNSAFE], ids=str)
def test_nothing_is_changed_for_a_page_of_another_site(site: Site, route: Route) -> None:
    site.be("all")
    entries = site.entries()
    path = next(places(route, site.people.ids))
    for told in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        answer = site.browser.request(route.method, path, headers=told, data={"csrf": "x"})
        assert answer.status_code == 403
        if route.is_api:
            answer = site.browser.request(route.method, path, json=site.body(route))
            assert answer.status_code == 403, "a cookie alone is not enough"
    assert site.entries() == entries


class Tags(HTMLParser):
    """What a page holds that must not be there: scripts in it, handlers, styles, what names bring along."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self.wrong.append(f"a script: {given}")
        if tag in ("style", "base", "iframe", "object", "embed"):
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.wrong.append(f"{tag} {name}")
            if name in ("href", "src", "action", "formaction") and not re.match(
                r"[/#?]|data:image/", value or ""
            ):
                self.wrong.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "GET"], ids=str)
def test_names_that_hold_scripts_are_shown_and_not_run(site: Site, route: Route) -> None:
    site.be("all")
    for path in places(route, site.people.ids):
        for query in (
            "?seconds=0",
            f"?seconds=0&about={HOSTILE}&by={HOSTILE}&next={HOSTILE}&q={HOSTILE}&name={HOSTILE}",
        ):
            answer = site.browser.get(f"{path}{query}")
            assert answer.status_code < 500 or path in MONITORED, path
            assert answer.headers["content-security-policy"] == CSP
            assert answer.headers["x-content-type-options"] == "nosniff"
            kind = answer.headers.get("content-type", "")
            if kind.startswith("text/html"):
                assert SCRIPT not in answer.text, path
                tags = Tags()
                tags.feed(answer.text)
                assert tags.wrong == [], path


def test_such_a_name_does_stand_in_pages_as_text(site: Site) -> None:
    site.be("all")
    for path in ("customers", "accounts/other", "audit?kind=customer"):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in site.browser.get(f"/administration/{path}").text


UGLY: Final = (
    "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e", "%00", "a%00b", "%ff%fe", "%e2%80%ae", "a" * 5000, "'--",
)  # fmt: skip


@pytest.mark.parametrize("route", [r for r in WITH_IDS if r.method == "GET"], ids=str)
def test_ids_that_are_none_lead_nowhere(site: Site, route: Route) -> None:
    site.be("all")
    for ugly in UGLY:
        answer = site.browser.get(route.at(dict.fromkeys(route.names, ugly)))
        assert answer.status_code in REFUSED, ugly
        assert "root:" not in answer.text


@pytest.mark.parametrize(
    "name",
    ["../account.py", "..%2faccount.py", "%2e%2e/%2e%2e/settings.py", "..%5caccount.py", "/etc/passwd",
     "....//account.py", "report.css%00.py", "access.css/", "", ".", "..", "C:%5cx.css", "%2fetc%2fx.css"],
)  # fmt: skip
def test_nothing_but_styles_and_scripts_is_static(site: Site, name: str) -> None:
    answer = site.browser.get(f"/static/{name}")
    assert answer.status_code in {303, 404}
    assert "import" not in answer.text


@pytest.mark.parametrize(
    "name",
    ["../../escaped", "/tmp/escaped", "..\\..\\escaped", "a/../../escaped", ".", "..", "-rf", "\u202el"],
)  # fmt: skip
def test_the_name_of_a_file_is_never_a_path(tmp_path: Path, name: str) -> None:
    store = ServiceStore.open(tmp_path / "home", Settings())
    made = hand_in(store, {name: b"solid"})
    with store.reading() as connection:
        (kept,) = files_of(store, connection, made.number)
    assert kept.path is not None
    assert kept.path.resolve().is_relative_to(store.files.resolve())
    assert (kept.name, kept.path.name) == (name, "0")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def bomb() -> bytes:
    """A small archive of archives, each of which grows a thousandfold."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("a.stl", bytes(24 << 20))
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(6):
            archive.writestr(f"{number}.zip", inner.getvalue())
    return outer.getvalue()


def test_an_archive_that_grows_without_end_is_unscreenable_and_held(tmp_path: Path) -> None:
    Watchlist.open(tmp_path, create=True)
    screening = Screening(jobs=1, timeout_s=20.0, memory_mb=1024)
    settings = Settings(screening=screening, intake=Intake(file_mb=8))
    store = ServiceStore.open(tmp_path, settings)
    made = hand_in(store, {"many.zip": bomb()})
    desk = Desk(store, settings)
    try:
        while desk.step():
            pass
    finally:
        desk.close()
    with store.reading() as connection:
        found = find(connection, made.id, THIS_MACHINE)
    assert (found.state, found.finding) == (State.HELD, Finding.UNSCREENABLE)
