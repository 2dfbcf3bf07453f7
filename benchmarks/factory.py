"""Factory presets of slicers, read from what is installed: the same profile in many people's hands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.slicing import cura_resources

PRUSA_PROFILES = Path("/usr/share/PrusaSlicer/profiles")
# Keys that tie presets together, and are no settings of a job.
_TIES = frozenset({
    "inherits", "renamed_from", "compatible_printers_condition", "compatible_prints_condition",
    "compatible_printers", "compatible_prints", "default_print_profile", "default_filament_profile",
    "default_sla_print_profile", "default_sla_material_profile",
})  # fmt: skip
_BLOCKS = ("printer", "print", "filament")

Config = dict[str, str]


@dataclass(frozen=True)
class Preset:
    """block: printer, print or filament. values: flattened, without what ties it to others; ties: that."""

    vendor: str
    block: str
    name: str
    values: Mapping[str, str]
    ties: Mapping[str, str]


def prusa_presets(folder: Path = PRUSA_PROFILES) -> list[Preset]:
    """Every preset for filament printers of every vendor; none where PrusaSlicer is not installed."""
    found = []
    for path in sorted(folder.glob("*.ini")):
        sections = _sections(path.read_text(encoding="utf-8"))
        for (block, name), _ in sections.items():
            if block not in _BLOCKS or name.startswith("*"):
                continue
            flat = _flattened(sections, block, name)
            if flat.get("printer_technology", "FFF") == "FFF":
                values = {key: value for key, value in flat.items() if key not in _TIES}
                values[f"{block}_settings_id"] = name
                ties = {key: value.strip('"') for key, value in flat.items() if key in _TIES}
                found.append(Preset(path.stem, block, name, values, ties))
    return found


def _sections(text: str) -> dict[tuple[str, str], Config]:
    sections: dict[tuple[str, str], Config] = {}
    current: Config = {}
    for line in text.splitlines():
        if line.startswith("[") and ":" in line:
            block, _, name = line.strip()[1:-1].partition(":")
            current = sections.setdefault((block, name), {})
        elif line.startswith("["):
            current = {}
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            current[key.strip()] = value.strip()
    return sections


def _flattened(sections: Mapping[tuple[str, str], Config], block: str, name: str, depth: int = 0) -> Config:
    own = sections.get((block, name), {})
    flat: Config = {}
    if depth < 20:
        for parent in filter(None, (each.strip() for each in own.get("inherits", "").split(";"))):
            flat |= _flattened(sections, block, parent, depth + 1)
    return flat | own


def cura_machines() -> Iterator[tuple[str, str, Config]]:
    """Printers that Cura knows and shows: id, name, and the settings of which it states a constant."""
    resources = cura_resources()
    if resources is None:
        return
    folder = resources / "definitions"
    for path in sorted(folder.glob("*.def.json")):
        machine = path.name.removesuffix(".def.json")
        told = json.loads(path.read_text(encoding="utf-8"))
        chain = list(_chain(folder, machine))
        if told.get("metadata", {}).get("visible") and len(chain) > 1:
            values: Config = {}
            for each in reversed(chain):
                values |= _constants(each)
            yield machine, str(told.get("name", machine)), values


def cura_defaults() -> Config:
    """What Cura has of every setting where no printer says otherwise, as its profiles spell it."""
    resources = cura_resources()
    if resources is None:
        return {}
    text = (resources / "definitions/fdmprinter.def.json").read_text(encoding="utf-8")
    found: Config = {}
    todo = list(json.loads(text)["settings"].items())
    while todo:
        key, of = todo.pop()
        todo += of.get("children", {}).items()
        value = of.get("default_value")
        if isinstance(value, str | bool | int | float) and of.get("type") != "category":
            found[key] = f"{value:g}" if isinstance(value, float) else str(value)
    return found


def _chain(folder: Path, machine: str) -> Iterator[Mapping[str, object]]:
    """The definition and those that it inherits from, but for the root of all."""
    for _ in range(10):
        path = folder / f"{machine}.def.json"
        if machine == "fdmprinter" or not path.exists():
            return
        told = json.loads(path.read_text(encoding="utf-8"))
        yield told
        machine = str(told.get("inherits", "fdmprinter"))


def _constants(definition: Mapping[str, object]) -> Config:
    overrides = definition.get("overrides", {})
    assert isinstance(overrides, dict)
    found = {}
    for key, of in overrides.items():
        value = of.get("value", of.get("default_value"))
        if isinstance(value, str):
            # A formula is the face's to work out; a word in quotes, a number and a macro are constants.
            if key.endswith("gcode"):
                found[key] = value
            elif value in ("True", "False"):
                found[key] = value.lower()
            elif value.startswith("'") and value.count("'") == 2:
                found[key] = value.strip("'")
            elif _is_number(value):
                found[key] = value
        elif isinstance(value, bool | int | float):
            found[key] = str(value).lower()
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
