"""Logging in and out, and what everybody does with their account: password and tokens."""

from __future__ import annotations

from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from partwatch.model.errors import UsageError
from partwatch.service.access import accounts, sessions, tokens
from partwatch.service.access.forms import Form, field
from partwatch.service.access.identity import Cookies, Known, Way
from partwatch.service.access.logins import check_rate
from partwatch.service.access.passwords import LEAST_CHARS
from partwatch.service.access.requests import safe_next
from partwatch.service.asking import Here, Who
from partwatch.service.pages.rendering import PLACES, page
from partwatch.service.principals import ForbiddenError
from partwatch.service.queueing import BusyError
from partwatch.service.states import Role

router = APIRouter()
_WRONG: Final = "Name or password is wrong, or the account is shut out."
Onward = Annotated[str, Query(max_length=4000)]
_DAYS: Final = (30, 90, 365)


@router.get("/")
def first_place(who: Who) -> Response:
    """To the first page that whoever asks may see."""
    places = [path for path, _, roles in PLACES if roles & who.roles]
    return RedirectResponse(places[0] if places else "/account", 303)


@router.get("/login")
def login_page(
    request: Request, here: Here, known: Known, next: str = Query("", max_length=4000)
) -> Response:
    """The form; whoever is in already goes on."""
    if known.way is not Way.NOBODY:
        return RedirectResponse(safe_next(next), 303)
    return _login_page(request, here, next=safe_next(next))


@router.post("/login")
def login(request: Request, here: Here, form: Form) -> Response:
    """Begin a session, a new one whatever the browser brought along."""
    name, onward = field(form, "name").strip(), safe_next(field(form, "next"))
    if here.settings.is_local:
        return RedirectResponse(onward, 303)
    cookies = _cookies(request)
    told = {"next": onward, "name": name}
    try:
        check_rate(request, name)
        before = cookies.of(request.headers, cookies.session)
        made = sessions.log_in(here.store, name, field(form, "password"), request.state.address, before)
    except BusyError as error:
        refused = _login_page(request, here, 429, problem=f"{error}.".capitalize(), **told)
        refused.headers["Retry-After"] = str(error.retry_after_s)
        return refused
    if made is None:
        return _login_page(request, here, 403, problem=_WRONG, **told)
    answer = RedirectResponse(onward, 303)
    hours = here.settings.access.session_hours
    answer.headers.append("Set-Cookie", cookies.header(cookies.session, made, hours * 3600))
    answer.headers.append("Set-Cookie", cookies.header(cookies.visitor, "", 0))
    return answer


def _login_page(request: Request, here: Here, status: int = 200, **told: str) -> Response:
    with here.store.reading() as connection:
        nobody_yet = not accounts.accounts(connection)
    return page(request, "login.html", {"problem": "", "name": "", "nobody_yet": nobody_yet} | told, status)


@router.post("/logout")
def logout(request: Request, here: Here, known: Known, form: Form) -> Response:
    """End the session."""
    cookies = _cookies(request)
    if known.way is Way.SESSION:
        sessions.log_out(here.store, cookies.of(request.headers, cookies.session), known.principal)
    answer = RedirectResponse("/login", 303)
    answer.headers.append("Set-Cookie", cookies.header(cookies.session, "", 0))
    return answer


@router.get("/setup/{secret}")
def setup_page(request: Request, here: Here, secret: str) -> Response:
    """The form of a link that sets a password. Looking at it uses nothing up."""
    with here.store.reading() as connection:
        found = accounts.awaiting(connection, secret)
    return page(request, "setup.html", {"name": found.name, "least": LEAST_CHARS, "problem": ""})


@router.post("/setup/{secret}")
def setup(request: Request, here: Here, secret: str, form: Form) -> Response:
    """Set the password; the link does nothing afterwards."""
    check_rate(request, f"/setup/{secret}")
    with here.store.reading() as connection:
        found = accounts.awaiting(connection, secret)
    try:
        accounts.set_up(here.store, secret, _twice(form))
    except UsageError as error:
        told = {"name": found.name, "least": LEAST_CHARS, "problem": _sentence(error)}
        return page(request, "setup.html", told, 422)
    return RedirectResponse("/login", 303)


@router.get("/account")
def account_page(request: Request, here: Here, known: Known) -> Response:
    """Password and tokens; on its own machine, that there are none."""
    return _account_page(request, here, known)


@router.post("/account/password")
async def change_password(request: Request, here: Here, known: Known, form: Form) -> Response:
    """Change the password; every session ends, this one too."""
    name = _own_name(known)
    try:
        check_rate(request, name)
        new = _twice(form)
        old = field(form, "old")
        await run_in_threadpool(accounts.change_password, here.store, name, old, new, known.principal)
    except UsageError as error:
        return _account_page(request, here, known, 422, password_problem=_sentence(error))
    return RedirectResponse("/login?next=/account", 303)


@router.post("/account/tokens")
def new_token(request: Request, here: Here, known: Known, form: Form) -> Response:
    """Make a token, and show it, this once: so this answer is no redirect."""
    name = _own_name(known)
    try:
        scopes = roles_in(form, "scope")
        days = whole_in(form, "days")
        made, text = tokens.make_token(
            here.store, name, field(form, "name").strip(), scopes, days, known.principal
        )
    except UsageError as error:
        return _account_page(request, here, known, 422, token_problem=_sentence(error))
    return _account_page(request, here, known, new_token=text, new_name=made.name)


@router.post("/account/tokens/{token}/revoke")
def revoke(here: Here, known: Known, token: str, form: Form) -> Response:
    """Have one of one's tokens do nothing from now on."""
    name = _own_name(known)
    with here.store.reading() as connection:
        if token not in {one.id for one in tokens.tokens_of(connection, name)}:
            raise accounts.UnknownError(token)
    tokens.revoke_token(here.store, token, known.principal)
    return RedirectResponse("/account#tokens", 303)


def _account_page(request: Request, here: Here, known: Known, status: int = 200, **told: Any) -> Response:
    own: list[tokens.Token] = []
    if known.account is not None:
        with here.store.reading() as connection:
            own = tokens.tokens_of(connection, known.principal.name)
    most = here.settings.access.token_days
    common = {
        "is_local": known.account is None,
        "tokens": own,
        "least": LEAST_CHARS,
        "days": sorted({min(most, one) for one in _DAYS} | {most}),
        "roles": sorted(known.principal.roles),
        "password_problem": "",
        "token_problem": "",
        "new_token": "",
        "new_name": "",
    }
    return page(request, "account.html", common | told, status)


def roles_in(form: Form, name: str) -> list[Role]:
    """The roles that are ticked in a form. Raises UsageError."""
    given = [str(one) for one in form.getlist(name)]
    if unknown := sorted(set(given) - set(Role)):
        raise UsageError(f"{unknown[0]!a}: is no role; known: {', '.join(Role)}")
    return [Role(one) for one in sorted(set(given))]


def whole_in(form: Form, name: str) -> int:
    """A whole number of a form. Raises UsageError."""
    text = field(form, name)
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise UsageError(f"{name}: {text[:40]!a} is no whole number")
    return int(text)


def _own_name(known: Known) -> str:
    if known.way is not Way.SESSION:
        raise ForbiddenError("whoever uses this machine has no account here")
    return known.principal.name


def _twice(form: Form) -> str:
    password = field(form, "password")
    if password != field(form, "again"):
        raise UsageError("the two passwords differ; type both again")
    return password


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _cookies(request: Request) -> Cookies:
    return cast("Cookies", request.app.state.cookies)
