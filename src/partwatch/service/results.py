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
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, select, update

from partwatch.model.document import Finding, Header, Item, ResultDocument, summarise, worst
from partwatch.model.errors import StoreError
from partwatch.screening.answer import BodyPrint
from partwatch.service import events
from partwatch.service.claims import own
from partwatch.service.states import SCREENED, State
from partwatch.service.store import ServiceStore, now
from partwatch.service.submissions import Submission
from partwatch.service.tables import FILES, HEADERS, HELD_PRINTS, PRINTS, RESULTS, SUBMISSIONS

_ITEMS: Final[TypeAdapter[tuple[Item, ...]]] = TypeAdapter(tuple[Item, ...])
_HOLD: Final = {"match": Finding.MATCH, "review": Finding.REVIEW, "unscreenable": Finding.UNSCREENABLE}


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


def keep(store: ServiceStore, desk: str, number: int, header: Header, found: Sequence[FileResult]) -> bool:
    """Keep results of files of a submission; False, and nothing is kept, where it is no longer this desk's.

    With the last of its files the submission is screened: passed, or held for a person.
    """
    if not found:
        return True
    key = header_key(header)
    with store.writing() as connection:
        if not own(connection, desk, [number]):
            return False
        _keep_header(connection, key, header)
        for one in found:
            connection.execute(
                insert(RESULTS).values(
                    file=one.file, header=key, found=_packed(one.items), finding=one.finding.value
                )
            )
            if one.prints:
                connection.execute(insert(PRINTS), [_print_row(one.file, printed) for printed in one.prints])
        files = connection.execute(
            select(FILES.c.id, RESULTS.c.header, RESULTS.c.finding)
            .outerjoin(RESULTS, RESULTS.c.file == FILES.c.id)
            .where(FILES.c.submission == number)
        ).all()
        row = connection.execute(select(SUBMISSIONS).filter_by(number=number)).one()
        done = sum(finding is not None for _, _, finding in files)
        if done < len(files):
            events.tell(
                connection, row.customer, row.id, events.PROGRESS, {"done": done, "files": len(files)}
            )
            return True
        finding = worst([Finding(one.finding) for one in files])
        _finish(store, connection, number, key, finding, desk)
    return True


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
    store: ServiceStore, connection: Connection, number: int, header: str, finding: Finding, desk: str
) -> None:
    row = connection.execute(select(SUBMISSIONS).filter_by(number=number)).one()
    held = finding.severity >= _HOLD[store.settings.screening.hold].severity
    near = _is_near_copy(store, connection, row.customer, number)
    state = State.HELD if held or near else State.PASSED
    values = {
        "state": state.value, "finding": finding.value, "header": header, "screened_at": now(),
        "claimed_by": None, "lease_until": None, "withheld": int(near),
    }  # fmt: skip
    connection.execute(update(SUBMISSIONS).where(SUBMISSIONS.c.number == number).values(values))
    if held:
        _keep_held_prints(connection, row.customer, number)
    told = {"id": row.id, "finding": finding.value, "state": state.value, "header": header, "near_copy": near}
    store.note(connection, "screening", told, desk)
    events.tell(connection, row.customer, row.id, events.SCREENED, {"state": state.value})


def _is_near_copy(store: ServiceStore, connection: Connection, customer: str, number: int) -> bool:
    """Whether too many like it were held of the same customer lately."""
    from partwatch.service.near_copies import is_one_too_many

    return is_one_too_many(connection, store.settings.near_copies, customer, number)


def _keep_held_prints(connection: Connection, customer: str, number: int) -> None:
    rows = connection.execute(
        select(PRINTS.c.descriptor, PRINTS.c.radius_mm)
        .join(FILES, FILES.c.id == PRINTS.c.file)
        .where(FILES.c.submission == number)
    ).all()
    if rows:
        common = {"customer": customer, "submission": number, "at": now()}
        connection.execute(
            insert(HELD_PRINTS),
            [common | {"descriptor": row.descriptor, "radius_mm": row.radius_mm} for row in rows],
        )


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
        try:
            yield from _ITEMS.validate_json(zlib.decompress(packed))
        except (zlib.error, ValueError) as error:
            raise StoreError(f"{submission.id}: its result is damaged; restore a backup") from error


def document_of(connection: Connection, submission: Submission) -> ResultDocument | None:
    """The result document, as `screen --json` writes it; None while it is not screened."""
    if submission.state not in SCREENED:
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
