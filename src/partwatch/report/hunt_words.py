"""What a hunt found in plain words: one wording for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from partwatch.model.hunt import Hit, HuntDocument, HuntStatus, Rate
from partwatch.report import weight, words

MEANING: Final[dict[HuntStatus, str]] = {
    HuntStatus.MATCH: "its file was screened again, and this is what was found in it",
    HuntStatus.REVIEW: "its file was screened again, and a person should look at what was found in it",
    HuntStatus.CANDIDATE: "only its fingerprint is near; nothing was verified, and it is no match",
}


def target(hit: Hit) -> str:
    """`bench-vise / jaw`."""
    return f"{hit.design} / {hit.part}"


def found(hit: Hit) -> str:
    """What was found, or how near the fingerprint is."""
    if hit.match is None:
        return f"{distance(hit)}{size(hit)}"
    match = hit.match
    bits = weight.bits_of(match)
    said = [words.RELATIONS[match.relation]]
    if match.mirrored:
        said.append("mirrored")
    said.append(
        f"{words.percent(match.coverage_part)} of the part, {words.percent(match.coverage_body)} of the body "
        f"within {words.millimetres(match.tolerance_mm)}"
    )
    said.append(weight.NOT_CALIBRATED if bits is None else weight.number(bits))
    return "; ".join(said) + size(hit)


def distance(hit: Hit) -> str:
    """How far apart the fingerprints are."""
    return "" if hit.distance is None else f"fingerprints {hit.distance:.3f} apart"


def size(hit: Hit) -> str:
    """How large it is, where that is another size than the part's."""
    if hit.size_ratio is None or abs(hit.size_ratio - 1) <= words.SHRINKAGE:
        return ""
    return f"; {hit.size_ratio:.3g} times the size of the part"


def rate(told: Rate) -> str:
    """What such a distance was worth on the corpus."""
    of = "of its size" if told.own_size else "of another size"
    share = f"{words.percent(told.low)} to {words.percent(told.high)}"
    return (
        f"in the open corpus {told.found:,} of {told.pairs:,} bodies {of} that look so alike "
        f"({told.from_distance:g} to {told.to_distance:g}) were found by screening, {share}"
    )


def summary(document: HuntDocument) -> str:
    """What was looked at, and what came of it, in a sentence."""
    counts = {status: sum(hit.status is status for hit in document.hits) for status in HuntStatus}
    return (
        f"{extent(document)}: {counts[HuntStatus.MATCH]:,} match, {counts[HuntStatus.REVIEW]:,} review, "
        f"{counts[HuntStatus.CANDIDATE]:,} candidate, {document.searched.refuted:,} not it"
    )


def extent(document: HuntDocument) -> str:
    """What was looked at."""
    searched = document.searched
    return (
        f"{_count(searched.bodies, 'body', 'bodies')} looked at, {searched.candidates:,} near by "
        f"fingerprint, {_count(searched.files, 'file', 'files')} screened again"
    )


def limits(document: HuntDocument) -> Iterator[str]:
    """What the hunt may have passed over, and what else is to be known."""
    searched = document.searched
    but = f"all but {searched.passed_over:,}" if searched.passed_over else "all"
    yield (
        f"All bodies up to a distance of {searched.all_within:g} were taken. Of {searched.of_pairs:,} files "
        f"in the open corpus in which screening finds a part, {but} hold a body as near as that."
    )
    yield "Pieces of a part, and parts within larger bodies, are not hunted for."
    yield from (f"{note[:1].upper()}{note[1:]}." for note in document.notes)


def _count(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
