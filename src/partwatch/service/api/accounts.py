"""Customers, accounts and their tokens: for those who administer; and each account's own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from partwatch.service.access import accounts, tokens
from partwatch.service.access.links import link_of
from partwatch.service.access.needs import needs
from partwatch.service.api import own_account
from partwatch.service.api.token_models import MadeToken, NewToken, TokenTold, made, told
from partwatch.service.api.told import FORBIDDEN, errors
from partwatch.service.asking import Here, Who
from partwatch.service.customers import (
    KEY_PATTERN,
    Customer,
    add_customer,
    all_customers,
    set_customer_disabled,
)
from partwatch.service.states import Role

_ADMINISTERS = APIRouter(dependencies=[needs(Role.ADMINISTER)], responses=errors(*FORBIDDEN))


class CustomerTold(BaseModel):
    """Somebody who submits."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    created_at: str
    disabled_at: str | None = Field(description="Since when its accounts are shut out.")


class NewCustomer(BaseModel):
    """A customer to be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=rf"^{KEY_PATTERN}$", description="A key for ever, as in `north-works`.")
    name: str = Field(min_length=1, max_length=200)


class AccountTold(BaseModel):
    """Somebody who may use the service."""

    model_config = ConfigDict(frozen=True)

    name: str
    customer: str | None = Field(description="Whose things it sees; null for the operator's own people.")
    roles: list[Role]
    has_password: bool
    awaits_setup: bool = Field(description="Whether a link to set a password is open.")
    created_at: str
    disabled_at: str | None


class NewAccount(BaseModel):
    """An account to be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=rf"^{accounts.NAME_PATTERN}$")
    roles: list[Role] = Field(min_length=1, max_length=len(Role))
    customer: str | None = Field(None, pattern=rf"^{KEY_PATTERN}$")


class Roles(BaseModel):
    """All the roles that an account has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: list[Role] = Field(min_length=1, max_length=len(Role))


class Disabled(BaseModel):
    """Whether it is shut out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    disabled: StrictBool


class SetupLink(BaseModel):
    """A link by which a person sets the account's password, once, within 48 hours; told only here."""

    model_config = ConfigDict(frozen=True)

    link: str


Key = Annotated[str, Path(pattern=rf"^{KEY_PATTERN}$")]
Name = Annotated[str, Path(pattern=rf"^{accounts.NAME_PATTERN}$")]
TokenId = Annotated[str, Path(pattern=rf"^{tokens.ID_PATTERN}$")]


@_ADMINISTERS.get("/customers", tags=["customers"])
def list_customers(here: Here) -> list[CustomerTold]:
    """All customers, by key."""
    with here.store.reading() as connection:
        return [_customer(one) for one in all_customers(connection)]


@_ADMINISTERS.post("/customers", status_code=201, tags=["customers"])
def new_customer(here: Here, who: Who, asked: NewCustomer) -> CustomerTold:
    """A new customer."""
    add_customer(here.store, asked.id, asked.name, who)
    return _customer_of(here, asked.id)


@_ADMINISTERS.put("/customers/{customer}/disabled", tags=["customers"], responses=errors(404))
def disable_customer(here: Here, who: Who, customer: Key, asked: Disabled) -> CustomerTold:
    """Shut all accounts of a customer out, at once, or let them in again."""
    _customer_of(here, customer)
    set_customer_disabled(here.store, customer, asked.disabled, who)
    return _customer_of(here, customer)


@_ADMINISTERS.get("/accounts")
def list_accounts(here: Here) -> list[AccountTold]:
    """All accounts, by name."""
    with here.store.reading() as connection:
        return [_account(one) for one in accounts.accounts(connection)]


@_ADMINISTERS.post("/accounts", status_code=201, responses=errors(404))
def new_account(here: Here, who: Who, asked: NewAccount) -> AccountTold:
    """A new account, without a password: make a setup link for a person, or a token for a program."""
    return _account(accounts.add_account(here.store, asked.name, asked.roles, asked.customer, who))


@_ADMINISTERS.get("/accounts/{name}", responses=errors(404))
def one_account(here: Here, name: Name) -> AccountTold:
    """One account."""
    with here.store.reading() as connection:
        return _account(accounts.account_of(connection, name))


@_ADMINISTERS.put("/accounts/{name}/roles", responses=errors(404))
def set_roles(here: Here, who: Who, name: Name, asked: Roles) -> AccountTold:
    """Give an account these roles and no others, at once."""
    return _account(accounts.set_roles(here.store, name, asked.roles, who))


@_ADMINISTERS.put("/accounts/{name}/disabled", responses=errors(404))
def disable_account(here: Here, who: Who, name: Name, asked: Disabled) -> AccountTold:
    """Shut an account out at once, its sessions and tokens too, or let it in again."""
    return _account(accounts.set_disabled(here.store, name, asked.disabled, who))


@_ADMINISTERS.post("/accounts/{name}/setup-links", status_code=201, responses=errors(404))
def new_setup_link(here: Here, who: Who, name: Name) -> SetupLink:
    """A link by which a person sets the account's password."""
    return SetupLink(link=link_of(here.settings, accounts.setup_link(here.store, name, who)))


@_ADMINISTERS.get("/accounts/{name}/tokens", responses=errors(404))
def list_tokens(here: Here, name: Name) -> list[TokenTold]:
    """An account's tokens, the latest first."""
    with here.store.reading() as connection:
        return [told(one) for one in tokens.tokens_of(connection, accounts.account_of(connection, name).name)]


@_ADMINISTERS.post("/accounts/{name}/tokens", status_code=201, responses=errors(404))
def new_token(here: Here, who: Who, name: Name, asked: Annotated[NewToken, Body()]) -> MadeToken:
    """A token for an account, within its roles."""
    return made(*tokens.make_token(here.store, name, asked.name, asked.scopes, asked.days, who))


@_ADMINISTERS.delete("/tokens/{token}", tags=["accounts"], responses=errors(404))
def revoke(here: Here, who: Who, token: TokenId) -> TokenTold:
    """Have any token do nothing from now on."""
    return told(tokens.revoke_token(here.store, token, who))


def _customer_of(here: Here, key: str) -> CustomerTold:
    with here.store.reading() as connection:
        found = next((one for one in all_customers(connection) if one.id == key), None)
    if found is None:
        raise accounts.UnknownError(f"{key}: no such customer")
    return _customer(found)


def _customer(one: Customer) -> CustomerTold:
    return CustomerTold(id=one.id, name=one.name, created_at=one.created_at, disabled_at=one.disabled_at)


def _account(one: accounts.Account) -> AccountTold:
    return AccountTold(
        name=one.name, customer=one.customer, roles=sorted(one.roles), has_password=one.has_password,
        awaits_setup=one.awaits_setup, created_at=one.created_at, disabled_at=one.disabled_at,
    )  # fmt: skip


router = APIRouter(tags=["accounts"])
router.include_router(_ADMINISTERS)
router.include_router(own_account.router)
