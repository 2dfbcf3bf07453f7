"""A hand-cranked gear pump for water, in fourteen parts: the design on the example watch-list.

Two of its parts, a tube and a pin, are plain on purpose: they show what a list should not hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from manifold3d import Manifold

from examples.pump import drive, fittings, housing
from examples.shapes import mesh_of
from examples.writers.stl import binary_stl


@dataclass(frozen=True)
class PumpPart:
    """One line of the design. generic: plain on purpose."""

    name: str
    build: Callable[[], Manifold]
    quantity: int = 1
    required: bool = True
    alternative_to: str | None = None
    generic: bool = False


PARTS: tuple[PumpPart, ...] = (
    PumpPart("housing", housing.housing),
    PumpPart("cover", housing.cover),
    PumpPart("gasket", housing.gasket),
    PumpPart("driving-gear", drive.driving_gear),
    PumpPart("driven-gear", drive.driven_gear),
    PumpPart("shaft", drive.shaft),
    PumpPart("crank-arm", drive.crank_arm),
    PumpPart("crank-arm-short", drive.crank_arm_short, alternative_to="crank-arm"),
    PumpPart("crank-knob", drive.crank_knob),
    PumpPart("bracket", fittings.mounting_bracket, required=False),
    PumpPart("hose-barb", fittings.hose_barb, quantity=2),
    PumpPart("hose-clamp", fittings.hose_clamp, quantity=2, required=False),
    PumpPart("spacer-ring", fittings.spacer_ring, quantity=2, required=False, generic=True),
    PumpPart("dowel-pin", fittings.dowel_pin, quantity=4, generic=True),
)

PARTS_BY_NAME = {part.name: part for part in PARTS}

_HEAD = """\
name = "hand-pump"
authority = "Example Authority"
reason = "Example only: a harmless water pump that stands in for a listed design."
expires = 2030-12-31
note = "Made by the code in examples/pump; the spacer ring and the dowel pin are plain on purpose."
"""


def manifest() -> str:
    """The design file: who lists it, why, until when, and its parts."""
    return _HEAD + "".join(_part_lines(part) for part in PARTS)


def write_pump(folder: Path) -> Path:
    """Writes every part as binary STL and `pump.toml` beside them; returns the latter's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        (folder / f"{part.name}.stl").write_bytes(binary_stl(mesh_of(part.build())))
    path = folder / "pump.toml"
    path.write_text(manifest(), encoding="utf-8")
    return path


def _part_lines(part: PumpPart) -> str:
    """One `[[parts]]` table; what is at its default goes unsaid."""
    lines = ["", "[[parts]]", f'name = "{part.name}"', f'file = "{part.name}.stl"']
    if part.quantity != 1:
        lines.append(f"quantity = {part.quantity}")
    if not part.required:
        lines.append("required = false")
    if part.alternative_to is not None:
        lines.append(f'alternative_to = "{part.alternative_to}"')
    return "\n".join(lines) + "\n"
