"""A service with two customers and people of every role, asked over HTTP; and every route that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import argon2
import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from service_running import running
from service_samples import hand_in

from partwatch.service.access import accounts, passwords, tokens
from partwatch.service.access.needs import Needs
from partwatch.service.customers import add_customer
from partwatch.service.principals import THIS_MACHINE, Principal
from partwatch.service.settings import Access, Intake, Serving, Settings
from partwatch.service.states import Role
from partwatch.service.store import ServiceStore
from partwatch.watchlist.store import Watchlist

PASSWORD = "a long walk home"
SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"\"'>{SCRIPT}<img src=x onerror=alert(2)>"
# In everything that is the other customer's, and in nothing else.
MARK = "otherwhere"
LOGIN = Settings(
    access=Access(login=True, requests_per_minute=0, logins_per_minute=0), intake=Intake(submission_mb=8)
)
PUBLIC = "https://screening.example"
BEHIND_PROXY = Settings(
    serving=Serving(public_url=PUBLIC, trusted_proxies=("127.0.0.1",)), access=Access(login=True)
)


def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 as fast as it gets."""
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: hasher)


@dataclass(frozen=True)
class Route:
    """One method of one path. needs: the roles that it says it needs, None where it says nothing."""

    method: str
    path: str
    needs: frozenset[Role] | None

    @property
    def names(self) -> list[str]:
        return re.findall(r"\{(\w+)(?::\w+)?\}", self.path)

    @property
    def is_api(self) -> bool:
        return self.path.startswith(("/v1/", "/status", "/metrics"))

    def at(self, values: dict[str, str]) -> str:
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values[found[1]], self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes_of(app: FastAPI) -> list[Route]:
    """Every route that the application has."""
    found = []
    for one in iter_route_contexts(app.routes):
        path = one.path_format or one.path
        assert path is not None
        needs = [
            each.call.roles
            for each in _dependants(getattr(one, "dependant", None))
            if isinstance(each.call, Needs)
        ]
        for method in sorted(one.methods or ()):
            if method != "HEAD":
                found.append(Route(method, path, needs[0] if needs else None))
    return found


def _dependants(dependant: Any) -> Iterator[Any]:
    if dependant is None:
        return
    yield dependant
    for each in dependant.dependencies:
        yield from _dependants(each)


@dataclass
class People:
    """Tokens by the account's name, and ids of the other customer's things by what they are."""

    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)


def settled(home: Path, settings: Settings = LOGIN) -> tuple[ServiceStore, People]:
    """A home with two customers, `shop` and `other`, an account of each, one of each role, and `all`."""
    Watchlist.open(home, create=True)
    store, people = ServiceStore.open(home, settings), People()
    add_customer(store, "shop", "Shop & Sons", THIS_MACHINE)
    add_customer(store, "other", f"{MARK} {HOSTILE}", THIS_MACHINE)
    made = {"shop": ({Role.SUBMIT}, "shop"), "other": ({Role.SUBMIT}, "other"), "all": (set(Role), None)}
    for name, (roles, customer) in (made | {role.value: ({role}, None) for role in Role}).items():
        accounts.add_account(store, name, roles, customer, THIS_MACHINE, PASSWORD)
        label = f"{MARK} {HOSTILE}" if name == "other" else "of tests"
        token, people.tokens[name] = tokens.make_token(store, name, label, roles, 30, THIS_MACHINE)
        if name == "other":
            people.ids["token"] = token.id
    by = Principal("other", "other", frozenset({Role.SUBMIT}))
    mine = hand_in(store, {f"{MARK}{HOSTILE}.stl": b"solid"}, "other", by=by)
    people.ids |= {"submission": mine.id, "customer": "other", "account": "other", "one": "1"}
    return store, people


class Browser(httpx.Client):
    """Keeps cookies and says where its requests come from, as browsers do."""

    def __init__(self, address: str) -> None:
        super().__init__(base_url=address, follow_redirects=False, timeout=30)

    def csrf(self, path: str) -> str:
        """The token of the forms of a page."""
        text = self.get(path).text
        found = re.search(r'name="csrf" value="([^"]+)"', text)
        assert found is not None, text
        return found[1]

    def log_in(self, name: str, password: str = PASSWORD, next: str = "/account") -> httpx.Response:
        sent = {"csrf": self.csrf("/login"), "name": name, "password": password, "next": next}
        return self.post("/login", data=sent)


@contextmanager
def serving(home: Path, settings: Settings = LOGIN) -> Iterator[Browser]:
    """A browser that nobody logged in with, on a running service."""
    with running(home, settings) as address, Browser(address) as browser:
        yield browser
