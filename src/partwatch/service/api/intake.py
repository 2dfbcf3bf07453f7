"""Handing in over HTTP: the body streams to the disk as it comes, and is taken in whole or not at all."""

from __future__ import annotations

import errno
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final, TypeVar

import anyio
from anyio import to_thread
from anyio.lowlevel import RunVar
from python_multipart.multipart import parse_options_header
from sqlalchemy import select
from starlette.requests import Request

from partwatch.formats.worker import default_jobs
from partwatch.model.errors import UsageError
from partwatch.service.api.parts import GROUP, MB, OF_SUBMISSION, Parts, Sink, is_field, shown, too_large
from partwatch.service.api.problems import ProblemError
from partwatch.service.context import Service
from partwatch.service.principals import Principal, submits_as
from partwatch.service.queueing import check_room
from partwatch.service.states import Role
from partwatch.service.submissions import Asked, Incoming, Submission, accept
from partwatch.service.tables import IDEMPOTENCY

FORM: Final = b"multipart/form-data"
RAW: Final = b"application/octet-stream"
# What goes to the disk at once.
_BATCH_BYTES: Final = 256 << 10
# So long may a client be silent in the middle of a body.
_SILENCE_S: Final = 60.0
# Boundaries and headers of a form, beyond its files.
_FORM_BYTES: Final = 4 * MB
# How often free space is looked at while a body comes.
_LOOK_BYTES: Final = 64 * MB
_DISK_RETRY_S: Final = 300
# Intakes that write at once; the others wait for their turn, and their clients with them.
_WRITERS: Final = 8
_limiter: Final[RunVar[anyio.CapacityLimiter]] = RunVar("partwatch-intake")
T = TypeVar("T")


async def receive(
    request: Request, service: Service, principal: Principal, *, expects_csrf: bool = False
) -> tuple[Submission, bool]:
    """Take in what a request carries; the submission, and whether it was there already by its key.

    A form (multipart/form-data) has `files`, any number of them, and may have `reference`, `customer`,
    `group.KIND` and `csrf`; with expects_csrf, that of the request's state must come ahead of the files. Any
    other submission is one file, application/octet-stream, with `name` and the others in the query.

    Nothing of it is kept where this raises: ProblemError (400, 408, 413, 415, 507), UsageError,
    ForbiddenError, BusyError, ReusedKeyError, StoreError, or starlette's ClientDisconnect where the client is
    gone.
    """
    principal.require(Role.SUBMIT)
    _check_kind(request, (FORM, RAW))
    key = request.headers.get("idempotency-key")
    announced = _announced(request, service)
    incoming = await in_thread(lambda: _begin(service, principal, key, announced))
    csrf = str(request.state.csrf) if expects_csrf else None

    def done(fields: Mapping[str, str]) -> tuple[Submission, bool]:
        asked = _asked(principal, fields, key)
        jobs = service.settings.screening.jobs or default_jobs()
        return accept(service.store, incoming, asked, principal, jobs)

    return await _taken(request, service, incoming, csrf, OF_SUBMISSION, done)


async def receive_form(
    request: Request,
    service: Service,
    known: Sequence[str],
    done: Callable[[Incoming, Mapping[str, str]], T],
    csrf: str | None = None,
) -> T:
    """Any other form with `files` and fields of these names: what `done`, called in a thread with all of
    it on the disk, makes of it. The files are gone afterwards. Raises as `receive` does."""
    _check_kind(request, (FORM,))
    announced = _announced(request, service)

    def begin() -> Incoming:
        _check_disk(service, announced)
        return Incoming.begin(service.store)

    incoming = await in_thread(begin)
    try:
        return await _taken(request, service, incoming, csrf, known, lambda told: done(incoming, told))
    finally:
        with anyio.CancelScope(shield=True):
            await in_thread(incoming.drop)


async def _taken(
    request: Request,
    service: Service,
    incoming: Incoming,
    csrf: str | None,
    known: Sequence[str],
    done: Callable[[Mapping[str, str]], T],
) -> T:
    """What `done` makes of the fields, once the body is in `incoming`; dropped where anything is wrong."""
    try:
        sink = Sink(incoming, service.settings.intake)
        kind, options = parse_options_header(request.headers.get("content-type"))
        if kind == FORM:
            if request.query_params:
                raise UsageError("with a form, all of it stands in the form; leave the query out")
            parts = Parts(options.get(b"boundary", b""), sink, csrf, known)
            last = await _pour(request, parts.write, service)
            fields, finish = parts.fields, parts.finish
        else:
            fields, finish = _query(request, known), sink.end
            sink.start(fields.pop("name"))
            last = await _pour(request, sink.write, service)

        def finished() -> T:
            last()
            finish()
            return done(fields)

        return await in_thread(_telling_full(finished))
    except BaseException:
        with anyio.CancelScope(shield=True):
            await in_thread(incoming.drop)
        raise


def _check_kind(request: Request, taken: Sequence[bytes]) -> None:
    kind, _ = parse_options_header(request.headers.get("content-type"))
    if kind not in taken:
        one = ", or one as application/octet-stream with ?name=" if RAW in taken else ""
        told = f"send files as multipart/form-data{one}"
        raise ProblemError(415, "Unsupported Media Type", told)
    if request.headers.get("content-encoding", "identity") != "identity":
        raise ProblemError(415, "Unsupported Media Type", "send it without Content-Encoding")


def _announced(request: Request, service: Service) -> int:
    """The length that the request says it has, 0 where it says none; 413 where that is too much already."""
    text = request.headers.get("content-length", "0")
    length = int(text) if text.isascii() and text.isdigit() else 0
    intake = service.settings.intake
    if length > intake.submission_mb * MB + _FORM_BYTES:
        raise too_large("the submission", f"{intake.submission_mb:,} MB in all", "send it in several")
    return length


def _begin(service: Service, principal: Principal, key: str | None, announced: int) -> Incoming:
    """Somewhere to write to, where there is room. What was taken in before by its key may come again."""
    _check_disk(service, announced)
    customer = submits_as(principal, None)
    intake, jobs = service.settings.intake, service.settings.screening.jobs or default_jobs()
    with service.store.reading() as connection:
        known = select(IDEMPOTENCY.c.key).filter_by(customer=customer, key=key)
        if key is None or connection.execute(known).scalar() is None:
            check_room(connection, intake, customer, announced, jobs)
    return Incoming.begin(service.store)


def _check_disk(service: Service, wanted: int) -> None:
    if shutil.disk_usage(service.store.files).free - wanted < service.settings.intake.free_disk_mb * MB:
        raise _full()


def _full() -> ProblemError:
    told = "there is too little room on the disk for it; try later, or have the operator make some"
    return ProblemError(507, "Insufficient Storage", told, {"Retry-After": str(_DISK_RETRY_S)})


async def _pour(request: Request, write: Callable[[bytes], None], service: Service) -> Callable[[], None]:
    """The body into `write`, in a thread, a batch at a time; what is left to do of it is returned, so that a
    small body needs no thread of its own."""
    batch, size, looked = bytearray(), 0, 0
    limit = service.settings.intake.submission_mb * MB + _FORM_BYTES
    async for chunk in _chunks(request):
        batch += chunk
        size += len(chunk)
        if size > limit:
            raise too_large("the request", f"{limit // MB:,} MB in all", "send it in several")
        if len(batch) < _BATCH_BYTES:
            continue
        taken = bytes(batch)
        batch.clear()
        look = size - looked >= _LOOK_BYTES
        if look:
            looked = size

        def step(taken: bytes = taken, look: bool = look) -> None:
            if look:
                _check_disk(service, 0)
            write(taken)

        await in_thread(_telling_full(step))
    return lambda: write(bytes(batch)) if batch else None


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """What comes, until it ends. Raises ProblemError 408 where nothing comes for long."""
    stream = aiter(request.stream())
    while True:
        try:
            with anyio.fail_after(_SILENCE_S):
                chunk = await anext(stream, None)
        except TimeoutError:
            told = f"nothing came for {_SILENCE_S:.0f} s; send it again"
            raise ProblemError(408, "Request Timeout", told, {"Connection": "close"}) from None
        if chunk is None:
            return
        yield chunk


def _query(request: Request, known: Sequence[str]) -> dict[str, str]:
    """What comes beside a body that is one file."""
    told: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in told:
            raise UsageError(f"{name!a} is given twice; give it once")
        if name != "name" and not any(is_field(name, one) for one in known):
            raise UsageError(f"{name!a} is no parameter here; known: {', '.join(shown(('name', *known)))}")
        told[name] = value
    if "name" not in told:
        raise UsageError("the file has no name; give it as ?name=")
    return told


def _asked(principal: Principal, told: Mapping[str, str], key: str | None) -> Asked:
    # An empty field of a form is one that was not filled in.
    filled = {name: value for name, value in told.items() if value}
    groups = {name.removeprefix(GROUP): value for name, value in filled.items() if name.startswith(GROUP)}
    customer = submits_as(principal, filled.get("customer"))
    return Asked(customer, filled.get("reference"), groups, key)


def _telling_full(work: Callable[[], T]) -> Callable[[], T]:
    """The same, with a full disk told as one."""

    def done() -> T:
        try:
            return work()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _full() from error
            raise

    return done


async def in_thread(work: Callable[[], T]) -> T:
    """Done by a thread, of which there are few."""
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_WRITERS)
        _limiter.set(limiter)
    return await to_thread.run_sync(work, limiter=limiter)
