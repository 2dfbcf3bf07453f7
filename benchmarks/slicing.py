"""Print jobs of parts, by the slicers that are installed: three programs, twelve settings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SLICERS = ("prusa-slicer", "slic3r", "cura-engine")
FIRST_LAYER_MM = 0.2
TIMEOUT_S = 300
_PROGRAMS = {"prusa-slicer": "prusa-slicer", "slic3r": "slic3r", "cura-engine": "CuraEngine"}
# Where `make slicers` unpacks what Cura's engine cannot do without.
_RESOURCES = ("build/slicers/usr/share/cura/resources", "/usr/share/cura/resources")
_BED_MM = 250.0
_MACHINE: Mapping[str, object] = {
    "machine_width": _BED_MM, "machine_depth": _BED_MM, "machine_height": _BED_MM, "center_object": "true",
}  # fmt: skip


class SlicingError(Exception):
    """A slicer that is not there, or made no job."""


@dataclass(frozen=True)
class Setting:
    """infill: percent. stripped: without any comment. copies: objects on the plate. support: where needed."""

    layer_mm: float
    infill: int
    stripped: bool
    copies: int
    support: bool

    @property
    def name(self) -> str:
        """In a word."""
        told = f"{self.layer_mm:g} mm, {self.infill} %"
        told += ", supports" if self.support else ""
        told += f", {self.copies} objects" if self.copies > 1 else ""
        return told + (", stripped" if self.stripped else "")


def _setting(k: int, layer_mm: float, infill: int) -> Setting:
    # Halves of a two-level design over each three: every pair of levels comes up about as often.
    return Setting(layer_mm, infill, k % 2 == 1, 1 + (k // 2) % 2, (k // 3 + k) % 2 == 0)


_GRID = [(layer, infill) for layer in (0.1, 0.2, 0.3) for infill in (0, 15, 100)]
SETTINGS = tuple(
    _setting(k, layer, infill) for k, (layer, infill) in enumerate([*_GRID, (0.1, 15), (0.2, 15), (0.3, 15)])
)


def installed() -> list[str]:
    """The slicers that can be run here."""
    found = [name for name in SLICERS if shutil.which(_PROGRAMS[name])]
    return [name for name in found if name != "cura-engine" or cura_resources() is not None]


def sliced(slicer: str, part: Path, setting: Setting, out: Path) -> Path:
    """The job of a part (STL, in mm) as a file. Raises SlicingError where the slicer makes none."""
    command, environment = slicing_command(slicer, part, setting, out)
    try:
        done = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SlicingError(f"{slicer}: {error}") from None
    if done.returncode or not out.exists() or not out.stat().st_size:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise SlicingError(f"{slicer}: {said[-1] if said else f'exit status {done.returncode}'}")
    if setting.stripped:
        out.write_text(stripped(out.read_text(encoding="utf-8", errors="replace")), encoding="utf-8")
    return out


def slicing_command(slicer: str, part: Path, setting: Setting, out: Path) -> tuple[list[str], dict[str, str]]:
    """How a slicer is called, and the environment that it wants beside the usual one."""
    commands = {"prusa-slicer": _prusa, "slic3r": _slic3r, "cura-engine": _cura}
    return commands[slicer](part, setting, out)


def stripped(job: str) -> str:
    """Without a single comment, and without what names objects."""
    lines = (re.sub(r"\s*(?:;.*|\([^)]*\))", "", line) for line in job.splitlines())
    return "\n".join(line for line in lines if line.strip() and not line.startswith(("M486", "M117"))) + "\n"


def _slic3r(part: Path, setting: Setting, out: Path) -> tuple[list[str], dict[str, str]]:
    return ["slic3r", *_slic3r_words(setting), "--output", str(out), str(part)], {}


def _prusa(part: Path, setting: Setting, out: Path) -> tuple[list[str], dict[str, str]]:
    return ["prusa-slicer", "--export-gcode", *_slic3r_words(setting), "--output", str(out), str(part)], {}


def _slic3r_words(setting: Setting) -> list[str]:
    words = ["--layer-height", f"{setting.layer_mm:g}", "--first-layer-height", f"{FIRST_LAYER_MM:g}"]
    words += ["--fill-density", f"{setting.infill}%", "--filament-diameter", "1.75"]
    if setting.infill == 100:
        # The usual pattern cannot be solid.
        words += ["--fill-pattern", "rectilinear"]
    if setting.support:
        words.append("--support-material")
    return words + (["--duplicate", str(setting.copies)] if setting.copies > 1 else [])


def _cura(part: Path, setting: Setting, out: Path) -> tuple[list[str], dict[str, str]]:
    spacing = 40.0 / setting.infill if setting.infill else 0
    values: dict[str, object] = {
        "layer_height": setting.layer_mm, "layer_height_0": FIRST_LAYER_MM, "material_diameter": 1.75,
        "infill_sparse_density": setting.infill, "infill_line_distance": spacing, "infill_pattern": "lines",
        "wall_line_count": 2,
        "top_layers": round(0.8 / setting.layer_mm), "bottom_layers": round(0.8 / setting.layer_mm),
        "support_enable": str(setting.support).lower(), "roofing_layer_count": 0, "adhesion_type": "skirt",
        "support_z_distance": 0.2, "support_top_distance": 0.2,
        "support_bottom_distance": 0.2, "support_line_distance": 2.0, "retraction_hop_enabled": "false",
    }  # fmt: skip
    objects = [
        (part, {"mesh_position_x": (k - (setting.copies - 1) / 2) * 110}) for k in range(setting.copies)
    ]
    return cura_command(objects, values, out)


def cura_command(
    objects: Sequence[tuple[Path, Mapping[str, object]]], values: Mapping[str, object], out: Path
) -> tuple[list[str], dict[str, str]]:
    """How Cura's engine is called for parts with settings of their own, and the environment that it wants."""
    resources = cura_resources()
    if resources is None:
        raise SlicingError("cura-engine: its definitions are not there: make slicers")
    definitions = resources / "definitions"
    command = ["CuraEngine", "slice", "-j", str(definitions / "fdmprinter.def.json")]
    values = {**_MACHINE, **values}
    # The extruder has settings of its own.
    for focus in ([], ["-e0"]):
        command += focus
        for name, value in values.items():
            command += ["-s", f"{name}={value}"]
    command += ["-o", str(out)]
    for part, own in objects:
        command += ["-l", str(part)]
        for name, value in own.items():
            command += ["-s", f"{name}={value}"]
    return command, {"CURA_ENGINE_SEARCH_PATH": f"{definitions}:{resources / 'extruders'}"}


def cura_resources() -> Path | None:
    """Where Cura's definitions are; None where they are not installed."""
    root = Path(__file__).resolve().parents[1]
    places: Sequence[Path] = [root / _RESOURCES[0], Path(_RESOURCES[1])]
    return next((place for place in places if (place / "definitions/fdmprinter.def.json").is_file()), None)
