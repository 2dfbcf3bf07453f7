"""Families in plain words: one wording for the terminal and for the page."""

from __future__ import annotations

from partwatch.model.families import Difference, Family, FamilyFile, FamilyShape, Kinship, Sameness
from partwatch.report.escape import visible

KINSHIPS = {
    Kinship.MIRROR: "mirror image",
    Kinship.REVISION: "revision",
    Kinship.REARRANGED: "the same bodies, laid out otherwise",
    Kinship.REMIX: "remix",
}
# Below this coverage a revision is named as one that changed much: look before you believe it.
MUCH_CHANGED = 0.7
SAMENESS = {
    Sameness.FIRST: "",
    Sameness.SAME_FILE: "copy, byte for byte",
    Sameness.SAME_MESH: "re-export: the same mesh",
    Sameness.SAME_SHAPE: "re-export: the same shape in other triangles",
}
_UNITS = {10.0: "centimetre", 25.4: "inch", 304.8: "foot", 1000.0: "metre"}


def name(file: FamilyFile) -> str:
    """`path`, or `path › member`."""
    path = visible(file.path)
    return path if file.member is None else f"{path} › {visible(file.member)}"


def counts(family: Family) -> str:
    """`12 files, 4 shapes`."""
    files = sum(len(shape.files) for shape in family.shapes)
    shapes = len(family.shapes)
    return f"{files:,} file{'s' * (files != 1)}, {shapes:,} shape{'s' * (shapes != 1)}"


def size(shape: FamilyShape) -> str:
    """`120.0 × 80.5 × 42.0 mm`."""
    return " × ".join(f"{side:.1f}" if side >= 0.1 else f"{side:.3g}" for side in shape.extents_mm) + " mm"


def sameness(file: FamilyFile) -> str:
    """What a file is to the first of its shape, its size included; empty for the first."""
    said = [SAMENESS[file.sameness]] if file.sameness is not Sameness.FIRST else []
    if (told := scaled(file.scale, file.unit_factor)) is not None:
        said.append(told)
    if not file.complete:
        said.append("not all of it could be read")
    return "; ".join(said)


def scaled(scale: float, factor: float | None) -> str | None:
    """The size against the other's; None where they agree to half a percent."""
    if abs(scale - 1) <= 0.005:
        return None
    said = f"{scale:.4g} times the size"
    if factor is None or factor == 1:
        return said
    unit = _UNITS[round(max(factor, 1 / factor), 6)]
    named = f"{'an' if unit == 'inch' else 'a'} {unit}"
    pair = ("a millimetre", named) if factor > 1 else (named, "a millimetre")
    return f"{said}, as if {pair[0]} were {pair[1]}"


def kinship(told: Difference) -> str:
    """What a shape is to the one above; of a revision also whether much of it changed."""
    much = told.kinship is Kinship.REVISION and min(told.coverage_parent, told.coverage_child) < MUCH_CHANGED
    return KINSHIPS[told.kinship] + (", much changed" if much else "")


def difference(told: Difference) -> str:
    """How much two shapes share and by how much they differ, in a line."""
    parts = [
        f"{_percent(told.coverage_parent)} of the one above is found here, "
        f"{_percent(told.coverage_child)} of this one there"
    ]
    if told.volume_change is not None and abs(told.volume_change) >= 0.0005:
        parts.append(f"volume {_change(told.volume_change)}")
    if abs(told.area_change) >= 0.0005:
        parts.append(f"surface {_change(told.area_change)}")
    if (size_told := scaled(told.scale, None)) is not None:
        parts.append(size_told)
    if told.mirrored and told.kinship is not Kinship.MIRROR:
        parts.append("mirrored")
    return "; ".join(parts)


def _percent(share: float) -> str:
    """Rounds neither up to 100 nor down to 0."""
    if 0 < share < 1:
        return f"{min(max(100 * share, 0.1), 99.9):.1f} %"
    return f"{100 * share:.0f} %"


def _change(share: float) -> str:
    return f"{100 * share:+.1f} %".replace("-", "−")
