"""`partwatch service`: who may use the service, and what keeps it, by whoever runs it, on its own machine.

Works on the home's store directly, whether the service runs or not; what changes holds at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from partwatch.cli import service_keep, stdout
from partwatch.cli.case.common import actor
from partwatch.cli.home import home_of
from partwatch.model.errors import UsageError
from partwatch.report.escape import visible
from partwatch.service.states import Role

if TYPE_CHECKING:
    from partwatch.service.access.accounts import Account
    from partwatch.service.access.tokens import Token
    from partwatch.service.principals import Principal
    from partwatch.service.store import ServiceStore

_HELP: Final = "The service's customers, accounts and tokens, its backups, and how it is."
app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, help=_HELP)
customer = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Who submits.")
account = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Who may use the service.")
token = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="How programs show who they are.")
for _name, _group in (("customer", customer), ("account", account), ("token", token)):
    app.add_typer(_group, name=_name)
# Without a name its verbs stand beside these groups.
app.add_typer(service_keep.app)

Key = Annotated[str, typer.Argument(metavar="KEY", help="Its key: lower-case letters, digits, dashes.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Roles = Annotated[list[Role], typer.Option("--role", help="What it may do; may be repeated.")]
Link = Annotated[bool, typer.Option("--link", help="Print a link by which its person sets a password, once.")]


@customer.command("add")
def add_customer(
    context: typer.Context,
    key: Key,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
) -> None:
    """Add a customer. What it hands in no other customer sees."""
    from partwatch.service import customers

    customers.add_customer(_store(context), key, name, _operator())


@customer.command("list")
def list_customers(context: typer.Context, as_json: AsJson = False) -> None:
    """List the customers."""
    from partwatch.service import customers

    with _store(context).reading() as connection:
        found = customers.all_customers(connection)
    rows = [(one.id, one.name, _since(one.disabled_at)) for one in found]
    _listed(as_json, [vars(one) for one in found], rows)


@customer.command("disable")
def disable_customer(context: typer.Context, key: Key) -> None:
    """Shut all accounts of a customer out, at once. What it handed in stays."""
    _customer_is(context, key, True)


@customer.command("enable")
def enable_customer(context: typer.Context, key: Key) -> None:
    """Let the accounts of a customer in again."""
    _customer_is(context, key, False)


def _customer_is(context: typer.Context, key: str, disabled: bool) -> None:
    from partwatch.service import customers

    customers.set_customer_disabled(_store(context), key, disabled, _operator())


@account.command("add")
def add_account(
    context: typer.Context,
    name: Name,
    role: Roles,
    of: Annotated[
        str | None, typer.Option("--customer", metavar="KEY", help="Whose; it can only submit then.")
    ] = None,
    link: Link = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="For a program: it gets tokens and never logs in.")
    ] = False,
) -> None:
    """Add an account. Asks for its password, on a terminal twice; else reads one line of stdin."""
    from partwatch.service.access import accounts

    store, by = _store(context), _operator()
    accounts.check_roles(role, of)
    password = None if link or no_password else _password()
    accounts.add_account(store, name, role, of, by, password)
    if link:
        _show_link(store, name, by)


@account.command("list")
def list_accounts(context: typer.Context, as_json: AsJson = False) -> None:
    """List the accounts."""
    from partwatch.service.access import accounts

    with _store(context).reading() as connection:
        found = accounts.accounts(connection)
    rows = [
        (one.name, one.customer or "operator", ",".join(sorted(one.roles)), _since(one.disabled_at))
        for one in found
    ]
    _listed(as_json, [_account_told(one) for one in found], rows)


@account.command("disable")
def disable_account(context: typer.Context, name: Name) -> None:
    """Shut an account out at once, with its sessions and tokens."""
    from partwatch.service.access import accounts

    accounts.set_disabled(_store(context), name, True, _operator())


@account.command("enable")
def enable_account(context: typer.Context, name: Name) -> None:
    """Let an account in again."""
    from partwatch.service.access import accounts

    accounts.set_disabled(_store(context), name, False, _operator())


@account.command("roles")
def set_roles(context: typer.Context, name: Name, role: Roles) -> None:
    """Give an account these roles and no others, at once."""
    from partwatch.service.access import accounts

    accounts.set_roles(_store(context), name, role, _operator())


@account.command("password")
def set_password(context: typer.Context, name: Name, link: Link = False) -> None:
    """Set an account's password, or make a link for it. Its sessions end once it is set."""
    from partwatch.service.access import accounts

    store, by = _store(context), _operator()
    with store.reading() as connection:
        accounts.account_of(connection, name)
    if link:
        _show_link(store, name, by)
    else:
        accounts.set_password(store, name, _password(), by)


@token.command("add")
def add_token(
    context: typer.Context,
    name: Name,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is for.")],
    scope: Annotated[
        list[Role] | None, typer.Option("--scope", help="What it may do; else all that its account may.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="For how long.")] = 90,
) -> None:
    """Make a token of an account, and print it, this once."""
    from partwatch.service.access import accounts, tokens

    store, by = _store(context), _operator()
    with store.reading() as connection:
        roles = accounts.account_of(connection, name).roles
    _, text = tokens.make_token(store, name, label, scope or sorted(roles), days, by)
    typer.echo(text)


@token.command("list")
def list_tokens(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of one account.")] = None,
    as_json: AsJson = False,
) -> None:
    """List tokens, without their secrets."""
    from partwatch.service.access import accounts, tokens

    with _store(context).reading() as connection:
        whose = None if name is None else accounts.account_of(connection, name).name
        found = tokens.tokens_of(connection, whose)
    rows = [
        (
            one.id,
            one.account,
            one.name,
            ",".join(sorted(one.scopes)),
            "over" if one.is_over else one.expires_at,
        )
        for one in found
    ]
    _listed(as_json, [_token_told(one) for one in found], rows)


@token.command("revoke")
def revoke_token(
    context: typer.Context,
    public: Annotated[str, typer.Argument(metavar="ID", help="Its id: what stands behind pw_.")],
) -> None:
    """Have a token do nothing from now on."""
    from partwatch.service.access import tokens

    tokens.revoke_token(_store(context), public, _operator())


def _store(context: typer.Context) -> ServiceStore:
    from partwatch.service.settings import read_settings
    from partwatch.service.store import ServiceStore

    home: Path = home_of(context)
    return ServiceStore.open(home, read_settings(home))


def _operator() -> Principal:
    """Whoever has the machine has the service; the name is none that an account can have."""
    from partwatch.service.principals import Principal

    return Principal(f"operator {visible(actor(None))}"[:200], None, frozenset(Role))


def _password() -> str:
    if not sys.stdin.isatty():
        line = sys.stdin.readline(4096)
        if not line:
            raise UsageError("there is no password on stdin; write it there on one line, or use --link")
        return line.rstrip("\r\n")
    import getpass

    first = getpass.getpass("Password: ")
    if first != getpass.getpass("The same again: "):
        raise UsageError("the two passwords differ; start again")
    return first


def _show_link(store: ServiceStore, name: str, by: Principal) -> None:
    from partwatch.service.access import accounts
    from partwatch.service.access.links import link_of

    typer.echo(link_of(store.settings, accounts.setup_link(store, name, by)))


def _since(disabled_at: str | None) -> str:
    return "" if disabled_at is None else f"disabled {disabled_at}"


def _until(one: Token) -> str:
    return "over" if one.is_over else f"until {one.expires_at}"


def _account_told(one: Account) -> dict[str, Any]:
    return vars(one) | {"roles": sorted(one.roles)}


def _token_told(one: Token) -> dict[str, Any]:
    return vars(one) | {"scopes": sorted(one.scopes)}


def _listed(as_json: bool, told: list[dict[str, Any]], rows: Sequence[tuple[str, ...]]) -> None:
    stdout.prepare(as_json)
    if as_json:
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
        return
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
