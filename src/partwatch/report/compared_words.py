"""A comparison in sentences: one wording for the terminal and for the page. Every string is visible."""

from __future__ import annotations

import math

import numpy as np

from partwatch.model.comparison import (
    ComparedBody,
    Comparison,
    Lineage,
    Numbers,
    Pair,
    Region,
    RegionKind,
    Side,
    Verdict,
    Volumes,
)
from partwatch.model.document import Relation, UnitSource, Vector3
from partwatch.model.mesh import MM_PER_UNIT
from partwatch.report.escape import visible
from partwatch.report.words import millimetres, percent

VERDICTS: dict[Verdict, str] = {
    Verdict.SAME: "the same",
    Verdict.DIFFERENT: "different",
    Verdict.UNKNOWN: "not known",
}
RELATIONS: dict[Relation | None, str] = {
    Relation.SAME_FILE: "the very same file",
    Relation.SAME_MESH: "the same mesh",
    Relation.SAME_SHAPE: "the same shape, in other triangles",
    Relation.EDITED: "edited",
    Relation.PIECE_OF: "a piece of B",
    Relation.CONTAINS: "contains B",
    None: "partly alike, too little for a relation",
}
KINDS: dict[RegionKind, str] = {
    RegionKind.ONLY_A: "removed",
    RegionKind.ONLY_B: "added",
    RegionKind.MOVED: "moved",
}
# Within this a size differs by what a printer's shrinkage compensation does.
SHRINKAGE = 0.02
# Shared triangles below which they may be chance: a plain box has twelve.
LEAST_TELLING = 40


def verdict(comparison: Comparison) -> str:
    """The answer in a sentence."""
    if comparison.lineage.same_bytes:
        return "The files are the same, byte for byte."
    if comparison.verdict is Verdict.UNKNOWN:
        return "Not everything could be read, so whether they are the same is not known."
    if comparison.verdict is Verdict.DIFFERENT:
        return "The files differ: " + "; ".join(differences(comparison)) + "."
    exact = all(pair.relation in (Relation.SAME_FILE, Relation.SAME_MESH) for pair in comparison.pairs)
    tolerance = millimetres(max(pair.tolerance_mm for pair in comparison.pairs))
    moved = "" if all(pair.as_placed for pair in comparison.pairs) else ", moved"
    what = "meshes" if exact else f"shapes within {tolerance}, in other triangles"
    return f"The files hold the same {what}{moved}."


def differences(comparison: Comparison) -> list[str]:
    """What differs, the most important first."""
    if not comparison.pairs:
        return ["no body of A resembles one of B"]
    changed = [pair for pair in comparison.pairs if not pair.same]
    told = [difference(pair) for pair in changed[:1]]
    if len(comparison.pairs) > 1 and changed:
        told = [f"{len(changed):,} of {len(comparison.pairs):,} pairs of bodies"]
    for lones, here, there in ((comparison.removed, "A", "B"), (comparison.added, "B", "A")):
        if lones:
            told.append(f"{count(len(lones), 'body', 'bodies')} of {here} without a partner in {there}")
    return told


def difference(pair: Pair) -> str:
    """In what two bodies differ, in a clause."""
    told = ["mirrored"] if pair.mirrored else []
    if not pair.own_size:
        told.append(scale(pair))
    if pair.relation is None:
        told.append("little of the surfaces coincides")
    elif pair.regions:
        places = count(len(pair.regions) + pair.regions_left_out, "place")
        told.append(f"in {places}, by up to {millimetres(max(region.max_mm for region in pair.regions))}")
    elif not told:
        told.append("in details about as small as the tolerance")
    return ", ".join(told)


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 body`, `2 bodies`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def side(known: Side) -> str:
    """What a file is."""
    size = f"{known.size_bytes / 1e6:,.1f} MB" if known.size_bytes >= 1e5 else f"{known.size_bytes:,} bytes"
    return f"{visible(known.format)}, {size}, {count(len(known.bodies), 'body', 'bodies')}"


def units(known: Side) -> list[str]:
    """Units that are not stated in the file, in a sentence."""
    sources = {(body.unit, body.unit_source) for body in known.bodies}
    said = []
    for unit, source in sorted(sources):
        if source is UnitSource.ASSUMED:
            said.append(f"it states no unit; {unit.value} was assumed")
        elif source is UnitSource.INFERRED:
            said.append(f"it states no unit; {unit.value} was inferred, because its size then fits")
        elif MM_PER_UNIT[unit] != 1:
            said.append(f"in {unit.value}, as it states")
    return said


def body(known: ComparedBody) -> str:
    """`Body 1: jaw`."""
    name = f": {visible(known.name)}" if known.name else ""
    where = f" in {visible(known.member)}" if known.member else ""
    return f"body {known.index}{name}{where}"


def size(extents: Vector3) -> str:
    """`120.0 × 80.5 × 42.0 mm`."""
    return " × ".join(f"{side:.1f}" if side >= 0.1 else f"{side:.3g}" for side in extents) + " mm"


def volume(mm3: float | None) -> str:
    """A volume at the precision that means something."""
    if mm3 is None:
        return "unknown"
    if mm3 >= 99_995:
        return f"{mm3 / 1000:,.1f} cm³"
    if mm3 < 0.05:
        return "< 0.1 mm³" if mm3 > 0 else "0 mm³"
    return f"{mm3:,.0f} mm³" if mm3 >= 99.5 else f"{mm3:.1f} mm³"


def area(mm2: float) -> str:
    """An area likewise."""
    return "0 mm²" if mm2 == 0 else f"{mm2:,.0f} mm²" if mm2 >= 99.5 else f"{mm2:.1f} mm²"


def volumes(known: Volumes) -> str:
    """What was added and removed, or why that is not known."""
    if known.added_mm3 is None or known.removed_mm3 is None:
        return f"added and removed volume are not known: {known.why}"
    return f"{volume(known.added_mm3)} added, {volume(known.removed_mm3)} removed"


def remarks(pair: Pair) -> list[str]:
    """What has to be known beside the coverage: size, mirroring, where it lies."""
    told = []
    if pair.mirrored:
        told.append("mirrored: A is the mirror image of B")
    if not pair.own_size:
        told.append(scale(pair))
    told.append(
        "compared as the files place them" if pair.as_placed else f"A was {motion(pair)} to be compared"
    )
    return told


def motion(pair: Pair) -> str:
    """How A was laid on B: `turned by 90.0° and moved`, `moved by (0.00, 0.00, 5.00) mm`."""
    T = np.asarray(pair.T_b_a, float)
    turn = T[:3, :3] / max(float(np.cbrt(abs(np.linalg.det(T[:3, :3])))), 1e-12)
    if pair.mirrored:
        return "mirrored and moved onto B"
    angle = math.degrees(math.acos(min(max((float(np.trace(turn)) - 1) / 2, -1.0), 1.0)))
    if angle >= 0.05:
        return f"turned by {angle:.1f}° and moved onto B"
    if not pair.own_size:
        return "moved onto B"
    return f"moved by {point(pair.T_b_a[0][3:] + pair.T_b_a[1][3:] + pair.T_b_a[2][3:])} mm onto B"


def scale(pair: Pair) -> str:
    """A's size against B's."""
    ratio = 1 / pair.scale
    way = "larger" if ratio > 1 else "smaller"
    if abs(ratio - 1) <= SHRINKAGE:
        return f"A is {100 * abs(ratio - 1):.2g} % {way} than B, and was brought to its size to be compared"
    times = ratio if ratio > 1 else 1 / ratio
    fits = [
        f"{one.name.lower()} for {other.name.lower()}"
        for one, mm in MM_PER_UNIT.items()
        for other, other_mm in MM_PER_UNIT.items()
        if one is not other and abs(pair.scale * other_mm / mm - 1) < 1e-3
    ]
    mistaken = f"; a unit may be mistaken ({fits[0]})" if fits else ""
    return f"A is {times:,.4g} times {way} than B, and was brought to its size to be compared{mistaken}"


def coverage(pair: Pair) -> str:
    """How much of each coincides with the other."""
    deviation = pair.deviation_mm
    said = (
        f"{percent(pair.coverage_a)} of A and {percent(pair.coverage_b)} of B coincide within "
        f"{millimetres(pair.tolerance_mm)}"
    )
    if deviation.max == 0:
        return f"{said}, exactly"
    if deviation.p95 == 0:
        return f"{said}, nearly all of that exactly"
    half = f"half of that within {at_most(deviation.median)}, " if deviation.p95 > 0.001 else ""
    return f"{said}; {half}95 % of that within {at_most(deviation.p95)}"


def at_most(length: float) -> str:
    """A length that is an upper end, and so never nothing."""
    return millimetres(max(length, 0.001))


def point(place: Vector3) -> str:
    """`(30.61, 13.97, 2.50)`."""
    return "(" + ", ".join(f"{round(value, 2) + 0.0:.2f}" for value in place) + ")"


def region(known: Region) -> str:
    """One place where they differ."""
    return (
        f"{KINDS[known.kind]}, up to {millimetres(known.max_mm)}: {size(known.extents_mm)} at "
        f"{point(known.centre_b_mm)}, {area(known.area_a_mm2)} of A, {area(known.area_b_mm2)} of B"
    )


def lineage(known: Lineage) -> str:
    """What the triangles say of a common origin."""
    if known.triangles == 0:
        return "no triangle in common: other exports, or drawn anew"
    shared = (
        f"{count(known.triangles, 'triangle')} in common ({percent(known.share_a)} of A's, "
        f"{percent(known.share_b)} of B's)"
    )
    marks = []
    if known.order is not None and math.isfinite(known.order):
        marks.append("in the same order" if known.order > 0.9 else "in another order")
    if known.numbers is Numbers.IDENTICAL:
        marks.append("the same numbers to the last digit")
    elif known.numbers is Numbers.SINGLE_PRECISION:
        marks.append("the same numbers to single precision")
    elif not known.in_place:
        marks.append("after a motion")
    if known.share_a == known.share_b == 1:
        means = "one triangulation"
    elif known.triangles < LEAST_TELLING:
        means = "so few may be chance"
    else:
        means = "parts of one triangulation, or one program's of the same surfaces"
    return f"{shared}{', ' if marks else ''}{', '.join(marks)}: {means}"


def file_lineage(comparison: Comparison) -> list[str]:
    """Marks that the files share as files."""
    known = comparison.lineage
    told = []
    if known.same_bytes:
        told.append("the same bytes")
    if known.names:
        told.append("names or headers in common: " + ", ".join(visible(name) for name in known.names))
    return told
