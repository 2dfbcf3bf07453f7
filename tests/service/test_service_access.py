"""What stands before every request: hosts, origins, logins, limits and headers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from access_samples import (
    BEHIND_PROXY,
    LOGIN,
    PASSWORD,
    PUBLIC,
    Browser,
    People,
    cheap_passwords,
    serving,
    settled,
)
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import StreamingResponse

from partwatch.service.access import accounts, middleware
from partwatch.service.access.headers import CSP
from partwatch.service.access.rates import Buckets
from partwatch.service.access.requests import (
    Site,
    address_of,
    host_problem,
    is_on_this_machine,
    origin_problem,
    safe_next,
)
from partwatch.service.context import Service
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.settings import Access, Serving, Settings
from partwatch.service.store import ServiceStore

LOCAL = Site.of(Settings())
PROXIED = Site.of(BEHIND_PROXY)
ANY = Site.of(LOGIN)


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_passwords(monkeypatch)


@pytest.fixture
def people(tmp_path: Path) -> tuple[ServiceStore, People]:
    return settled(tmp_path)


@pytest.fixture
def browser(tmp_path: Path, people: tuple[ServiceStore, People]) -> Iterator[Browser]:
    with serving(tmp_path) as made:
        yield made


def bearer(people: tuple[ServiceStore, People], name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {people[1].tokens[name]}"}


@pytest.mark.parametrize("host", ["127.0.0.1:8077", "localhost", "[::1]:8077", "LOCALHOST:1"])
def test_a_local_service_answers_to_the_names_of_this_machine(host: str) -> None:
    assert host_problem(Headers({"host": host}), LOCAL) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8077", "", "localhost@evil.example",
     "evil.example:8077", "[::2]", "localhost/login", "localhost?", "local host", "a" * 300],
)  # fmt: skip
def test_and_to_no_other_so_that_no_page_can_rebind_a_name_to_it(host: str) -> None:
    assert host_problem(Headers({"host": host}), LOCAL) is not None


def test_two_hosts_are_none() -> None:
    raw = [(b"host", b"localhost"), (b"host", b"localhost")]
    assert host_problem(Headers(raw=raw), LOCAL) is not None
    assert host_problem(Headers({}), LOCAL) is not None


def test_with_a_public_address_only_its_host_and_this_machine_are_named() -> None:
    assert host_problem(Headers({"host": "Screening.example"}), PROXIED) is None
    assert host_problem(Headers({"host": "127.0.0.1:8077"}), PROXIED) is None
    assert host_problem(Headers({"host": "evil.example"}), PROXIED) is not None
    assert host_problem(Headers({"host": "inside.lan:8077"}), ANY) is None
    assert host_problem(Headers({"host": "inside.lan/login"}), ANY) is not None


HERE = {"host": "127.0.0.1:8077"}


@pytest.mark.parametrize(
    ("told", "fine"),
    [
        ({}, True),
        ({"origin": "http://127.0.0.1:8077"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"origin": "http://127.0.0.1:9999"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "http://127.0.0.1:8077.evil.example"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:8077"}, False),
    ],
)
def test_only_own_pages_and_programs_change_anything(told: dict[str, str], fine: bool) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "WHATEVER"):
        assert (origin_problem(method, Headers(HERE | told), LOCAL) is None) == fine


def test_behind_a_proxy_the_public_origin_is_the_own_one_whatever_host_the_proxy_names() -> None:
    assert origin_problem("POST", Headers(HERE | {"origin": PUBLIC}), PROXIED) is None
    assert origin_problem("POST", Headers(HERE | {"origin": "http://screening.example"}), PROXIED) is not None


def test_pages_elsewhere_may_link_here_and_nothing_else() -> None:
    visit = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert origin_problem("GET", Headers(HERE | visit), LOCAL) is None
    for other in ({"sec-fetch-mode": "no-cors"}, {"sec-fetch-dest": "iframe"}, {"sec-fetch-dest": "image"}):
        assert origin_problem("GET", Headers(HERE | visit | other), LOCAL) is not None


@pytest.mark.parametrize("path", ["/", "/review/abc?x=1&y=2", "/submissions#top", "/a//b", "/@evil.example"])
def test_a_login_leads_on_to_paths_of_this_service(path: str) -> None:
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "//evil.example", "///evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example",
     "/\t/evil.example", "/\n/evil.example", " //evil.example", "javascript:alert(1)", "evil.example",
     "/a\r\nSet-Cookie: x=y", "/" + "a" * 3000, "/login?next=/login", "/logout", "http:/evil.example",
     "/\x00", "/\x7f/"],
)  # fmt: skip
def test_and_nowhere_else(path: str) -> None:
    assert safe_next(path) == "/"


def test_only_trusted_proxies_say_who_calls() -> None:
    told = Headers({"x-forwarded-for": "198.51.100.9, 192.0.2.7, 10.0.0.2"})
    assert address_of("203.0.113.5", told, ()) == "203.0.113.5"
    assert address_of("10.0.0.1", told, ("10.0.0.1",)) == "10.0.0.2"
    assert address_of("10.0.0.1", told, ("10.0.0.1", "10.0.0.2")) == "192.0.2.7"
    assert address_of("2001:db8::1", Headers({}), ()) == address_of("2001:db8::ffff", Headers({}), ())
    assert address_of("::ffff:192.0.2.7", Headers({}), ()) == "192.0.2.7"


def test_a_caller_behind_a_proxy_is_not_on_this_machine() -> None:
    assert is_on_this_machine("127.0.0.1", Headers(HERE))
    assert not is_on_this_machine("192.0.2.7", Headers(HERE))
    assert not is_on_this_machine("127.0.0.1", Headers(HERE | {"x-forwarded-for": "192.0.2.7"}))
    assert not is_on_this_machine("127.0.0.1", Headers({"host": "screening.example"}))
    assert not is_on_this_machine("testclient", Headers(HERE))


def test_a_bucket_holds_a_minutes_worth_and_fills_evenly() -> None:
    moment = 0.0
    buckets = Buckets(60, lambda: moment)
    assert [buckets.wait_s("a") for _ in range(61)] == [0] * 60 + [1]
    assert buckets.wait_s("b") == 0, "each has its own"
    moment = 2.0
    assert [buckets.wait_s("a") for _ in range(3)] == [0, 0, 1]
    slow = Buckets(1, lambda: moment)
    assert (slow.wait_s("a"), slow.wait_s("a")) == (0, 60)
    assert [Buckets(0).wait_s("a") for _ in range(3)] == [0, 0, 0]


def test_buckets_of_many_addresses_are_bounded() -> None:
    buckets = Buckets(10)
    for number in range(20_100):
        buckets.wait_s(number)
    assert len(buckets._left) == 20_000


def test_every_answer_has_the_headers_that_keep_browsers_safe(browser: Browser) -> None:
    for path in ("/login", "/status/live", "/static/access.css", "/v1/account", "/nowhere", "/"):
        answer = browser.get(path)
        assert answer.headers["content-security-policy"] == CSP, path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "geolocation=()" in answer.headers["permissions-policy"]
        assert "strict-transport-security" not in answer.headers
        kept = "public, max-age=86400" if path.startswith("/static") else "no-store"
        assert answer.headers["cache-control"] == kept
    assert "unsafe" not in CSP


def test_without_a_login_programs_are_told_so_and_people_led_to_the_form(browser: Browser) -> None:
    answer = browser.get("/v1/account")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    answer = browser.get("/administration/audit?kind=look")
    assert (answer.status_code, answer.headers["location"]) == (
        303, "/login?next=%2Fadministration%2Faudit%3Fkind%3Dlook",
    )  # fmt: skip
    script = browser.get("/account", headers={"sec-fetch-mode": "cors", "sec-fetch-site": "same-origin"})
    assert script.status_code == 401
    assert browser.get("/status/live").status_code == 200
    assert browser.get("/status/live", headers={"host": "10.1.2.3:8077"}).status_code == 200


def test_logging_in_leads_on_and_gives_a_cookie_that_scripts_cannot_read(browser: Browser) -> None:
    assert "partwatch_visitor" in browser.get("/login").headers["set-cookie"]
    answer = browser.log_in("all", next="/account?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?x=1")
    given = answer.headers.get_list("set-cookie")
    session = next(one for one in given if one.startswith("partwatch_session="))
    assert {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=43200"} <= set(session.split("; "))
    assert "Secure" not in session, "this one is not over TLS"
    page = browser.get("/account")
    assert page.status_code == 200
    assert "visitor" not in page.headers.get("set-cookie", "")
    assert browser.get("/v1/account").json()["way"] == "session"
    assert browser.get("/login?next=//evil.example").headers["location"] == "/"


def test_over_tls_cookies_are_bound_to_the_host_and_browsers_stay_with_tls(tmp_path: Path) -> None:
    settled(tmp_path, BEHIND_PROXY)
    with serving(tmp_path, BEHIND_PROXY) as browser:
        answer = browser.get("/login")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-partwatch_visitor=")
        assert "; Secure" in cookie
        csrf = re.search(r'name="csrf" value="([^"]+)"', answer.text)
        assert csrf is not None
        sent = {"csrf": csrf[1], "name": "all", "password": PASSWORD}
        kept = {"cookie": cookie.partition(";")[0], "origin": PUBLIC}
        answer = browser.post("/login", data=sent, headers=kept)
        session = next(one for one in answer.headers.get_list("set-cookie") if "session" in one)
        assert session.startswith("__Host-partwatch_session=")
        assert "; Secure" in session
        assert "Domain" not in session


def test_a_session_that_somebody_planted_is_none(browser: Browser) -> None:
    browser.cookies.set("partwatch_session", "planted")
    assert browser.get("/account").status_code == 303
    browser.log_in("all")
    given = browser.cookies.get("partwatch_session", path="/", domain="127.0.0.1")
    assert given not in (None, "planted")
    old = given or ""
    browser.cookies.clear()
    browser.cookies.set("partwatch_session", old)
    assert browser.get("/account").status_code == 200
    csrf = browser.csrf("/account")
    answer = browser.post("/login", data={"csrf": csrf, "name": "all", "password": PASSWORD})
    assert answer.status_code == 303
    browser.cookies.clear()
    browser.cookies.set("partwatch_session", old)
    assert browser.get("/account").status_code == 303, "the session before the login ended with it"


def test_logging_out_ends_the_session_and_needs_the_form(browser: Browser) -> None:
    browser.log_in("all")
    kept = dict(browser.cookies)
    assert browser.post("/logout", data={}).status_code == 403
    assert browser.post("/logout", data={"csrf": browser.csrf("/account")}).status_code == 303
    browser.cookies.clear()
    browser.cookies.update(kept)
    assert browser.get("/account").status_code == 303


def test_forms_without_their_token_or_with_anothers_are_refused(browser: Browser, tmp_path: Path) -> None:
    csrf = browser.csrf("/login")
    sent = {"name": "all", "password": PASSWORD}
    for wrong in ({}, {"csrf": ""}, {"csrf": csrf[:-1]}, {"csrf": "x" * 40}, {"csrf": "\u00e9"}):
        assert browser.post("/login", data=sent | wrong).status_code == 403
    with Browser(str(browser.base_url)) as another:
        another.get("/login")
        assert another.post("/login", data=sent | {"csrf": csrf}).status_code == 403, (
            "it is another browser's"
        )
    assert browser.post("/login", data=sent | {"csrf": csrf}).status_code == 303
    answer = browser.post(
        "/account/tokens", data={"name": "x", "scope": "review", "days": "30", "csrf": csrf}
    )
    assert answer.status_code == 403, "a session has a token of its own"


def test_a_change_by_cookie_over_the_api_must_come_from_an_own_page(browser: Browser) -> None:
    browser.log_in("all")
    asked = {"id": "new", "name": "New"}
    assert browser.post("/v1/customers", json=asked).status_code == 403
    assert browser.post("/v1/customers", json=asked, headers={"x-csrf-token": "no"}).status_code == 403
    evil = {"origin": "https://evil.example"}
    assert browser.post("/v1/customers", json=asked, headers=evil).status_code == 403
    token = {"x-csrf-token": browser.csrf("/account")}
    assert browser.post("/v1/customers", json=asked, headers=token).status_code == 201
    own = {"origin": str(browser.base_url)}
    assert browser.put("/v1/customers/new/disabled", json={"disabled": True}, headers=own).status_code == 200


def test_a_token_works_for_the_api_and_a_wrong_one_is_not_mended_by_a_cookie(
    browser: Browser, people: tuple[ServiceStore, People]
) -> None:
    told = httpx.get(f"{browser.base_url}/v1/account", headers=bearer(people, "shop")).json()
    assert told == {"name": "shop", "customer": "shop", "roles": ["submit"], "way": "token"}
    browser.log_in("all")
    for wrong in ("Bearer", "Bearer pw_x", "Basic YTpi", "", f"Bearer {people[1].tokens['shop']}x"):
        assert browser.get("/v1/account", headers={"Authorization": wrong}).status_code == 401


def test_tokens_make_no_tokens_and_change_no_password(
    browser: Browser, people: tuple[ServiceStore, People]
) -> None:
    head = bearer(people, "all")
    browser.cookies.clear()
    asked = {"name": "x", "scopes": ["review"], "days": 3}
    assert browser.post("/v1/account/tokens", json=asked, headers=head).status_code == 403
    new = {"old": PASSWORD, "new": "another long walk"}
    assert browser.put("/v1/account/password", json=new, headers=head).status_code == 403
    browser.log_in("all")
    own = {"origin": str(browser.base_url)}
    made = browser.post("/v1/account/tokens", json=asked, headers=own)
    assert made.status_code == 201
    assert made.json()["token"].startswith(f"pw_{made.json()['id']}_")
    assert browser.put("/v1/account/password", json=new, headers=own).status_code == 204
    assert browser.get("/account").status_code == 303, "it ended with the password"


def test_who_is_shut_out_is_out_with_the_next_request(
    browser: Browser, people: tuple[ServiceStore, People]
) -> None:
    browser.log_in("shop")
    head = bearer(people, "shop")
    assert browser.get("/account").status_code == 200
    accounts.set_disabled(people[0], "shop", True, THIS_MACHINE)
    assert browser.get("/account").status_code == 303
    assert browser.get("/v1/account", headers=head).status_code == 401


def test_too_many_requests_of_an_account_or_an_address_are_told_when_to_come_again(tmp_path: Path) -> None:
    settings = Settings(access=Access(login=True, requests_per_minute=4, logins_per_minute=0))
    people = settled(tmp_path, settings)
    with serving(tmp_path, settings) as browser:
        head = bearer(people, "shop")
        assert [browser.get("/v1/account", headers=head).status_code for _ in range(5)] == [200] * 4 + [429]
        answer = browser.get("/v1/account", headers=head)
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["status"] == 429
        assert browser.get("/v1/account", headers=bearer(people, "other")).status_code == 200
        guesses = [browser.get("/v1/account", headers={"Authorization": "Bearer x"}) for _ in range(5)]
        assert [one.status_code for one in guesses] == [401] * 4 + [429]
        assert browser.get("/status/live").status_code == 200
        assert browser.get("/v1/account", headers=bearer(people, "all")).status_code == 200


def test_what_is_handed_in_has_a_limit_of_its_own(tmp_path: Path) -> None:
    settings = Settings(access=Access(login=True, submissions_per_minute=2))
    people = settled(tmp_path, settings)
    with serving(tmp_path, settings) as browser:
        head = bearer(people, "shop")
        answers = [browser.post("/v1/submissions", headers=head) for _ in range(3)]
        assert answers[2].status_code == 429
        assert 429 not in [one.status_code for one in answers[:2]]
        assert browser.get("/v1/account", headers=head).status_code == 200


def test_passwords_are_tried_so_often_a_minute_for_one_account_and_from_one_address(tmp_path: Path) -> None:
    settings = Settings(Serving(trusted_proxies=("127.0.0.1",)), Access(login=True, logins_per_minute=3))
    settled(tmp_path, settings)
    with serving(tmp_path, settings) as browser:

        def tries(name: str, address: str, count: int) -> list[int]:
            browser.headers["x-forwarded-for"] = address
            return [browser.log_in(name, "wrong wrong wrong").status_code for _ in range(count)]

        assert tries("all", "192.0.2.1", 4) == [403, 403, 403, 429]
        assert tries("shop", "192.0.2.1", 1) == [429], "the address had its tries"
        assert tries("all", "192.0.2.2", 1) == [429], "the account had its tries"
        assert tries("no-such", "192.0.2.3", 4) == [403, 403, 403, 429], (
            "whether there is such an account or not"
        )
        answer = browser.log_in("review", "wrong wrong wrong")
        assert int(answer.headers["retry-after"]) > 0
        browser.headers["x-forwarded-for"] = "192.0.2.4"
        assert browser.log_in("review").status_code == 303


def test_only_programs_on_this_machine_and_administrators_watch_over_it(
    browser: Browser, people: tuple[ServiceStore, People]
) -> None:
    afar = {"x-forwarded-for": "192.0.2.1"}
    for path in ("/metrics", "/status"):
        assert browser.get(path, headers=afar).status_code == 401
        assert browser.get(path).status_code in (200, 404, 503)
        assert browser.get(path, headers=bearer(people, "administer") | afar).status_code in (200, 404, 503)
        assert browser.get(path, headers=bearer(people, "shop")).status_code == 403


def test_without_a_login_this_machine_alone_is_served(tmp_path: Path) -> None:
    with serving(tmp_path, Settings()) as browser:
        assert browser.get("/v1/account").json() == {
            "name": "this machine", "customer": None, "way": "machine",
            "roles": ["administer", "curate", "investigate", "review", "submit"],
        }  # fmt: skip
        for told in ({"host": "evil.example"}, {"x-forwarded-for": "192.0.2.1"}):
            assert browser.get("/v1/account", headers=told).status_code == 421
            assert "<h1>" in browser.get("/account", headers=told).text
        assert browser.get("/login").headers["location"] == "/"
        assert browser.get("/").headers["location"] == "/submissions"
        assert browser.get("/v1/account/tokens").status_code == 409
        asked = {"id": "north", "name": "North"}
        assert browser.post("/v1/customers", json=asked).status_code == 201, "a program of this machine"
        evil = {"origin": "http://evil.example"}
        assert browser.post("/v1/customers", json=asked, headers=evil).status_code == 403
        assert browser.post("/administration/customers", data=asked).status_code == 403
        asked |= {"id": "south", "csrf": browser.csrf("/administration/customers")}
        assert browser.post("/administration/customers", data=asked).status_code == 303


def test_an_error_is_a_page_for_people_and_problem_details_for_programs(browser: Browser) -> None:
    browser.log_in("shop")
    page = browser.get("/administration")
    assert page.status_code == 403
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "lacks the role administer" in page.text
    told = browser.get("/v1/audit")
    assert (told.status_code, told.headers["content-type"]) == (403, "application/problem+json")
    assert browser.get("/nowhere").status_code == 404
    assert browser.get("/v1/nowhere").headers["content-type"] == "application/problem+json"
    assert browser.get("/v1/account/").status_code == 404, "no redirect to whatever host was named"


def test_small_requests_are_small(browser: Browser) -> None:
    assert browser.post("/login", content=b"x" * (1 << 20) + b"x").status_code == 413

    def stream() -> Iterator[bytes]:
        for _ in range(20):
            yield b"name=" + b"x" * (1 << 16)

    told = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.post("/login", content=stream(), headers=told).status_code == 413
    browser.log_in("all")
    own = {"origin": str(browser.base_url), "content-type": "application/json"}
    answer = browser.post("/v1/customers", content=stream(), headers=own)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def test_pages_of_administration_make_customers_and_accounts_and_links(browser: Browser) -> None:
    browser.log_in("all")
    csrf = {"csrf": browser.csrf("/account")}
    again = browser.post("/administration/customers", data=csrf | {"id": "shop", "name": "X"})
    assert (again.status_code, "There is such a customer" in again.text or "already" in again.text) == (
        422,
        True,
    )
    made = browser.post("/administration/accounts", data=csrf | {"name": "new", "role": ["review", "curate"]})
    link = re.search(r"http://[^\"]+/setup/([^\"]+)", made.text)
    assert link is not None
    assert "new" in browser.get("/administration/accounts").text
    here = "/administration/accounts/new"
    assert browser.post(f"{here}/roles", data=csrf | {"role": "review"}).status_code == 303
    assert browser.post(f"{here}/roles", data=csrf | {"role": "root"}).status_code == 422
    assert browser.post(f"{here}/disabled", data=csrf | {"disabled": "true"}).status_code == 303
    assert browser.post(f"{here}/setup-link", data=csrf).status_code == 422
    assert browser.post(f"{here}/disabled", data=csrf | {"disabled": "false"}).status_code == 303
    made = browser.post(f"{here}/setup-link", data=csrf)
    link = re.search(r"/setup/([^\"]+)", made.text)
    assert link is not None
    audit = browser.get("/administration/audit?about=new").text
    assert "setup link" in audit
    assert "It holds" in browser.get("/administration").text
    with Browser(str(browser.base_url)) as person:
        path = f"/setup/{link[1]}"
        sent = {"csrf": person.csrf(path), "password": PASSWORD, "again": PASSWORD}
        assert person.post(path, data=sent | {"again": "other"}).status_code == 422
        assert person.post(path, data=sent).headers["location"] == "/login"
        assert person.get(path).status_code == 404
        assert person.log_in("new").status_code == 303


def test_the_audit_log_is_paged_filtered_and_checked(
    browser: Browser, people: tuple[ServiceStore, People]
) -> None:
    head = bearer(people, "administer")

    def asked(**query: str) -> dict[str, object]:
        answer = browser.get("/v1/audit", params=query, headers=head)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    first = asked(limit="3")
    assert isinstance(first["entries"], list)
    seqs = [one["seq"] for one in first["entries"]]
    assert seqs == sorted(seqs, reverse=True)
    second = asked(limit="500", before=str(first["before"]))
    assert isinstance(second["entries"], list)
    assert second["entries"][0]["seq"] == seqs[-1] - 1
    assert second["entries"][-1]["seq"] == 0
    assert second["before"] is None
    about = asked(kind="account", about="shop")["entries"]
    assert isinstance(about, list)
    assert [one["told"]["did"] for one in about] == ["added"]
    assert asked(by="nobody-at-all")["entries"] == []
    state = browser.get("/v1/audit/state", headers=head).json()
    assert (state["holds"], state["whole"], state["size"]) == (True, True, seqs[0] + 1)
    for bad in ({"limit": "0"}, {"before": "-1"}, {"kind": "X"}, {"by": "\x00"}):
        assert browser.get("/v1/audit", params=bad, headers=head).status_code == 422


async def streamed(
    app: FastAPI, chunks: list[bytes], headers: dict[str, str] | None = None
) -> tuple[list[bytes], list[Any]]:
    """What an application is sent, and what had been heard of it by then: once a chunk."""
    heard: list[bytes] = []
    seen: list[Any] = []

    async def receive() -> dict[str, Any]:
        seen.append(len(heard))
        body = chunks[len(seen) - 1]
        return {"type": "http.request", "body": body, "more_body": len(seen) < len(chunks)}

    async def send(message: Any) -> None:
        heard.append(message.get("body", b""))

    told = {"host": "localhost", "content-type": "multipart/form-data; boundary=x"} | (headers or {})
    scope = {
        "type": "http", "method": "POST", "path": "/v1/submissions", "raw_path": b"", "query_string": b"",
        "root_path": "", "scheme": "http", "http_version": "1.1", "asgi": {"spec_version": "2.4"},
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1), "headers": [(k.encode(), v.encode()) for k, v in told.items()],
    }  # fmt: skip
    await app(scope, receive, send)
    return heard, seen


def test_bodies_and_answers_pass_as_they_come(tmp_path: Path) -> None:
    service = Service.open(tmp_path, Settings())
    app = FastAPI()
    app.state.service = service
    middleware.add_to(app)

    @app.post("/v1/submissions")
    async def echo(request: Request) -> StreamingResponse:
        return StreamingResponse(request.stream())

    chunks = [b"x" * (1 << 20), b"y" * (1 << 20), b"z"]
    heard, seen = asyncio.run(streamed(app, chunks))
    assert b"".join(heard) == b"".join(chunks)
    # The start, then an answer to each chunk before the next was asked for.
    assert seen == [1, 2, 3]


def test_what_nobody_foresaw_is_told_without_its_trace_and_is_the_servers_to_log(tmp_path: Path) -> None:
    app = FastAPI()
    app.state.service = Service.open(tmp_path, Settings())
    middleware.add_to(app)

    @app.post("/v1/submissions")
    async def broken() -> None:
        raise RuntimeError("a secret")

    with pytest.raises(RuntimeError):
        asyncio.run(streamed(app, [b""]))


def test_a_script_of_a_page_is_told_problems_as_problems(browser: Browser) -> None:
    browser.log_in("shop")
    script = {"sec-fetch-mode": "cors", "sec-fetch-site": "same-origin"}
    for told in (script, {"accept": "application/json"}):
        answer = browser.get("/administration", headers=told)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
