"""Settings as people have them: one drawn at random for each job, so that no two jobs share a profile."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Mapping, Sequence
from os import environ
from pathlib import Path

from benchmarks.slicing import TIMEOUT_S, SlicingError, cura_command

# A flag is True or False; what else stands here is a value of the setting.
Choices = Mapping[str, Sequence[object]]

_BOTH: Choices = {
    "layer-height": (0.1, 0.15, 0.2, 0.2, 0.25, 0.28, 0.3),
    "first-layer-height": (0.2, 0.25, 0.3),
    "perimeters": (1, 2, 2, 3, 4),
    "fill-density": ("0%", "10%", "15%", "20%", "40%"),
    "fill-angle": (45, 45, 0, 30),
    "top-solid-layers": (3, 4, 5),
    "bottom-solid-layers": (3, 4),
    "external-perimeters-first": (False, False, False, True),
    "retract-length": (0.6, 0.8, 1, 2, 4, 6.5),
    "retract-lift": (0, 0, 0, 0.2, 0.4),
    "retract-speed": (25, 40, 60),
    "retract-before-travel": (1, 2, 2, 5),
    "wipe": (False, True),
    "avoid-crossing-perimeters": (False, False, False, True),
    "only-retract-when-crossing-perimeters": (False, True),
    "infill-first": (False, False, True),
    "perimeter-speed": (30, 45, 60, 80),
    "external-perimeter-speed": ("50%", 25, 40, "70%"),
    "small-perimeter-speed": (15, 25),
    "infill-speed": (60, 80, 120),
    "solid-infill-speed": (20, 60, 80),
    "top-solid-infill-speed": (15, 40, 50),
    "travel-speed": (120, 130, 150, 180, 200),
    "first-layer-speed": (15, 20, 30, "50%"),
    "use-relative-e-distances": (False, True),
    "use-firmware-retraction": (False, False, False, False, False, True),
    "skirts": (0, 1, 2),
    "brim-width": (0, 0, 0, 5),
    "xy-size-compensation": (0, 0, -0.1),
    "z-offset": (0, 0, 0.05, -0.1),
    "filament-diameter": (1.75, 1.75, 1.75, 2.85),
    "extrusion-multiplier": (1, 1, 0.95, 1.05),
    "temperature": (200, 215, 240),
    "cooling": (True, True, False),
    "support-material": (False, False, True),
    "complete-objects": (False, False, True),
}
PRUSA: Choices = {
    **_BOTH,
    "fill-pattern": ("rectilinear", "grid", "stars", "cubic", "line", "honeycomb", "gyroid", "triangles"),
    "seam-position": ("random", "nearest", "aligned", "rear"),
    "perimeter-generator": ("arachne", "classic"),
    "gcode-flavor": ("reprap", "reprapfirmware", "marlin", "marlin2", "repetier", "smoothie", "machinekit"),
    "gcode-resolution": (0.0125, 0.0125, 0, 0.05),
    "elefant-foot-compensation": (0, 0.2),
    "ironing": (False, False, False, True),
}
SLIC3R: Choices = {
    **_BOTH,
    "fill-pattern": ("rectilinear", "grid", "stars", "cubic", "honeycomb", "gyroid", "triangles"),
    "seam-position": ("random", "nearest", "aligned"),
    "gcode-flavor": ("reprap", "repetier", "smoothie", "machinekit"),
}
CURA: Choices = {
    "layer_height": (0.1, 0.15, 0.2, 0.2, 0.25, 0.28, 0.3),
    "layer_height_0": (0.2, 0.27, 0.3),
    "wall_line_count": (1, 2, 2, 3, 4),
    "infill_sparse_density": (0, 10, 15, 20, 40),
    "infill_pattern": ("grid", "lines", "triangles", "cubic", "zigzag", "gyroid", "trihexagon"),
    "top_layers": (3, 4, 5, 8),
    "bottom_layers": (3, 4, 6),
    "outer_inset_first": ("false", "false", "true"),
    "optimize_wall_printing_order": ("false", "true"),
    "infill_before_walls": ("false", "true"),
    "z_seam_type": ("sharpest_corner", "shortest", "back", "random"),
    "retraction_enable": ("true", "true", "true", "false"),
    "retraction_amount": (0.8, 1, 4.5, 5, 6.5),
    "retraction_speed": (25, 40, 45),
    "retraction_hop_enabled": ("false", "false", "true"),
    "retraction_hop": (0.2, 1),
    "retraction_min_travel": (0.8, 1.5, 5),
    "retraction_combing": ("off", "all", "no_outer_surfaces", "noskin", "infill"),
    "coasting_enable": ("false", "false", "false", "true"),
    "relative_extrusion": ("false", "false", "true"),
    "machine_firmware_retract": ("false", "false", "false", "false", "false", "true"),
    "machine_gcode_flavor": (
        "RepRap (Marlin/Sprinter)", "RepRap (Marlin/Sprinter)", "RepRap (RepRap)", "Repetier", "Griffin",
    ),
    "adhesion_type": ("skirt", "brim", "none"),
    "speed_travel": (120, 150, 200),
    "meshfix_maximum_resolution": (0.5, 0.25, 0.05),
    "zig_zaggify_infill": ("false", "true"),
    "material_diameter": (1.75, 1.75, 2.85),
    "material_flow": (100, 100, 95),
    "xy_offset": (0, 0, -0.1),
    "support_enable": ("false", "false", "true"),
    "magic_fuzzy_skin_enabled": ("false",) * 9 + ("true",),
    "acceleration_enabled": ("false", "true"),
    "travel_retract_before_outer_wall": ("false", "true"),
}  # fmt: skip
_WIDTHS = ("wall_line_width_0", "wall_line_width_x", "skin_line_width", "infill_line_width")
_START = (
    "G28",
    "G28\\nG1 Z5 F5000",
    "G21\\nG90\\nG28 X Y\\nG28 Z\\nG92 E0\\nG1 X5 Y5 Z0.3 F3000\\nG1 X60 E8 F1000\\nG92 E0",
    "G28 W\\nG80\\nG1 Y-3.0 F1000.0\\nG92 E0.0\\nG1 X60.0 E9.0 F1000.0\\nG1 X100.0 E12.5 F1000\\nG92 E0",
)


def sliced_somehow(slicer: str, part: Path, seed: int, out: Path) -> dict[str, object]:
    """Slice a part (STL, in mm) by settings drawn from the seed, which are returned.

    Raises SlicingError where the slicer makes no job of it.
    """
    rng = random.Random(f"{slicer} {seed}")
    choices = {"prusa-slicer": PRUSA, "slic3r": SLIC3R, "cura-engine": CURA}[slicer]
    drawn = {name: rng.choice(list(of)) for name, of in choices.items()}
    nozzle = rng.choice((0.4, 0.4, 0.4, 0.6, 0.35))
    start = rng.choice(_START)
    if slicer == "cura-engine":
        _widen(drawn, nozzle, rng)
        drawn["machine_start_gcode"] = start.replace("\\n", "\n")
        command, environment = cura_command([(part, {})], drawn, out)
    else:
        drawn |= {"nozzle-diameter": nozzle}
        # Slic3r takes it from a file only.
        drawn |= {"start-gcode": start} if slicer == "prusa-slicer" else {}
        # PrusaSlicer wants the counter set at each layer then, as its own profiles do.
        if slicer == "prusa-slicer" and drawn["use-relative-e-distances"]:
            drawn["before-layer-gcode"] = "G92 E0"
        # The firmware cannot wipe while it retracts.
        drawn["wipe"] = bool(drawn["wipe"]) and not drawn["use-firmware-retraction"]
        if rng.random() < 0.5:
            drawn["extrusion-width"] = round(nozzle * rng.choice((1.05, 1.125, 1.2)), 3)
        export = ["--export-gcode"] if slicer == "prusa-slicer" else []
        command, environment = [slicer, *export, *_words(drawn), "--output", str(out), str(part)], {}
    try:
        done = subprocess.run(
            command, env={**environ, **environment}, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SlicingError(f"{slicer}: {error}") from None
    if done.returncode or not out.exists() or not out.stat().st_size:
        raise SlicingError(f"{slicer}: exit status {done.returncode}: {done.stderr[-200:]!r}")
    return drawn


def _widen(drawn: dict[str, object], nozzle: float, rng: random.Random) -> None:
    """Cura's engine leaves it to its face to work out what follows from another setting."""
    width = round(nozzle * rng.choice((0.9, 1.0, 1.0, 1.1)), 3)
    drawn["machine_nozzle_size"] = nozzle
    drawn["line_width"] = width
    drawn.update(dict.fromkeys(_WIDTHS, width))
    density = float(str(drawn["infill_sparse_density"]))
    lines = {"grid": 2, "triangles": 3, "cubic": 3, "trihexagon": 3}.get(str(drawn["infill_pattern"]), 1)
    drawn["infill_line_distance"] = round(100 * width / density * lines, 3) if density else 0
    wall = rng.choice((20, 30, 40))
    drawn |= {
        "speed_print": 60, "speed_wall_0": wall, "speed_wall_x": wall * rng.choice((1, 2)),
        "speed_infill": rng.choice((60, 80)), "speed_topbottom": rng.choice((20, 30, 60)),
        "speed_layer_0": rng.choice((15, 20, 30)), "skirt_brim_speed": 20,
        "retraction_retract_speed": drawn["retraction_speed"],
        "retraction_prime_speed": drawn["retraction_speed"],
    }  # fmt: skip


def _words(drawn: Mapping[str, object]) -> list[str]:
    words: list[str] = []
    for name, value in drawn.items():
        if isinstance(value, bool):
            words += [f"--{name}"] if value else [f"--no-{name}"] if name == "cooling" else []
        else:
            words.append(f"--{name}={value}")
    return words
