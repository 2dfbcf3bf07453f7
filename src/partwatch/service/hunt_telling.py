"""What a hunt found, as its document tells it to whoever asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from partwatch import __version__
from partwatch.fingerprint import FINGERPRINT_VERSION
from partwatch.history.rates import PAIRS, farther, rate_at
from partwatch.model.document import Body, Match, MatchFinding
from partwatch.model.hunt import Hit, HuntDocument, HuntStatus, Searched, SoughtPart
from partwatch.service.context import Service
from partwatch.service.hunting import Again, Candidate, Progress, files_left
from partwatch.service.principals import Principal
from partwatch.service.store import ServiceStore
from partwatch.service.tables import FILES, SUBMISSIONS

_AT_ONCE: Final = 500
_STATUS: Final = {MatchFinding.MATCH: HuntStatus.MATCH, MatchFinding.REVIEW: HuntStatus.REVIEW}
_ORDER: Final = {status: place for place, status in enumerate(HuntStatus)}
_GONE: Final = "its file is no longer held"
_NOT_YET: Final = "its file was not screened again yet"

_Place = tuple[str, int]


@dataclass(frozen=True)
class _File:
    """A file of a submission that whoever asks may see."""

    customer: str
    name: str
    screened_at: str


def document_of_hunt(service: Service, progress: Progress, by: Principal) -> HuntDocument:
    """The document of a hunt as far as it is. What the store no longer knows of, and what whoever asks may
    not see, is not in it."""
    candidates = progress.candidates
    files = _files(service.store, {one.submission for one in candidates}, by)
    seen = [one for one in candidates if (one.submission, one.position) in files]
    again = {one.file_sha256: one for one in progress.again}
    left = {held.sha256 for held in files_left(service, progress, by)}
    found = list(_verified(progress, seen, files, again))
    sure = {(hit.submission, hit.position, hit.member, hit.body, hit.design, hit.part) for hit in found}
    hits, refuted = list(found), 0
    for one in seen:
        part = progress.asked.parts[one.part]
        why = None if _key(one, part) in sure else _why(one, part, again, left)
        refuted += why is None and _key(one, part) not in sure
        if why is not None:
            hits.append(_candidate(one, why, part, files))
    unverified = len(hits) - len(found)
    return HuntDocument(
        program_version=__version__,
        fingerprint_version=FINGERPRINT_VERSION,
        id=progress.id,
        by=progress.by,
        asked_at=progress.asked_at,
        asked=progress.asked,
        header=progress.header if progress.again else None,
        searched=Searched(
            bodies=progress.bodies,
            candidates=len(seen),
            all_within=progress.all_within,
            passed_over=farther(progress.all_within),
            of_pairs=PAIRS,
            files=len(progress.again),
            verified=len(seen) - unverified,
            refuted=refuted,
            unread=sum(not one.complete for one in progress.again),
        ),
        hits=tuple(sorted(hits, key=_best_first)),
        notes=progress.notes,
    )


def _files(store: ServiceStore, submissions: set[str], by: Principal) -> dict[_Place, _File]:
    """The files of submissions that whoever asks may see, by submission and position."""
    found: dict[_Place, _File] = {}
    ids = sorted(submissions)
    with store.reading() as connection:
        for place in range(0, len(ids), _AT_ONCE):
            asked = (
                select(
                    SUBMISSIONS.c.id, SUBMISSIONS.c.customer, SUBMISSIONS.c.screened_at, FILES.c.position,
                    FILES.c.name,
                )
                .join(FILES, FILES.c.submission == SUBMISSIONS.c.number)
                .where(
                    SUBMISSIONS.c.id.in_(ids[place : place + _AT_ONCE]), SUBMISSIONS.c.forgotten_at.is_(None)
                )
            )  # fmt: skip
            for row in connection.execute(asked):
                if by.sees(row.customer):
                    found[row.id, row.position] = _File(row.customer, row.name, row.screened_at or "")
    return found


def _verified(
    progress: Progress, seen: Sequence[Candidate], files: dict[_Place, _File], again: dict[str, Again]
) -> Iterator[Hit]:
    """What screening again found, in every submission that the file came with."""
    near = {_key(one, progress.asked.parts[one.part]): one for one in seen}
    places = {(one.submission, one.position, one.file_sha256) for one in seen}
    for submission, position, digest in sorted(places):
        file, known = files[submission, position], again.get(digest)
        for item in known.items if known else ():
            for body in item.bodies:
                for match in body.matches:
                    if match.finding not in _STATUS:
                        continue
                    key = (submission, position, item.member, body.index, match.design, match.part)
                    yield _hit(key, digest, file, body, match, near.get(key))


_Key = tuple[str, int, str | None, int, str, str]


def _key(one: Candidate, part: SoughtPart) -> _Key:
    return one.submission, one.position, one.member, one.body, part.design, part.part


def _hit(key: _Key, digest: str, file: _File, body: Body, match: Match, near: Candidate | None) -> Hit:
    submission, position, member, index, design, part = key
    return Hit(
        status=_STATUS[match.finding], design=design, part=part, submission=submission,
        customer=file.customer, file=file.name, position=position, file_sha256=digest, member=member,
        body=index, screened_at=near.screened_at if near else file.screened_at,
        distance=near.distance if near else None, size_ratio=round(1 / match.scale, 4),
        extents_mm=body.extents_mm, match=match,
    )  # fmt: skip


def _why(one: Candidate, part: SoughtPart, again: dict[str, Again], left: set[str]) -> str | None:
    """Why nothing is known of a candidate beyond its fingerprint; None where its file was read completely,
    and the part was not found there."""
    if part.unverifiable is not None:
        return part.unverifiable
    if (known := again.get(one.file_sha256)) is not None:
        if known.complete:
            return None
        return f"its file could not be read completely this time: {known.said or 'it does not say why'}"
    return _NOT_YET if one.file_sha256 in left else _GONE


def _candidate(one: Candidate, why: str, part: SoughtPart, files: dict[_Place, _File]) -> Hit:
    file = files[one.submission, one.position]
    return Hit(
        status=HuntStatus.CANDIDATE, design=part.design, part=part.part, submission=one.submission,
        customer=file.customer, file=file.name, position=one.position, file_sha256=one.file_sha256,
        member=one.member, body=one.body, screened_at=one.screened_at, distance=one.distance,
        size_ratio=one.size_ratio, extents_mm=one.extents_mm, rate=rate_at(one.distance, one.size_ratio),
        why=why,
    )  # fmt: skip


def _best_first(hit: Hit) -> tuple[int, float, float, str, int, str, int]:
    bits = hit.match.bits if hit.match is not None and hit.match.bits is not None else 0.0
    distance = 9.0 if hit.distance is None else hit.distance
    return (
        _ORDER[hit.status], -bits, distance, hit.submission, hit.position, hit.member or "", hit.body
    )  # fmt: skip
