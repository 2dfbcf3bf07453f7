"""From the store to the models of the API."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Path
from sqlalchemy import Connection

from partwatch.service.context import Service
from partwatch.service.decisions import decided
from partwatch.service.statements import statement_of
from partwatch.service.submissions import Submission, files_of
from partwatch.service.views import FileView, SubmissionLine, SubmissionView

# Ids are 22 characters; what is none is not looked for.
SubmissionId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="As it was given when it was handed in.")
]
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._ -]")


def view_of(service: Service, connection: Connection, one: Submission) -> SubmissionView:
    """A submission with its files and its statement."""
    files = tuple(
        FileView(
            position=file.position, name=file.name, bytes=file.bytes, sha256=file.sha256,
            kept=file.path is not None and submission_keeps(one),
        )
        for file in files_of(service.store, connection, one.number)
    )  # fmt: skip
    told = statement_of(one, decided(connection, one.number), service.settings.serving.operator)
    return SubmissionView(**_told(one), files=files, statement=told)


def line_of(one: Submission) -> SubmissionLine:
    """A submission in short."""
    return SubmissionLine(**_told(one))


def _told(one: Submission) -> dict[str, Any]:
    return {
        "id": one.id, "customer": one.customer, "state": one.state, "reference": one.reference,
        "groups": dict(one.groups), "received_at": one.received_at, "screened_at": one.screened_at,
        "decided_at": one.decided_at, "file_count": one.files, "bytes": one.bytes,
    }  # fmt: skip


def submission_keeps(one: Submission) -> bool:
    """Whether its files are still there."""
    return one.files_gone_at is None and one.forgotten_at is None


def attachment(name: str) -> str:
    """Content-Disposition that saves a file under the last part of a client's name for it, and never shows
    it: without folders, and without anything that cannot be seen."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(one for one in last if unicodedata.category(one)[0] != "C").strip(" .")[:150] or "file"
    plain = _UNSAFE.sub("_", seen)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(seen, safe='')}"
