"""What was found of submissions: each file's items once they are known, and the document of all of them.

A result is written once. A desk that finds its claim gone writes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, func, insert, select, update

from partwatch.model.document import Finding, Header, Item, ResultDocument, summarise, worst
from partwatch.model.errors import StoreError
from partwatch.screening.answer import BodyPrint
from partwatch.service import events
from partwatch.service.claims import own
from partwatch.service.near_copies import is_one_too_many, keep_held
from partwatch.service.states import SCREENED, State
from partwatch.service.store import ServiceStore, now
from partwatch.service.submissions import Submission
from partwatch.service.tables import FILES, HEADERS, PRINTS, RESULTS, SUBMISSIONS

_ITEMS: Final[TypeAdapter[tuple[Item, ...]]] = TypeAdapter(tuple[Item, ...])


@dataclass(frozen=True)
class Printed:
    """The fingerprint of a body of an item. member, sha256, extents_mm: the item's and the body's."""

    member: str | None
    sha256: str | None
    extents_mm: tuple[float, float, float]
    print: BodyPrint


@dataclass(frozen=True)
class FileResult:
    """All that was found in one file. items: as the document has them, the file itself first."""

    file: int
    items: tuple[Item, ...]
    prints: tuple[Printed, ...]

    @property
    def finding(self) -> Finding:
        """Of the file with all that it holds."""
        return worst([item.finding for item in self.items])


def header_key(header: Header) -> str:
    """The digest by which a header is kept."""
    return hashlib.sha256(header.model_dump_json().encode()).hexdigest()


@dataclass(frozen=True)
class Finished:
    """The result of a file of a submission, and with what it was made."""

    number: int
    header: Header
    result: FileResult


def keep(store: ServiceStore, desk: str, number: int, header: Header, one: FileResult) -> bool:
    """Keep the result of a file; False, and nothing is kept, where its submission is no longer this desk's.

    With the last of its files the submission is screened: passed, or held for a person.
    """
    return keep_all(store, desk, [Finished(number, header, one)]) == [True]


def keep_all(store: ServiceStore, desk: str, results: Sequence[Finished]) -> list[bool]:
    """Keep results as `keep` does, all in one transaction; of each whether it was kept."""
    # What takes time is done before others have to wait for it.
    rows = [_rows_of(one) for one in results]
    with store.writing() as connection:
        mine = own(connection, desk, sorted({one.number for one in results}))
        for one, (row, prints) in zip(results, rows, strict=True):
            if one.number in mine:
                _keep_header(connection, row["header"], one.header)
                connection.execute(insert(RESULTS).values(row))
                if prints:
                    connection.execute(insert(PRINTS), prints)
                _go_on(store, connection, one.number, row["header"], desk)
    return [one.number in mine for one in results]


def _rows_of(finished: Finished) -> tuple[dict[str, Any], list[Mapping[str, object]]]:
    one = finished.result
    row = {
        "file": one.file, "header": header_key(finished.header), "found": _packed(one.items),
        "finding": one.finding.value,
    }  # fmt: skip
    return row, [_print_row(one.file, printed) for printed in one.prints]


def _go_on(store: ServiceStore, connection: Connection, number: int, header: str, desk: str) -> None:
    """After another of a submission's results: it is screened, or has come further."""
    whose = connection.execute(select(SUBMISSIONS).filter_by(number=number)).one()
    found = connection.execute(
        select(RESULTS.c.finding, func.count())
        .join(FILES, FILES.c.id == RESULTS.c.file)
        .where(FILES.c.submission == number)
        .group_by(RESULTS.c.finding)
    ).all()
    done = sum(count for _, count in found)
    if done == whose.files:
        _finish(store, connection, whose, header, worst([Finding(finding) for finding, _ in found]), desk)
    else:
        told = {"done": done, "files": whose.files}
        events.tell(connection, whose.customer, whose.id, events.PROGRESS, told)


def drop_other_headers(store: ServiceStore, desk: str, number: int, header: Header) -> None:
    """Forget results of a submission that were made against another list or other terms: one document, one
    header."""
    key = header_key(header)
    with store.writing() as connection:
        if own(connection, desk, [number]):
            files = select(FILES.c.id).where(FILES.c.submission == number)
            connection.execute(RESULTS.delete().where(RESULTS.c.file.in_(files), RESULTS.c.header != key))
            kept = select(RESULTS.c.file)
            connection.execute(PRINTS.delete().where(PRINTS.c.file.in_(files), PRINTS.c.file.not_in(kept)))


def _finish(
    store: ServiceStore, connection: Connection, row: Row[Any], header: str, finding: Finding, desk: str
) -> None:
    number = row.number
    held = finding.severity >= Finding(store.settings.screening.hold).severity
    near = is_one_too_many(connection, store.settings.near_copies, row.customer, number)
    state = State.HELD if held or near else State.PASSED
    values = {
        "state": state.value, "finding": finding.value, "header": header, "screened_at": now(),
        "claimed_by": None, "lease_until": None, "withheld": int(near),
    }  # fmt: skip
    connection.execute(update(SUBMISSIONS).where(SUBMISSIONS.c.number == number).values(values))
    if held:
        keep_held(connection, row.customer, number)
    told = {"id": row.id, "finding": finding.value, "state": state.value, "header": header, "near_copy": near}
    store.note(connection, "screening", told, desk)
    events.tell(connection, row.customer, row.id, events.SCREENED, {"state": state.value})


def _keep_header(connection: Connection, key: str, header: Header) -> None:
    if connection.execute(select(HEADERS.c.digest).filter_by(digest=key)).scalar() is None:
        connection.execute(insert(HEADERS).values(digest=key, header=header.model_dump_json()))


def _print_row(file: int, printed: Printed) -> Mapping[str, object]:
    return {
        "file": file, "member": printed.member, "sha256": printed.sha256, "body": printed.print.body,
        "descriptor": base64.b64decode(printed.print.descriptor), "radius_mm": printed.print.radius_mm,
        "area_mm2": printed.print.area_mm2, "extents_mm": json.dumps(printed.extents_mm),
    }  # fmt: skip


def _packed(items: Sequence[Item]) -> bytes:
    return zlib.compress(_ITEMS.dump_json(tuple(items)), 3)


def items_of(connection: Connection, submission: Submission) -> Iterator[Item]:
    """The items of a submission, in the order of its files; StoreError where a result is damaged."""
    rows = connection.execute(
        select(RESULTS.c.found)
        .join(FILES, FILES.c.id == RESULTS.c.file)
        .where(FILES.c.submission == submission.number)
        .order_by(FILES.c.position)
    )
    for (packed,) in rows:
        yield from unpacked(packed, submission.id)


def unpacked(packed: bytes, of: str) -> tuple[Item, ...]:
    """The items of a file, as RESULTS has them. of: what it is called where StoreError says it is damaged."""
    try:
        return _ITEMS.validate_json(zlib.decompress(packed))
    except (zlib.error, ValueError) as error:
        raise StoreError(f"{of}: its result is damaged; restore a backup") from error


def document_of(connection: Connection, submission: Submission) -> ResultDocument | None:
    """The result document, as `screen --json` writes it; None while it is not screened, and once it is
    forgotten: nothing found is not what it would say."""
    if submission.state not in SCREENED or submission.forgotten_at is not None:
        return None
    header = connection.execute(
        select(HEADERS.c.header)
        .join(SUBMISSIONS, SUBMISSIONS.c.header == HEADERS.c.digest)
        .where(SUBMISSIONS.c.number == submission.number)
    ).scalar_one()
    items = list(items_of(connection, submission))
    return ResultDocument(
        header=Header.model_validate_json(header), items=tuple(items), summary=summarise(items)
    )
