"""Which software wrote an item, as hypotheses: what marks say, and what among them does not fit.

A name in a file is a statement and not a fact: OrcaSlicer writes BambuStudio's, to stay compatible, forks
carry the banners that they come from, and a text editor writes any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from partwatch.model.marks import Hypothesis, Mark, MarkKind
from partwatch.provenance.marks.collector import Moved
from partwatch.provenance.marks.software import SLICERS

_MOST_STATED = 8
BAMBU_FAMILY: Final = "BambuStudio, OrcaSlicer or another of their family"
PRUSA_FAMILY: Final = "PrusaSlicer, SuperSlicer or another of their family"
SLIC3R: Final = "Slic3r"
# Settings that only one family has, as its own jobs and projects of several versions show.
_DIALECTS: Final[dict[str, frozenset[str]]] = {
    BAMBU_FAMILY: frozenset({
        "sparse_infill_density", "wall_loops", "machine_start_gcode", "initial_layer_print_height",
        "inner_wall_speed", "top_shell_layers", "curr_bed_type", "printable_area",
        "internal_solid_infill_speed", "hot_plate_temp",
    }),
    PRUSA_FAMILY: frozenset({
        "machine_limits_usage", "deretract_speed", "remaining_times", "support_material_style",
        "bottom_fill_pattern", "wiping_volumes_matrix", "filament_ramming_parameters", "perimeter_generator",
        "filament_cooling_moves", "gcode_substitutions",
    }),
    SLIC3R: frozenset({
        "z_steps_per_mm", "adaptive_slicing", "gcode_arcs", "support_material_max_layers", "has_heatbed",
        "top_infill_pattern", "brim_connections_width", "interior_brim_width", "vibration_limit",
    }),
    "Cura": frozenset({"infill_sparse_density", "wall_line_count", "speed_print", "adhesion_type"}),
    "Simplify3D": frozenset({"applyToModels", "perimeterOutlines", "spiralVaseMode", "topSolidLayers"}),
}  # fmt: skip
_MEMBERS: Final[dict[str, frozenset[str]]] = {
    BAMBU_FAMILY: frozenset({"BambuStudio", "OrcaSlicer", "CrealityPrint", "AnycubicSlicer"}),
    PRUSA_FAMILY: frozenset({"PrusaSlicer", "SuperSlicer", "Slic3r PE", "Slic3r", "AnycubicSlicer"}),
    SLIC3R: frozenset({"Slic3r"}),
    "Cura": frozenset({"Cura"}),
    "Simplify3D": frozenset({"Simplify3D"}),
}
_LEAST_KEYS: Final = 3
_BAMBU_VERSION: Final = re.compile(r"\d{2}\.\d{2}\.\d{2}\.\d{2}")
# What OrcaSlicer gives as BambuStudio's version (SLIC3R_VERSION in version.inc, 2.2 and 2.3; so do forks).
_ORCA_AS_BAMBU: Final = frozenset({"01.10.01.50"})
_SETTING_KINDS: Final = frozenset({
    MarkKind.SETTING, MarkKind.MACRO, MarkKind.PRINTER, MarkKind.FILAMENT, MarkKind.PRESET,
    MarkKind.OBJECT_NAME,
})  # fmt: skip
_SETTING_GROUPS: Final = (
    "gcode settings",
    "project settings",
    "profile",
    "cura ",
    "simplify3d",
    "slicer's objects",
)


def attribution_of(marks: Sequence[Mark], moves: Moved | None = None) -> tuple[Hypothesis, ...]:
    """Software that marks of one item speak for, slicers first; then families that a job's moves speak for,
    which alone have bits: for what a file says of itself nothing was calibrated."""
    named: dict[str, list[Mark]] = {}
    for mark in marks:
        if mark.kind is MarkKind.BANNER:
            named.setdefault(mark.value, []).append(mark)
    versions = _versions(marks)
    dialects = _dialects(marks)
    slicers = [software for software in named if software in SLICERS]
    found = [
        Hypothesis(
            software=software,
            version=versions.get(software),
            stated_by=_stated(named[software]),
            against=(
                *_against(software, versions.get(software), slicers, named, dialects),
                *(moves.against(software) if moves and software in SLICERS else ()),
            ),
        )
        for software in sorted(named, key=lambda each: (each not in SLICERS, each))
    ]
    found += _by_dialect(dialects, slicers)
    if "BambuStudio" in named and "OrcaSlicer" not in named:
        found.append(_orca(versions.get("BambuStudio")))
    return (*found, *(moves.hypotheses(slicers) if moves else ()))


def _versions(marks: Iterable[Mark]) -> dict[str, str]:
    found: dict[str, str] = {}
    for mark in marks:
        if mark.kind is MarkKind.VERSION:
            found.setdefault(mark.name, mark.value)
    return found


def place(mark: Mark) -> str:
    """Where a mark stands, in words."""
    where = mark.where
    said = [where.part] if where.part else []
    if where.line is not None:
        said.append(f"line {where.line:,}")
    elif where.byte is not None:
        said.append(f"byte {where.byte:,}")
    return ", ".join(said) or "the file"


def _stated(marks: Sequence[Mark]) -> tuple[str, ...]:
    said = tuple(f"{mark.name} ({place(mark)})" for mark in marks[:_MOST_STATED])
    return said if len(marks) <= _MOST_STATED else (*said, f"and {len(marks) - _MOST_STATED:,} more")


def _dialects(marks: Iterable[Mark]) -> dict[str, list[str]]:
    """Settings that only one family has, by family."""
    found: dict[str, list[str]] = {}
    keys = {
        mark.name for mark in marks if mark.kind in _SETTING_KINDS and mark.group.startswith(_SETTING_GROUPS)
    }
    for family, its_own in _DIALECTS.items():
        common = sorted(its_own & keys)
        if len(common) >= _LEAST_KEYS:
            found[family] = common
    return found


def _against(
    software: str,
    version: str | None,
    slicers: Sequence[str],
    named: dict[str, list[Mark]],
    dialects: dict[str, list[str]],
) -> tuple[str, ...]:
    if software not in SLICERS:
        return ()
    said = [f"{other} is named as well: {_stated(named[other])[0]}" for other in slicers if other != software]
    known = any(software in members for members in _MEMBERS.values())
    for family, keys in dialects.items():
        if known and software not in _MEMBERS[family]:
            said.append(f"its settings are those of {family}: {', '.join(keys[:4])}")
    if software == "BambuStudio" and version and not _BAMBU_VERSION.fullmatch(version):
        said.append(f"BambuStudio numbers its versions like 01.10.02.76, and not like {version}")
    if software == "BambuStudio" and version in _ORCA_AS_BAMBU:
        said.append(f"{version} is what OrcaSlicer 2.2, 2.3 and its forks give for BambuStudio's version")
    return tuple(said)


def _by_dialect(dialects: dict[str, list[str]], slicers: Sequence[str]) -> list[Hypothesis]:
    """Families that settings speak for where no banner of theirs does."""
    found = []
    for family, keys in dialects.items():
        if not _MEMBERS[family] & set(slicers):
            against = tuple(f"{each} is named" for each in slicers)
            said = f"settings that no other family has: {', '.join(keys[:5])}"
            found.append(Hypothesis(software=family, version=None, stated_by=(said,), against=against))
    return found


def _orca(version: str | None) -> Hypothesis:
    stated = ["BambuStudio's name, which OrcaSlicer writes as well"]
    if version in _ORCA_AS_BAMBU:
        stated.append(f"version {version}, which OrcaSlicer 2.2, 2.3 and its forks give for BambuStudio's")
    return Hypothesis(software="OrcaSlicer", version=None, stated_by=tuple(stated), against=())
