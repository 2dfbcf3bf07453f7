"""Sources of print jobs: people with a printer and a profile, who make several jobs of different parts.

Four kinds, in turns. *untouched* and *touched* share a factory preset with others of their kind, and change
nothing of it, or one to three settings. *edited* start at any preset and change four to twelve settings,
some a macro as well. *own* draw every setting. What a person changes from job to job is an assumption, and
stands in `_job_settings` and `_cura_job`: layer height, infill, supports, brim, walls, material, now and
then its temperature, and scale.

Preset, settings and macros are drawn from the number of the source; the same number gives the same source.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from os import environ
from pathlib import Path

from benchmarks.factory import Config, Preset, cura_machines, prusa_presets
from benchmarks.profiles import CURA, PRUSA, SLIC3R
from benchmarks.slicing import TIMEOUT_S, SlicingError, cura_command

KINDS = ("own", "edited", "untouched", "edited", "own", "touched")
# So many presets of each slicer are shared by those who take one as it is.
SHARED_PRESETS = 3
# From so many others those begin who edit one: a few printers are in most hands.
ANY_PRESETS = 8
_OF_A_JOB = frozenset({
    "layer-height", "first-layer-height", "fill-density", "support-material", "brim-width", "skirts",
    "perimeters", "fill-pattern", "temperature", "complete-objects", "z-offset", "fill-angle",
    "layer_height", "layer_height_0", "infill_sparse_density", "infill_pattern", "support_enable",
    "adhesion_type", "wall_line_count", "magic_fuzzy_skin_enabled", "ironing",
})  # fmt: skip
_NAMES = (
    "PLA",
    "Standard",
    "fine",
    "fast",
    "good one",
    "new profile",
    "test",
    "my settings",
    "workshop",
    "strong",
)
_CURA_NAMES = {"0.1": "Super Quality", "0.2": "Standard Quality", "0.28": "Low Quality"}
_SPELLED = {"true": "True", "false": "False"}
# What would make no ordinary job of a part.
_PLAIN = {"spiral_vase": "0", "complete_objects": "0", "post_process": "", "gcode_label_objects": "0"}


@dataclass(frozen=True)
class Source:
    """settings: of every job. layers: heights that its jobs take. prints, filaments: presets it chooses from.

    preset: what it began with, by name. start: its own macro, empty where it has none. named: its profile.
    """

    slicer: str
    number: int
    kind: str
    preset: str
    settings: Mapping[str, str]
    changed: Mapping[str, str]
    layers: tuple[float, ...]
    prints: tuple[Preset, ...]
    filaments: tuple[Preset, ...]
    start: str
    named: str


def source(slicer: str, number: int) -> Source:
    """The source of that number."""
    rng = random.Random(f"source {slicer} {number}")
    kind = KINDS[number % len(KINDS)]
    shared = kind in ("untouched", "touched")
    choices = {"prusa-slicer": PRUSA, "slic3r": SLIC3R, "cura-engine": CURA}[slicer]
    lasting = {name: of for name, of in choices.items() if name not in _OF_A_JOB}
    count = {"untouched": 0, "touched": rng.randint(1, 3), "edited": rng.randint(4, 12)}.get(
        kind, len(lasting)
    )
    changed = {
        _key(name, slicer): _word(rng.choice(list(lasting[name])))
        for name in rng.sample(sorted(lasting), count)
    }
    own_start = rng.random() < {"own": 0.6, "edited": 0.3}.get(kind, 0.0)
    start = _start(rng) if own_start else ""
    preset = (
        f"shared {rng.randrange(SHARED_PRESETS)}"
        if shared
        else "own"
        if kind == "own"
        else f"any {rng.randrange(ANY_PRESETS)}"
    )
    named = (
        ""
        if shared or rng.random() < 0.4
        else rng.choice(_NAMES) + rng.choice(("", "", f" {rng.randint(2, 99)}"))
    )
    layers = tuple(rng.sample((0.1, 0.12, 0.15, 0.2, 0.25, 0.28, 0.3), rng.randint(1, 3)))
    base, prints, filaments, said = _base(slicer, preset)
    return Source(
        slicer, number, kind, said, base, changed, layers, prints, filaments, start, named,
    )  # fmt: skip


def _base(slicer: str, preset: str) -> tuple[Config, tuple[Preset, ...], tuple[Preset, ...], str]:
    """What it begins with: settings of the printer, and the presets for prints and filaments that fit it."""
    rng = random.Random(f"preset {slicer} {preset}")
    if preset == "own":
        return {}, (), (), "none"
    if slicer == "prusa-slicer":
        printer = rng.choice(_printers())
        prints, filaments = _fitting(printer)
        return dict(printer.values), prints, filaments, f"{printer.vendor} {printer.name}"
    if slicer == "cura-engine":
        machine, name, values = rng.choice(_machines())
        return {**values, "definition": machine}, (), (), name
    # Slic3r brings none: its own settings are the commonest, the others are presets of somebody's that are
    # shared.
    if preset in ("shared 0", "shared 1") or rng.random() < 0.5:
        return {}, (), (), "Slic3r's own"
    some = rng.sample(sorted(SLIC3R), 12)
    drawn = {
        _key(name, slicer): _word(rng.choice(list(SLIC3R[name]))) for name in some if name not in _OF_A_JOB
    }
    return {**drawn, "start_gcode": _start(rng)}, (), (), f"unlisted {preset}"


@cache
def _printers() -> list[Preset]:
    single = [
        each
        for each in prusa_presets()
        if each.block == "printer" and "," not in each.values.get("nozzle_diameter", "")
    ]
    return [each for each in single if "MMU" not in each.name and all(_fitting(each))]


@cache
def _machines() -> list[tuple[str, str, Config]]:
    return [each for each in cura_machines() if float(each[2].get("machine_width", 0)) >= 150]


@cache
def _by_name() -> Mapping[tuple[str, str, str], Preset]:
    return {(each.vendor, each.block, each.name): each for each in prusa_presets()}


def _fitting(printer: Preset) -> tuple[tuple[Preset, ...], tuple[Preset, ...]]:
    """Presets named after the same printer as those that it begins with."""
    found = []
    for block, tie in (("print", "default_print_profile"), ("filament", "default_filament_profile")):
        usual = printer.ties.get(tie, "").split(";")[0].strip('" ')
        tail = _tail(usual)
        own = [
            each
            for (vendor, of, name), each in sorted(_by_name().items())
            if vendor == printer.vendor and of == block and _tail(name) == tail
            and "SOLUBLE" not in name.upper() and "MMU" not in name
        ]  # fmt: skip
        first = _by_name().get((printer.vendor, block, usual))
        found.append((first, *(each for each in own if each is not first)) if first is not None else ())
    return found[0], found[1]


def _tail(name: str) -> str:
    """Which printer a preset's name says that it is for."""
    return name.rpartition("@")[2] if "@" in name else ""


def _key(name: str, slicer: str) -> str:
    return name if slicer == "cura-engine" else name.replace("-", "_")


def _word(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _start(rng: random.Random) -> str:
    """A macro of somebody's own: home, heat, lay a line somewhere."""
    lines = [
        "G28",
        rng.choice(("G29", "M420 S1", "", "")),
        f"G1 Z{rng.choice((2, 5, 10, 15))} F{rng.choice((600, 1200, 3000))}",
    ]
    x, y = rng.choice((0, 1, 2, 5, 10)), rng.choice((0, 5, 10, 20))
    lines += [f"G1 X{x} Y{y} Z{rng.choice((0.2, 0.25, 0.28, 0.3))} F{rng.choice((3000, 5000))}", "G92 E0"]
    lines += [
        f"G1 {rng.choice('XY')}{rng.randrange(60, 201, 10)} E{rng.choice((8, 9, 12.5, 15))} "
        f"F{rng.choice((800, 1000, 1500))}",
        "G92 E0",
    ]
    lines += [rng.choice(("M117 go", "M300 S440 P200", f"M204 S{rng.choice((500, 800, 1000))}", ""))]
    return "\\n".join(filter(None, lines))


def job(of: Source, number: int, part: Path, out: Path) -> dict[str, str]:
    """Make the source's job of that number of a part (STL, in mm); returns its settings. SlicingError."""
    rng = random.Random(f"job {of.slicer} {of.number} {number}")
    settings = dict(of.settings)
    if of.slicer == "cura-engine":
        return _cura_job(of, rng, settings, part, out)
    if of.prints:
        chosen = rng.choice(of.prints[: 1 + len(of.layers)])
        settings |= chosen.values
        settings |= (of.filaments[0] if rng.random() < 0.75 else rng.choice(of.filaments)).values
    settings |= {**of.changed, **_PLAIN}
    if of.slicer == "prusa-slicer" and of.named:
        settings["print_settings_id"] = of.named
        settings["printer_settings_id"] = (
            of.named + " printer" if of.kind == "own" else settings.get("printer_settings_id", "")
        )
    if of.start:
        settings["start_gcode"] = of.start
    settings |= _job_settings(of, rng)
    if settings.get("use_firmware_retraction") == "1":
        settings["wipe"] = "0"
    if of.slicer == "prusa-slicer" and "use_relative_e_distances" in of.changed:
        settings["before_layer_gcode"] = "G92 E0" if settings["use_relative_e_distances"] == "1" else ""
    scale = rng.choice((1, 1, 1, 1, 0.8, 1.1))
    export = ["--export-gcode"] if of.slicer == "prusa-slicer" else []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(part, Path(folder) / part.name)
        text = "".join(f"{key} = {value}\n" for key, value in settings.items())
        (Path(folder) / "job.ini").write_text(text, encoding="utf-8")
        command = [
            of.slicer,
            *export,
            "--load",
            "job.ini",
            "--scale",
            str(scale),
            "--output",
            str(out.resolve()),
            part.name,
        ]
        _run(command, {}, Path(folder), out)
    return settings


def _job_settings(of: Source, rng: random.Random) -> Config:
    """What is set anew for a job of Slic3r's line."""
    found = {}
    if rng.random() < 0.8:
        found["fill_density"] = rng.choice(("5%", "10%", "15%", "20%", "30%", "50%"))
    if not of.prints:
        found["layer_height"] = f"{rng.choice(of.layers):g}"
    if rng.random() < 0.3:
        found["support_material"] = "1"
    if rng.random() < 0.2:
        found["brim_width"] = rng.choice(("3", "5"))
    if rng.random() < 0.25:
        found["perimeters"] = rng.choice(("2", "3", "4"))
    if rng.random() < 0.15:
        found["fill_pattern"] = rng.choice(("rectilinear", "grid", "cubic", "honeycomb", "gyroid"))
    if rng.random() < 0.3:
        found["temperature"] = rng.choice(("195", "205", "210", "220", "235"))
    if rng.random() < 0.1:
        found["first_layer_height"] = rng.choice(("0.2", "0.25", "0.3"))
    return found


def _cura_job(of: Source, rng: random.Random, settings: Config, part: Path, out: Path) -> Config:
    machine = settings.pop("definition", "fdmprinter")
    nozzle = float(settings.get("machine_nozzle_size", 0.4))
    own: Config = {"layer_height": f"{rng.choice(of.layers):g}"}
    own["infill_sparse_density"] = rng.choice(("5", "10", "15", "20", "20", "30", "50"))
    for chance, name, choices in (
        (0.3, "support_enable", ("true",)), (0.3, "adhesion_type", ("brim", "skirt", "none")),
        (0.25, "wall_line_count", ("2", "3", "4")),
        (0.15, "infill_pattern", ("grid", "lines", "cubic", "gyroid")),
        (0.3, "material_print_temperature", ("195", "205", "210", "220")),
    ):  # fmt: skip
        if rng.random() < chance:
            own[name] = rng.choice(choices)
    changed = {**of.changed, **own}
    if of.start:
        settings["machine_start_gcode"] = of.start.replace("\\n", "\n")
    values = {**settings, **changed}
    # The face works these out; the engine leaves it to it.
    density = float(own["infill_sparse_density"])
    values.setdefault("line_width", f"{nozzle:g}")
    values["infill_line_distance"] = f"{100 * float(values['line_width']) / density * 2:.3f}"
    wall = float(values.get("speed_wall_0", values.get("speed_wall", values.get("speed_print", 60)))) / 2
    for name, value in (("speed_wall_0", wall), ("speed_wall_x", wall), ("speed_infill", wall * 2)):
        values.setdefault(name, f"{value:g}")
    for name in ("retraction_retract_speed", "retraction_prime_speed"):
        values.setdefault(name, values.get("retraction_speed", "25"))
    scale = rng.choice((1, 1, 1, 1, 0.8, 1.1))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(part, Path(folder) / part.name)
        objects = [
            (Path(part.name), {"mesh_rotation_matrix": f"[[{scale},0,0],[0,{scale},0],[0,0,{scale}]]"})
        ]
        command, environment = cura_command(objects, values, out.resolve())
        _run(command, environment, Path(folder), out)
    with out.open("a", encoding="utf-8") as file:
        file.write(_face(of, machine, changed))
    return values


def _face(of: Source, machine: str, changed: Config) -> str:
    """The comments in which Cura's face keeps what differs from its own profile (as of 4.13)."""
    machine_wide = {
        "layer_height",
        "adhesion_type",
        "support_enable",
        "material_diameter",
        "relative_extrusion",
        "acceleration_enabled",
    }
    named = of.named or f"{_CURA_NAMES.get(changed['layer_height'], 'Standard Quality')} #2"

    def profile(values: Config) -> str:
        head = f"[general]\\nversion = 4\\nname = {named}\\ndefinition = {machine}\\n\\n[metadata]\\n"
        head += "type = quality_changes\\nquality_type = standard\\nsetting_version = 19\\n\\n[values]\\n"
        spelled = {key: _SPELLED.get(value, value) for key, value in sorted(values.items())}
        return head + "".join(f"{key} = {value}\\n" for key, value in spelled.items()) + "\\n"

    wide = profile({key: value for key, value in changed.items() if key in machine_wide})
    narrow = profile({key: value for key, value in changed.items() if key not in machine_wide})
    text = f'{{"global_quality": "{wide}", "extruder_quality": ["{narrow}"]}}'
    return "".join(f";SETTING_3 {text[k : k + 70]}\n" for k in range(0, len(text), 70))


def _run(command: list[str], environment: Mapping[str, str], folder: Path, out: Path) -> None:
    try:
        done = subprocess.run(
            command,
            env={**environ, **environment},
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
            cwd=folder,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SlicingError(f"{command[0]}: {error}") from None
    if done.returncode or not out.exists() or not out.stat().st_size:
        raise SlicingError(
            f"{command[0]}: exit status {done.returncode}: {(done.stderr or done.stdout)[-300:]!r}"
        )
