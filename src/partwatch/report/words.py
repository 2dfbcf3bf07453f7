"""The document's values in plain words: one wording for the terminal and for the HTML report."""

from __future__ import annotations

import math

import numpy as np

from partwatch.model.document import (
    Body,
    Finding,
    Header,
    Item,
    Match,
    MatchFinding,
    Medium,
    Relation,
    UnitSource,
    is_accepted_in,
)
from partwatch.report.escape import visible

# Within this the scale is what a printer's shrinkage compensation does (CONTRACT.md, units).
SHRINKAGE = 0.02
# Where the policy names no least distinctiveness of its own.
LOW_DISTINCTIVENESS = 0.30

RELATIONS: dict[Relation, str] = {
    Relation.SAME_FILE: "the very same file",
    Relation.SAME_MESH: "the same mesh",
    Relation.SAME_SHAPE: "the same shape, in other triangles",
    Relation.EDITED: "the listed part, edited",
    Relation.PIECE_OF: "a piece of the listed part",
    Relation.CONTAINS: "contains the listed part",
}

RELATIONS_EXPLAINED: dict[Relation, str] = {
    Relation.SAME_FILE: "The file is byte for byte the one on the list.",
    Relation.SAME_MESH: (
        "The same vertices and triangles as the listed part, up to their order, a motion and the way "
        "numbers are written."
    ),
    Relation.SAME_SHAPE: "The same surface as the listed part, described by different triangles.",
    Relation.EDITED: "Much of the listed part's surface is here, and some of it differs.",
    Relation.PIECE_OF: "This body coincides with part of the listed part, which goes on beyond it.",
    Relation.CONTAINS: "The listed part's surface is found inside a larger body.",
}

MEDIA: dict[Medium, str] = {
    Medium.MESH: "a triangle mesh",
    Medium.BREP: "a CAD solid",
    Medium.TOOLPATH: "a print job's moves",
    Medium.LAYERS: "printed layers",
    Medium.SCAN: "a scan",
}

FINDINGS: dict[Finding, str] = {
    Finding.MATCH: (
        "A body here has the shape of a listed part, within the policy's thresholds. It does not say what "
        "the object is for, nor that anybody did wrong. A person decides."
    ),
    Finding.REVIEW: (
        "Something here resembles a listed part, but not closely, or not distinctively enough, for a match. "
        "A person should look before anything is concluded."
    ),
    Finding.UNSCREENABLE: (
        "Something here could not be read, for the reason given. That is no finding against it, and it "
        "is not clear either."
    ),
    Finding.CLEAR: (
        "All of it was read, and nothing on this version of the list was found. It does not say that the "
        "object is harmless, only that it is not on the list."
    ),
}

ALL_ACCEPTED = (
    "All of it was read. What was found on this version of the list is known and was accepted by the "
    "operator, for the reason given and up to the day given; the measurements stand."
)

MATCH_FINDINGS: dict[MatchFinding, str] = {
    MatchFinding.MATCH: FINDINGS[Finding.MATCH],
    MatchFinding.REVIEW: FINDINGS[Finding.REVIEW],
    MatchFinding.CANDIDATE: "Compared and reported, but too weak to raise a finding.",
}

GENERIC = (
    "Generic shape: many harmless parts look like this listed part (a plain pin, a washer, a box), so "
    "this resemblance says little on its own."
)
UNCALIBRATED_RESULT = (
    "Not calibrated: no match here has a weight in bits, and the thresholds are provisional."
)
UNCALIBRATED = (
    "Thresholds are provisional: the weight of this match in bits is not calibrated yet, so how often a "
    "harmless part would match this well is not known."
)


def percent(share: float) -> str:
    """A share as a percentage that never rounds up to 100, nor down to 0: `99.9 %`, `< 0.1 %`."""
    if not math.isfinite(share):
        return "an unknown share"
    if share <= 0 or share >= 1:
        return "0 %" if share <= 0 else "100 %"
    # The nudge is for 0.57, which is 0.56999… in binary.
    tenths = math.floor(share * 1000 + 1e-9)
    return "< 0.1 %" if tenths == 0 else f"{tenths / 10:.1f} %"


def millimetres(length: float) -> str:
    """A length at the precision that means something: `12.4 mm`, `0.30 mm`, `0.01 mm`, `0.004 mm`."""
    if not math.isfinite(length):
        return "unknown mm"
    if length == 0:
        return "0 mm"
    if length < 0.001:
        return "< 0.001 mm"
    digits = 3 if length < 0.00995 else 2 if length < 9.995 else 1
    return f"{length:.{digits}f} mm"


def extents(body: Body) -> str:
    """`120.0 × 80.5 × 42.0 mm`."""
    return " × ".join(f"{side:.1f}" if side >= 0.1 else f"{side:.3g}" for side in body.extents_mm) + " mm"


def place(item: Item) -> str:
    """Where the item is: its path, and its member where it lies in an archive; visibly escaped."""
    path = visible(item.path)
    return path if item.member is None else f"{path} › {visible(item.member)}"


def target(match: Match) -> str:
    """`design / part`, visibly escaped."""
    return f"{visible(match.design)} / {visible(match.part)}"


def body_title(body: Body) -> str:
    """`Body 1: jaw`, counted from 1 as people do."""
    return f"Body {body.index}" + (f": {visible(body.name)}" if body.name else "")


def coverage(match: Match) -> str:
    """How much of the listed part is here, and how close, in a sentence."""
    return (
        f"{percent(match.coverage_part)} of the listed part's surface is found in this body, to within "
        f"{millimetres(match.tolerance_mm)}; half of it is closer than "
        f"{millimetres(match.deviation_mm.median)}, 95 % is closer than "
        f"{millimetres(match.deviation_mm.p95)}, and the farthest is "
        f"{millimetres(match.deviation_mm.max)} off."
    )


def coverage_back(match: Match) -> str:
    """How much of this body the listed part explains."""
    return f"{percent(match.coverage_body)} of this body's surface is found in the listed part."


def body_size(match: Match) -> float | None:
    """How many times the listed part's size the body is, by the transform; None if it is degenerate."""
    determinant = float(np.linalg.det(np.asarray(match.T_part_body, float)[:3, :3]))
    if not math.isfinite(determinant) or abs(determinant) < 1e-18:
        return None
    return float(abs(determinant) ** (-1 / 3))


def scale(match: Match) -> str | None:
    """The body's size against the part's, or None where they agree to a thousandth."""
    size = body_size(match)
    if size is None:
        return f"scale factor {match.scale:.6g}"
    if abs(size - 1) < 1e-3:
        return None
    direction = "larger" if size > 1 else "smaller"
    if abs(size - 1) <= SHRINKAGE:
        return f"{abs(size - 1) * 100:.2f} % {direction} than the listed part (within shrinkage compensation)"
    ratio = size if size > 1 else 1 / size
    return f"{ratio:.4g} times {direction} than the listed part"


def remarks(body: Body, match: Match) -> list[str]:
    """What has to be known beside the numbers: size, mirroring, unit, medium."""
    notes = []
    if (size := scale(match)) is not None:
        notes.append(f"This body is {size}." if body_size(match) is not None else f"{size}.".capitalize())
    if match.scale_ambiguous:
        notes.append("Two units would explain its size; the one taken may be wrong.")
    if match.mirrored:
        notes.append("Mirrored: it is the listed part's mirror image.")
    if (supposed := unit(body)) is not None:
        notes.append(supposed)
    if match.medium is not Medium.MESH:
        notes.append(f"Read from {MEDIA[match.medium]}.")
    return notes


def unit(body: Body) -> str | None:
    """A sentence on a unit that the file does not state; None where it does."""
    if body.unit_source is UnitSource.STATED:
        return None
    if body.unit_source is UnitSource.ASSUMED:
        return f"The file states no unit; {body.unit.value} was assumed."
    return f"The file states no unit; {body.unit.value} was inferred, because its size then fits."


def meaning(item: Item) -> str:
    """What the item's finding says, and what it does not."""
    return ALL_ACCEPTED if is_accepted_clear(item) else FINDINGS[item.finding]


def is_accepted_clear(item: Item) -> bool:
    """Whether the item is clear only because what was found in it is accepted."""
    return item.finding is Finding.CLEAR and is_accepted_in(item)


def accepted(match: Match) -> str | None:
    """Since when, until when, by whom and why the match raises nothing; None where it does."""
    if match.accepted is None:
        return None
    known = match.accepted
    who = f" by {visible(known.who)}" if known.who else ""
    return (
        f"Accepted on {visible(known.accepted)}{who}, until {visible(known.expires)}: {visible(known.reason)}"
    )


def is_generic(match: Match, header: Header) -> bool:
    """Whether the listed part's shape is too common for likeness to mean much, by the policy.

    Never where there are bits: they say how much it means.
    """
    return match.bits is None and match.distinctiveness < header.policy.thresholds.get(
        "match_distinctiveness", LOW_DISTINCTIVENESS
    )


def best_match(item: Item) -> tuple[Body, Match] | None:
    """The match that the finding rests on: the worst finding first, then the highest score.

    An accepted one, on which no finding rests, comes before what is only a candidate.
    """
    order = list(MatchFinding)

    def rank(match: Match) -> float:
        return order.index(match.finding) if match.accepted is None else len(order) - 1.5

    pairs = [(body, match) for body in item.bodies for match in body.matches]
    return min(pairs, key=lambda pair: (rank(pair[1]), -pair[1].score), default=None)
