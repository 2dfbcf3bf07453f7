"""Customers, accounts, the audit log and the health of the service."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from sqlalchemy import func, select
from starlette.responses import RedirectResponse, Response

from partwatch.model.errors import UsageError
from partwatch.service.access import accounts, tokens
from partwatch.service.access.forms import Form, field
from partwatch.service.access.links import link_of
from partwatch.service.access.needs import needs
from partwatch.service.asking import Here, Who
from partwatch.service.auditing import KINDS, Wanted, ledger_state, noted
from partwatch.service.customers import add_customer, all_customers, set_customer_disabled
from partwatch.service.housekeeping import chore_states
from partwatch.service.pages.account import roles_in
from partwatch.service.pages.rendering import page
from partwatch.service.queueing import waiting
from partwatch.service.states import Role, State
from partwatch.service.tables import HOOKS, SUBMISSIONS

router = APIRouter(prefix="/administration", dependencies=[needs(Role.ADMINISTER)])
# Hashed while somebody waits for the page.
_MOST_HASHED: Final = 20_000
_A_PAGE: Final = 50


@router.get("")
def overview(request: Request, here: Here) -> Response:
    """How the service stands."""
    with here.store.reading() as connection:
        counted = connection.execute(
            select(SUBMISSIONS.c.state, func.count()).group_by(SUBMISSIONS.c.state)
        ).all()
        told = {
            "waiting": waiting(connection),
            "hooks": connection.execute(select(func.count()).select_from(HOOKS)).scalar_one(),
            "customers": len(all_customers(connection)),
            "accounts": len(accounts.accounts(connection)),
        }
    counts = {row[0]: row[1] for row in counted}
    told |= {
        "states": [(state.value, counts.get(state.value, 0)) for state in State],
        "chores": chore_states(here),
        "ledger": ledger_state(here.store, _MOST_HASHED),
        "is_local": here.settings.is_local,
    }
    return page(request, "administration.html", told)


@router.get("/customers")
def customers_page(request: Request, here: Here) -> Response:
    """All customers, and a form for a new one."""
    return _customers_page(request, here)


@router.post("/customers")
def new_customer(request: Request, here: Here, who: Who, form: Form) -> Response:
    """A new customer."""
    key, name = field(form, "id").strip(), field(form, "name").strip()
    try:
        add_customer(here.store, key, name, who)
    except UsageError as error:
        return _customers_page(request, here, 422, problem=_sentence(error), key=key, name=name)
    return RedirectResponse("/administration/customers", 303)


@router.post("/customers/{customer}/disabled")
def disable_customer(request: Request, here: Here, who: Who, customer: str, form: Form) -> Response:
    """Shut a customer's accounts out, or let them in."""
    try:
        set_customer_disabled(here.store, customer, field(form, "disabled") == "true", who)
    except UsageError as error:
        return _customers_page(request, here, 422, problem=_sentence(error))
    return RedirectResponse("/administration/customers", 303)


def _customers_page(request: Request, here: Here, status: int = 200, **told: str) -> Response:
    with here.store.reading() as connection:
        found = all_customers(connection)
    common = {"customers": found, "problem": "", "key": "", "name": ""}
    return page(request, "administration_customers.html", common | told, status)


@router.get("/accounts")
def accounts_page(request: Request, here: Here) -> Response:
    """All accounts, and a form for a new one."""
    return _accounts_page(request, here)


@router.post("/accounts")
def new_account(request: Request, here: Here, who: Who, form: Form) -> Response:
    """A new account; its page has the link by which its person sets a password."""
    name, customer = field(form, "name").strip(), field(form, "customer")
    try:
        roles = roles_in(form, "role")
        made = accounts.add_account(here.store, name, roles, customer or None, who)
    except UsageError as error:
        return _accounts_page(request, here, 422, problem=_sentence(error), name=name, customer=customer)
    return _account_page(request, here, made.name, link=_new_link(here, made.name, who))


@router.get("/accounts/{name}")
def account_page(request: Request, here: Here, name: str) -> Response:
    """One account: its roles, its tokens, and what can be done about it."""
    return _account_page(request, here, name)


@router.post("/accounts/{name}/roles")
def set_roles(request: Request, here: Here, who: Who, name: str, form: Form) -> Response:
    """Give it these roles and no others."""
    try:
        accounts.set_roles(here.store, name, roles_in(form, "role"), who)
    except UsageError as error:
        return _account_page(request, here, name, 422, problem=_sentence(error))
    return _back_to(name)


@router.post("/accounts/{name}/disabled")
def disable_account(request: Request, here: Here, who: Who, name: str, form: Form) -> Response:
    """Shut it out at once, or let it in again."""
    try:
        accounts.set_disabled(here.store, name, field(form, "disabled") == "true", who)
    except UsageError as error:
        return _account_page(request, here, name, 422, problem=_sentence(error))
    return _back_to(name)


@router.post("/accounts/{name}/setup-link")
def setup_link(request: Request, here: Here, who: Who, name: str, form: Form) -> Response:
    """A link by which its person sets a password; shown this once, so this answer is no redirect."""
    try:
        link = _new_link(here, name, who)
    except UsageError as error:
        return _account_page(request, here, name, 422, problem=_sentence(error))
    return _account_page(request, here, name, link=link)


@router.post("/accounts/{name}/tokens/{token}/revoke")
def revoke(here: Here, who: Who, name: str, token: str, form: Form) -> Response:
    """Have one of its tokens do nothing from now on."""
    tokens.revoke_token(here.store, token, who)
    return _back_to(name)


def _accounts_page(request: Request, here: Here, status: int = 200, **told: Any) -> Response:
    with here.store.reading() as connection:
        found, customers = accounts.accounts(connection), all_customers(connection)
    common = {"accounts": found, "customers": customers, "roles": list(Role)}
    common |= {"problem": "", "name": "", "customer": ""}
    return page(request, "administration_accounts.html", common | told, status)


def _account_page(request: Request, here: Here, name: str, status: int = 200, **told: str) -> Response:
    with here.store.reading() as connection:
        found = accounts.account_of(connection, name)
        own = tokens.tokens_of(connection, found.name)
    common = {"account": found, "tokens": own, "roles": list(Role), "problem": "", "link": ""}
    return page(request, "administration_account.html", common | told, status)


@router.get("/audit")
def audit(
    request: Request,
    here: Here,
    kind: str = Query("", max_length=64),
    by: str = Query("", max_length=200),
    about: str = Query("", max_length=200),
    before: str = Query("", pattern=r"^[0-9]{0,15}$"),
) -> Response:
    """The audit log, the latest first."""
    kinds = (kind,) if kind in KINDS else KINDS
    wanted = Wanted(kinds, by.strip(), about.strip())
    with here.store.reading() as connection:
        found = noted(connection, wanted, int(before) if before else None, _A_PAGE)
    asked = {"kind": kind, "by": by, "about": about}
    told = {"found": found, "kinds": KINDS, "before": before, **asked}
    told["older"] = urlencode(asked | {"before": found.before})
    return page(request, "administration_audit.html", told)


def _new_link(here: Here, name: str, who: Who) -> str:
    return link_of(here.settings, accounts.setup_link(here.store, name, who))


def _back_to(name: str) -> Response:
    # A name that is there: of characters that a path may hold.
    return RedirectResponse(f"/administration/accounts/{name.lower()}", 303)


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
