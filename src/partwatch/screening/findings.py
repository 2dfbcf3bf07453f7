"""From bodies and reasons to one finding."""

from __future__ import annotations

from collections.abc import Iterable

from partwatch.matching import FINGERPRINT_ONLY
from partwatch.model.document import (
    MEMBER_ACCEPTED,
    Body,
    Finding,
    Item,
    MatchFinding,
    Reason,
    is_accepted_in,
    worst,
)

_OF_MATCH = {
    MatchFinding.MATCH: Finding.MATCH,
    MatchFinding.REVIEW: Finding.REVIEW,
    MatchFinding.CANDIDATE: Finding.CLEAR,
}


def finding_of(bodies: Iterable[Body], reasons: Iterable[Reason], complete: bool) -> Finding:
    """The worst of the bodies' matches and resemblances, and unscreenable where something went unread."""
    found = [_OF_MATCH[match.finding] for body in bodies for match in body.matches]
    found += [Finding.REVIEW for reason in reasons if reason.code == FINGERPRINT_ONLY]
    return worst([*found, Finding.CLEAR if complete else Finding.UNSCREENABLE])


def unscreenable(
    path: str, member: str | None, reason: Reason, sha256: str | None = None, format: str | None = None
) -> Item:
    """An item of which nothing could be compared."""
    return Item(
        path=path,
        member=member,
        sha256=sha256,
        format=format,
        finding=Finding.UNSCREENABLE,
        complete=False,
        reasons=(reason,),
        bodies=(),
    )


def with_members(archive: Item, members: list[Item]) -> Item:
    """The archive with what its direct members, themselves folded already, add to its finding."""
    if not members:
        return archive
    reasons = list(archive.reasons)
    for finding in (Finding.MATCH, Finding.REVIEW):
        count = sum(member.finding is finding for member in members)
        if count:
            message = f"{finding} in {count} of its {len(members)} members"
            reasons.append(Reason(code=f"member_{finding}", message=message))
    accepted = sum(is_accepted_in(member) for member in members)
    if accepted:
        message = f"accepted matches in {accepted} of its {len(members)} members; they say why"
        reasons.append(Reason(code=MEMBER_ACCEPTED, message=message))
    unread = sum(not member.complete for member in members)
    if unread:
        message = f"{unread} of its {len(members)} members could not be read completely; they say why"
        reasons.append(Reason(code="members_incomplete", message=message))
    return archive.model_copy(
        update={
            "finding": worst([archive.finding, *(member.finding for member in members)]),
            "complete": archive.complete and not unread,
            "reasons": tuple(reasons),
        }
    )
