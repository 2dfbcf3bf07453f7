"""Submissions: handing in, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as File
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from partwatch.model.document import ResultDocument
from partwatch.screening.views import without_views
from partwatch.service.api.describing import form_with_files
from partwatch.service.api.intake import receive
from partwatch.service.api.problems import ProblemError, answers
from partwatch.service.api.telling import SubmissionId, attachment, line_of, submission_keeps, view_of
from partwatch.service.asking import Here, Who
from partwatch.service.context import Service
from partwatch.service.decisions import look
from partwatch.service.results import document_of
from partwatch.service.states import SCREENED, Role, State
from partwatch.service.submissions import Submission, files_of, find, listed
from partwatch.service.tables import FILES, RESULTS
from partwatch.service.views import Statement, SubmissionPage, SubmissionView

router = APIRouter(prefix="/submissions", tags=["submissions"])

_MOST: Final = 200
_RETRY_S: Final = 1
_CHUNK: Final = 256 << 10
# An empty one is one that was not filled in.
_TEXT: Final = {"type": "string", "maxLength": 200}
_BODY: Final = form_with_files(
    {"minItems": 1, "description": "Any number of files, archives among them, each with its name."},
    {
        "reference": _TEXT | {"description": "What you call it."},
        "customer": _TEXT | {"description": "For whom; only the operator's own accounts name one."},
    },
    patternProperties={r"^group\..+$": _TEXT},
)
_BODY["requestBody"]["content"]["application/octet-stream"] = {
    "schema": {"type": "string", "format": "binary"}
}
_ASKED: Final[dict[str, Any]] = _BODY | {
    "parameters": [
        {"name": "name", "in": "query", "required": False,
         "schema": {"type": "string", "minLength": 1, "maxLength": 1024},
         "description": "Of the file, where the body is one file."},
        {"name": "reference", "in": "query", "required": False, "schema": _TEXT,
         "description": "As in the form, where the body is one file."},
        {"name": "customer", "in": "query", "required": False, "schema": _TEXT,
         "description": "As in the form, where the body is one file."},
        {"name": "Idempotency-Key", "in": "header", "required": False,
         "schema": _TEXT | {"minLength": 1},
         "description": "The same key with the same files is taken in once, however often it is sent."},
    ],
}  # fmt: skip
_BYTES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
_CREATED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": SubmissionView, "description": "It was taken in before, by its key."}
}


@router.post(
    "",
    status_code=201,
    response_model=SubmissionView,
    responses=_CREATED
    | answers(
        400, 404, 408, 413, 415,
        s429="The queue is full, or you ask too often; Retry-After says when to come again.",
        s507="There is too little room on the disk; Retry-After says when to come again.",
    ),
    openapi_extra=_ASKED,
)  # fmt: skip
async def submit(request: Request, response: Response, here: Here, who: Who) -> SubmissionView:
    """Hand files in: a form with any number of `files`, or one file as the body with its `name`. It is in
    the store, whole, before the answer is sent."""
    made, was_there = await receive(request, here, who)
    response.status_code = 200 if was_there else 201
    response.headers["Location"] = f"/v1/submissions/{made.id}"
    return await run_in_threadpool(_viewed, here, made)


@router.get("", responses=answers(404))
def list_submissions(
    here: Here,
    who: Who,
    state: Annotated[tuple[State, ...], Query(max_length=20, description="Only in one of these.")] = (),
    after: Annotated[
        str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 50,
    customer: Annotated[
        str | None, Query(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Only of this customer.")
    ] = None,
) -> SubmissionPage:
    """Submissions that you may see, the latest first."""
    who.require(Role.SUBMIT, Role.REVIEW)
    with here.store.reading() as connection:
        before = None if after is None else find(connection, after, who).number
        found = listed(connection, who, state, before, limit + 1, customer)
    page = found[:limit]
    more = page[-1].id if len(found) > limit else None
    return SubmissionPage(items=tuple(map(line_of, page)), next=more)


@router.get("/{id}", responses=answers(404))
def get_submission(id: SubmissionId, here: Here, who: Who) -> SubmissionView:
    """One submission: how it stands, and the statement of reasons once it is screened."""
    who.require(Role.SUBMIT, Role.REVIEW)
    with here.store.reading() as connection:
        return view_of(here, connection, find(connection, id, who))


@router.get(
    "/{id}/statement",
    responses=answers(404, s409="It is not screened yet; Retry-After says when to ask again."),
)
def get_statement(id: SubmissionId, here: Here, who: Who) -> Statement:
    """The statement of reasons: what was decided, on what ground, and how to contest it."""
    who.require(Role.SUBMIT, Role.REVIEW)
    with here.store.reading() as connection:
        made = view_of(here, connection, find(connection, id, who)).statement
    if made is None:
        raise _not_yet()
    return made


@router.get(
    "/{id}/result",
    response_model=ResultDocument,
    responses=answers(
        404,
        s409="It is not screened yet; Retry-After says when to ask again.",
        s410="The result is no longer kept.",
    ),
)
def get_result(
    id: SubmissionId,
    here: Here,
    who: Who,
    views: Annotated[bool, Query(description="With what pictures need.")] = False,
) -> Response:
    """All that was found, the same document that `partwatch screen --json` writes. For reviewers; that it
    was looked at is in the ledger before it is shown."""
    who.require(Role.REVIEW)
    with here.store.reading() as connection:
        found = find(connection, id, who)
        if found.state not in SCREENED:
            raise _not_yet()
        if not _is_whole(here, found):
            raise _gone("the result")
    look(here.store, id, who, "result")
    with here.store.reading() as connection:
        document = document_of(connection, found)
    assert document is not None
    if not views:
        document = document.model_copy(update={"items": tuple(map(without_views, document.items))})
    return Response(document.model_dump_json(), media_type="application/json", headers=_PRIVATE)


@router.get(
    "/{id}/files/{position}",
    response_class=StreamingResponse,
    responses=_BYTES | answers(404, s410="The file is no longer kept."),
)
def get_file(
    id: SubmissionId,
    position: Annotated[int, Path(ge=0, le=1_000_000, description="Of the file, from 0.")],
    here: Here,
    who: Who,
) -> StreamingResponse:
    """One file as it was handed in, as long as it is kept. For reviewers; noted in the ledger."""
    who.require(Role.REVIEW)
    with here.store.reading() as connection:
        found = find(connection, id, who)
        files = files_of(here.store, connection, found.number)
    if position >= len(files):
        raise ProblemError(404, "Not Found", f"it has {len(files):,} files, counted from 0")
    file = files[position]
    if file.path is None or not submission_keeps(found):
        raise _gone("the file")
    try:
        chunks = _opened(file.path)
    except FileNotFoundError:
        raise _gone("the file") from None
    look(here.store, id, who, f"file {position}")
    headers = {
        "Content-Disposition": attachment(file.name),
        "Content-Length": str(file.bytes),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }
    return StreamingResponse(chunks, media_type="application/octet-stream", headers=headers | _PRIVATE)


_PRIVATE: Final = {"Cache-Control": "no-store"}


def _opened(path: File) -> Iterator[bytes]:
    """Its bytes; FileNotFoundError at once where it has gone."""
    handle = path.open("rb")

    def chunks() -> Iterator[bytes]:
        with handle:
            while chunk := handle.read(_CHUNK):
                yield chunk

    return chunks()


def _viewed(here: Service, one: Submission) -> SubmissionView:
    with here.store.reading() as connection:
        return view_of(here, connection, one)


def _is_whole(here: Service, one: Submission) -> bool:
    """Whether every file's result is kept: what is missing must not look as if nothing was found."""
    with here.store.reading() as connection:
        joined = FILES.join(RESULTS, RESULTS.c.file == FILES.c.id)
        asked = select(func.count()).select_from(joined).where(FILES.c.submission == one.number)
        return connection.execute(asked).scalar_one() == one.files and one.forgotten_at is None


def _not_yet() -> ProblemError:
    told = "it is not screened yet; wait for its events, or ask again"
    return ProblemError(409, "Conflict", told, {"Retry-After": str(_RETRY_S)})


def _gone(what: str) -> ProblemError:
    return ProblemError(410, "Gone", f"{what} is no longer kept, as the operator's retention has it")
