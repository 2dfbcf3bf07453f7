"""Accounts, passwords, tokens and sessions: who gets in, and who no longer does."""

from __future__ import annotations

import io
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import service_samples as samples
from access_samples import PASSWORD, cheap_passwords
from sqlalchemy import select, update

from partwatch.cli import main
from partwatch.ledger import log
from partwatch.model.errors import UsageError
from partwatch.service.access import accounts, passwords, sessions, tokens
from partwatch.service.access.accounts import UnknownError
from partwatch.service.customers import add_customer, set_customer_disabled
from partwatch.service.principals import THIS_MACHINE, ForbiddenError, Principal
from partwatch.service.settings import Settings
from partwatch.service.states import Role
from partwatch.service.store import ServiceStore, now
from partwatch.service.tables import ACCOUNTS, SESSIONS, TOKENS


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_passwords(monkeypatch)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ServiceStore:
    if request.param == "postgresql" and not samples.POSTGRESQL:
        pytest.skip("PARTWATCH_POSTGRESQL names no server")
    return with_people(tmp_path, samples.settings_for(tmp_path, request.param == "postgresql"))


def with_people(home: Path, settings: Settings) -> ServiceStore:
    """A customer, an administrator, and an account of the customer's."""
    made = ServiceStore.open(home, settings)
    add_customer(made, "shop", "Shop", THIS_MACHINE)
    accounts.add_account(made, "ada", [Role.ADMINISTER, Role.REVIEW], None, THIS_MACHINE, PASSWORD)
    accounts.add_account(made, "till", [Role.SUBMIT], "shop", THIS_MACHINE, PASSWORD)
    return made


ADA = Principal("ada", None, frozenset({Role.ADMINISTER, Role.REVIEW}))
TILL = Principal("till", "shop", frozenset({Role.SUBMIT}))


def noted(store: ServiceStore, kind: str) -> list[dict[str, Any]]:
    with store.reading() as connection:
        found = [one.opening for one in log.entries(connection, kind=kind)]
    return [one.body for one in found if one is not None]


def log_in(store: ServiceStore, name: str, password: str = PASSWORD) -> str | None:
    return sessions.log_in(store, name, password, "192.0.2.1")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "has 5 characters"),
        ("", "has 0 characters"),
        ("x" * 300, "256 at most"),
        ("a tab\tis not typed", "cannot be typed"),
        ("aaaaaaaaaaaa", "first that are tried"),
        ("abcabcabcabca", "first that are tried"),
        ("1234567890123", "first that are tried"),
        ("Password123456!", "first that are tried"),
        ("qwertyuiopasdf", "first that are tried"),
        ("Ada.Smith2026!", "first that are tried"),
        ("Correct Horse Battery Staple", "first that are tried"),
    ],
)
def test_a_password_that_is_short_or_tried_first_is_refused_with_the_mend(password: str, said: str) -> None:
    problem = passwords.password_problem(password, "ada.smith@example")
    assert problem is not None
    assert said in problem


@pytest.mark.parametrize("password", [PASSWORD, "æøåæøå mixed w", "4821 9035 6617", "        x   y  z"])
def test_any_characters_will_do_where_there_are_enough(password: str) -> None:
    assert passwords.password_problem(password, "ada") is None


def test_a_password_is_the_same_however_its_letters_were_composed() -> None:
    kept = passwords.hashed("caf\u00e9 au lait, two")
    assert passwords.matches(kept, "cafe\u0301 au lait, two")
    assert kept.startswith("$argon2id$")


def test_no_password_is_found_in_the_store(store: ServiceStore) -> None:
    made = log_in(store, "ada")
    _, token = tokens.make_token(store, "ada", "x", [Role.REVIEW], 1, ADA)
    link = accounts.setup_link(store, "till", ADA)
    assert made is not None
    raw = b"".join(path.read_bytes() for path in store.folder.iterdir() if path.is_file())
    for secret in (PASSWORD, made, token.rpartition("_")[2], link):
        assert secret.encode() not in raw


@pytest.mark.parametrize(
    "name", ["", "a b", "<script>", "this machine", "ünal", "a/b", "-a", "x" * 65, "a\0b"]
)
def test_names_are_plain_and_none_is_that_of_this_machine(store: ServiceStore, name: str) -> None:
    with pytest.raises(UsageError, match="account's name"):
        accounts.add_account(store, name, [Role.REVIEW], None, THIS_MACHINE)


def test_an_account_of_a_customer_only_submits(store: ServiceStore) -> None:
    for roles in ([Role.REVIEW], [Role.SUBMIT, Role.REVIEW], []):
        with pytest.raises(UsageError):
            accounts.add_account(store, "x", roles, "shop", THIS_MACHINE)
    with pytest.raises(UsageError, match="role submit"):
        accounts.set_roles(store, "till", [Role.ADMINISTER], ADA)
    with pytest.raises(UnknownError):
        accounts.add_account(store, "x", [Role.SUBMIT], "nowhere", THIS_MACHINE)


def test_only_administrators_change_accounts(store: ServiceStore) -> None:
    for act in (
        lambda: accounts.add_account(store, "x", [Role.REVIEW], None, TILL),
        lambda: accounts.set_roles(store, "till", [Role.SUBMIT], TILL),
        lambda: accounts.set_disabled(store, "ada", True, TILL),
        lambda: accounts.set_password(store, "ada", PASSWORD, TILL),
        lambda: accounts.setup_link(store, "ada", TILL),
        lambda: tokens.make_token(store, "ada", "x", [Role.SUBMIT], 1, TILL),
    ):
        with pytest.raises(ForbiddenError):
            act()


def test_the_last_administrator_stays(store: ServiceStore) -> None:
    with pytest.raises(UsageError, match="last that administers"):
        accounts.set_disabled(store, "ada", True, ADA)
    with pytest.raises(UsageError, match="last that administers"):
        accounts.set_roles(store, "ada", [Role.REVIEW], ADA)
    with store.reading() as connection:
        assert accounts.account_of(connection, "ada").disabled_at is None, "nothing of it was kept"
    accounts.add_account(store, "bob", [Role.ADMINISTER], None, ADA)
    accounts.set_disabled(store, "ada", True, ADA)


def test_login_takes_one_hash_whoever_logs_in(store: ServiceStore, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add_account(store, "robot", [Role.REVIEW], None, THIS_MACHINE)
    passwords._nobodys()
    hashes: list[str] = []
    verified = passwords._verified

    def counted(kept: str, password: bytes) -> bool:
        hashes.append(kept)
        return verified(kept, password)

    monkeypatch.setattr(passwords, "_verified", counted)
    sizes = []
    for name, password in (
        ("ada", PASSWORD),
        ("ada", "wrong"),
        ("nobody-here", PASSWORD),
        ("robot", ""),
        ("\0", "x"),
    ):
        before = len(hashes)
        assert (log_in(store, name, password) is not None) == (password == PASSWORD and name == "ada")
        sizes.append(len(hashes) - before)
    assert sizes == [1, 1, 1, 1, 1]
    assert len(noted(store, "login")) == 5, "each writes as much as the others"


def test_what_was_typed_as_the_name_of_no_account_is_not_kept(store: ServiceStore) -> None:
    log_in(store, "my secret password")
    assert noted(store, "login") == [{"did": "refused", "account": None, "address": "192.0.2.1"}]


def test_a_session_has_a_new_name_after_every_login_and_the_old_one_ends(store: ServiceStore) -> None:
    first = log_in(store, "ada")
    assert first is not None
    second = sessions.log_in(store, "ADA", PASSWORD, "", before=first)
    assert second is not None
    assert second != first
    assert sessions.session_of(store, first) is None
    found = sessions.session_of(store, second)
    assert found is not None
    assert found.principal == ADA


def test_a_session_ends_by_itself(store: ServiceStore) -> None:
    made = log_in(store, "ada")
    assert made is not None
    with store.writing() as connection:
        connection.execute(update(SESSIONS).values(expires_at=now(timedelta(seconds=-1))))
    assert sessions.session_of(store, made) is None
    log_in(store, "ada")
    with store.reading() as connection:
        assert len(connection.execute(select(SESSIONS)).all()) == 1, "what is over is swept"


def test_all_sessions_end_with_the_password(store: ServiceStore) -> None:
    made = [log_in(store, "ada") for _ in range(2)]
    with pytest.raises(UsageError, match="now is another"):
        accounts.change_password(store, "ada", "wrong", "another long walk", ADA)
    accounts.change_password(store, "ada", PASSWORD, "another long walk", ADA)
    assert [sessions.session_of(store, one or "") for one in made] == [None, None]
    assert log_in(store, "ada") is None
    assert log_in(store, "ada", "another long walk") is not None


@pytest.mark.parametrize("whole_customer", [False, True])
def test_who_is_shut_out_is_out_at_once(store: ServiceStore, whole_customer: bool) -> None:
    session = log_in(store, "till")
    _, token = tokens.make_token(store, "till", "x", [Role.SUBMIT], 1, TILL)
    assert session is not None
    assert sessions.session_of(store, session)
    assert tokens.shown(store, token)

    def shut(out: bool) -> None:
        if whole_customer:
            set_customer_disabled(store, "shop", out, ADA)
        else:
            accounts.set_disabled(store, "till", out, ADA)

    shut(True)
    assert sessions.session_of(store, session) is None
    assert tokens.shown(store, token) is None
    assert log_in(store, "till") is None
    shut(False)
    assert tokens.shown(store, token) is not None
    assert log_in(store, "till") is not None


def test_a_token_does_what_both_its_scopes_and_its_account_allow(store: ServiceStore) -> None:
    _, text = tokens.make_token(store, "ada", "x", [Role.ADMINISTER, Role.REVIEW], 1, ADA)
    accounts.add_account(store, "bob", [Role.ADMINISTER], None, ADA)
    accounts.set_roles(store, "ada", [Role.REVIEW, Role.CURATE], ADA)
    found = tokens.shown(store, text)
    assert found is not None
    assert found.principal == Principal("ada", None, frozenset({Role.REVIEW}))


def test_nobody_makes_a_token_that_may_more_than_they(store: ServiceStore) -> None:
    narrow = Principal("ada", None, frozenset({Role.REVIEW}))
    for by, account, scope in (
        (narrow, "ada", Role.ADMINISTER),
        (ADA, "ada", Role.CURATE),
        (ADA, "till", Role.REVIEW),
        (TILL, "till", Role.REVIEW),
    ):
        with pytest.raises(ForbiddenError, match="cannot have the scope"):
            tokens.make_token(store, account, "x", [scope], 1, by)
    for days in (0, -1, 366):
        with pytest.raises(UsageError, match="lives for"):
            tokens.make_token(store, "ada", "x", [Role.REVIEW], days, ADA)


def test_a_revoked_or_expired_or_altered_token_does_nothing(store: ServiceStore) -> None:
    made, text = tokens.make_token(store, "till", "x", [Role.SUBMIT], 1, TILL)
    for wrong in (
        "",
        "pw_",
        text[:-1],
        text + "0",
        text[:-1] + ("0" if text[-1] != "0" else "1"),
        text.upper(),
    ):
        assert tokens.shown(store, wrong) is None
    with pytest.raises(UnknownError):
        tokens.revoke_token(store, made.id, Principal("else", "other", frozenset({Role.SUBMIT})))
    assert tokens.shown(store, text) is not None
    assert tokens.revoke_token(store, made.id, TILL).is_over
    assert tokens.shown(store, text) is None
    _, text = tokens.make_token(store, "till", "x", [Role.SUBMIT], 1, TILL)
    with store.writing() as connection:
        connection.execute(update(TOKENS).values(expires_at=now(timedelta(seconds=-1))))
    assert tokens.shown(store, text) is None


def test_use_of_a_token_is_noted_once_a_minute_and_not_in_the_ledger(store: ServiceStore) -> None:
    made, text = tokens.make_token(store, "till", "x", [Role.SUBMIT], 1, TILL)

    def used() -> str | None:
        with store.reading() as connection:
            return next(one.used_at for one in tokens.tokens_of(connection, "till") if one.id == made.id)

    entries = len(noted(store, "token"))
    tokens.shown(store, text)
    first = used()
    assert first is not None
    tokens.shown(store, text)
    assert used() == first
    with store.writing() as connection:
        connection.execute(update(TOKENS).values(used_at=now(timedelta(minutes=-2))))
    tokens.shown(store, text)
    assert (used() or "") >= first
    assert len(noted(store, "token")) == entries


def test_a_setup_link_works_once(store: ServiceStore) -> None:
    accounts.add_account(store, "bob", [Role.REVIEW], None, ADA)
    assert log_in(store, "bob", "") is None
    old = accounts.setup_link(store, "bob", ADA)
    secret = accounts.setup_link(store, "bob", ADA)
    for wrong in (old, "", secret[:-1]):
        with pytest.raises(UnknownError):
            accounts.set_up(store, wrong, PASSWORD)
    with pytest.raises(UsageError, match="characters"):
        accounts.set_up(store, secret, "short")
    accounts.set_up(store, secret, PASSWORD)
    assert log_in(store, "bob") is not None
    with pytest.raises(UnknownError):
        accounts.set_up(store, secret, "another long walk")


def test_a_setup_link_ends_after_its_time_and_with_its_account(store: ServiceStore) -> None:
    secret = accounts.setup_link(store, "till", ADA)
    accounts.set_disabled(store, "till", True, ADA)
    accounts.set_disabled(store, "till", False, ADA)
    with pytest.raises(UnknownError):
        accounts.set_up(store, secret, PASSWORD)
    secret = accounts.setup_link(store, "till", ADA)
    with store.writing() as connection:
        connection.execute(update(ACCOUNTS).values(setup_until=now(timedelta(seconds=-1))))
    with pytest.raises(UnknownError):
        accounts.set_up(store, secret, PASSWORD)


def test_everything_is_in_the_ledger_with_who_did_it_and_no_secret(store: ServiceStore) -> None:
    accounts.set_roles(store, "ada", [Role.ADMINISTER], ADA)
    accounts.set_password(store, "till", "another long walk", ADA)
    made, _ = tokens.make_token(store, "till", "for the till", [Role.SUBMIT], 5, TILL)
    tokens.revoke_token(store, made.id, ADA)
    assert [(one["name"], one["did"]) for one in noted(store, "account")] == [
        ("ada", "added"), ("till", "added"), ("ada", "roles"), ("till", "password"),
    ]  # fmt: skip
    assert [(one["id"], one["did"]) for one in noted(store, "token")] == [
        (made.id, "made"), (made.id, "revoked"),
    ]  # fmt: skip
    with store.reading() as connection:
        by = [one.by for one in log.entries(connection, kind="token")]
    assert by == ["till", "ada"]


def run(home: Path, *words: str) -> int:
    return main(["--home", str(home), "service", *words])


def test_the_command_line_makes_the_first_administrator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTWATCH_ACTOR", "root")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run(tmp_path, "account", "add", "ada", "--role", "administer", "--role", "review") == 0
    store = ServiceStore.open(tmp_path, Settings())
    assert log_in(store, "ada") is not None
    assert run(tmp_path, "customer", "add", "shop", "The Shop") == 0
    assert (
        run(tmp_path, "account", "add", "till", "--role", "submit", "--customer", "shop", "--no-password")
        == 0
    )
    capsys.readouterr()
    assert run(tmp_path, "token", "add", "till", "for the till", "--days", "7") == 0
    text = capsys.readouterr().out.strip()
    found = tokens.shown(store, text)
    assert found is not None
    assert found.principal == TILL
    assert run(tmp_path, "token", "list", "till", "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["account"], told["scopes"]) == ("till", ["submit"])
    assert run(tmp_path, "token", "revoke", told["id"]) == 0
    assert tokens.shown(store, text) is None
    with store.reading() as connection:
        assert {one.by for one in log.entries(connection, kind="token")} == {"operator root"}


def test_the_command_line_takes_no_weak_password_and_prints_a_link_instead(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for line in ("short\n", ""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(line))
        assert run(tmp_path, "account", "add", "ada", "--role", "administer") == 2
    assert "--link" in capsys.readouterr().err
    assert run(tmp_path, "account", "add", "ada", "--role", "administer", "--link") == 0
    link = capsys.readouterr().out.strip()
    assert link.startswith("http://127.0.0.1:8077/setup/")
    store = ServiceStore.open(tmp_path, Settings())
    accounts.set_up(store, link.rpartition("/")[2], PASSWORD)
    assert log_in(store, "ada") is not None
    assert run(tmp_path, "account", "password", "nobody", "--link") == 2
    assert run(tmp_path, "account", "disable", "ada") == 2
    for verb in ("customer", "account", "token"):
        assert run(tmp_path, verb, "list") == 0
    assert "This machine" in capsys.readouterr().out


def test_the_command_line_disables_and_lets_in_again(tmp_path: Path) -> None:
    store = with_people(tmp_path, Settings())
    assert run(tmp_path, "customer", "disable", "shop") == 0
    assert log_in(store, "till") is None
    assert run(tmp_path, "customer", "enable", "shop") == 0
    assert run(tmp_path, "account", "disable", "till") == 0
    assert log_in(store, "till") is None
    assert run(tmp_path, "account", "enable", "till") == 0
    assert run(tmp_path, "account", "roles", "ada", "--role", "administer", "--role", "curate") == 0
    assert log_in(store, "till") is not None
    assert run(tmp_path, "customer", "disable", "nowhere") == 2
    assert run(tmp_path, "customer", "disable", "local") == 2
