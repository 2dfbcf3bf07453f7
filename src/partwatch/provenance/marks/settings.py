"""Slicers' settings in every form that they are written down in, each of them a mark.

Lines of `key = value` (Slic3r and all that came of it, with or without a comment's mark), JSON (Bambu Studio
and its kin), Cura's packed JSON in comments, and Simplify3D's `key,value`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from partwatch.model.marks import MarkKind
from partwatch.provenance.marks.collector import Collector, Lines, digest_of, paths_in, text_of

MOST_SETTINGS = 2_000
# A start macro of a large farm fits; nothing else is longer.
_MOST_LINE_BYTES = 1 << 17
_MOST_JSON_BYTES = 16 << 20
_LEAST_SETTINGS = 5
_MOST_SECTIONS = 200
_PAIR = re.compile(rb"(?m)^[ \t]*;?[ \t]*([A-Za-z][\w .\[\]()/+#-]{0,80}?)[ \t]*=[ \t]?([^\r\n]*)")
_COMMENTED = re.compile(rb"(?m)^[ \t]*;[ \t]*([A-Za-z][\w .\[\]()/+#-]{0,80}?)[ \t]*=[ \t]?([^\r\n]*)")
_KEY = re.compile(r"[A-Za-z]\w*")
_LAYER_HEIGHT = re.compile(rb"(?m)^;?[ \t]*(?:layer_height|layerHeight)[ \t]*[=,:]")
_SECTION = re.compile(rb"(?m)^\[([\w:. -]{1,80})\]")

_PRESETS = frozenset({
    "print_settings_id", "filament_settings_id", "printer_settings_id", "sla_print_settings_id",
    "sla_material_settings_id", "default_print_profile", "default_filament_profile",
    "default_sla_print_profile", "default_sla_material_profile", "inherits", "inherits_group",
    "inherits_cummulative", "print_preset",
    "process_settings_id", "profileName", "baseProfile", "profileVersion", "processName", "quality_type",
    "physical_printer_settings_id", "different_settings_to_system", "notes", "print_host_preset",
})  # fmt: skip
_PRINTERS = frozenset({
    "printer_model", "printer_variant", "printer_vendor", "printer_notes", "printer_name", "machine_name",
    "printer_type", "printer model", "printer_model_id", "definition", "printer",
    "printer_technology", "bed_custom_model", "bed_custom_texture", "bed_shape", "printable_area",
    "machine_model", "TARGET_MACHINE.NAME",
})  # fmt: skip
_FILAMENTS = frozenset({
    "filament_type", "filament_vendor", "filament_notes", "filament_colour", "filament_color", "filament_ids",
    "filament_name", "material_name", "printMaterial", "filament_cost", "filament_density", "material",
    "extruder_colour", "filament type",
})  # fmt: skip
_MACRO = re.compile(r"(?:_gcode|gcode_start|gcode_end|_gcode_\w+|[a-z]+Gcode|_code|Script)$", re.IGNORECASE)
# Where on the machine, or in the network, of whoever sliced it.
_PATHS = frozenset({
    "source_file", "post_process", "post_process_script", "input_file", "project_path", "print_host",
    "print_host_webui",
})  # fmt: skip
# Never shown: whoever reads the result need not be let in.
_SECRETS = re.compile(r"(?i)password|passwd|api_?key|secret|token|access_code|printhost_user")
_NAMED_OBJECTS = frozenset({"applyToModels", "object_name", "model_name", "model label"})


def kind_of(key: str) -> MarkKind:
    """What a setting of that name tells of."""
    for names, kind in (
        (_PRESETS, MarkKind.PRESET), (_PRINTERS, MarkKind.PRINTER), (_FILAMENTS, MarkKind.FILAMENT),
        (_NAMED_OBJECTS, MarkKind.OBJECT_NAME),
    ):  # fmt: skip
        if key in names:
            return kind
    if _MACRO.search(key):
        return MarkKind.MACRO
    # What a job comes to is written like a setting, but in words.
    return MarkKind.SETTING if _KEY.fullmatch(key) else MarkKind.STATISTIC


def add_setting(
    key: str,
    value: str,
    group: str,
    into: Collector,
    *,
    line: int | None = None,
    byte: int | None = None,
) -> None:
    """One setting as a mark."""
    value = value.strip()
    if value and value.strip("\"';,") and _SECRETS.search(key):
        value = f"(not shown, {digest_of(value.encode())})"
    if key in _PATHS and value and not paths_in(value):
        into.add_path(value, key, group, line, byte)
        return
    into.add(kind_of(key), key, value or '""', group, line=line, byte=byte)


def add_lines(
    data: bytes,
    group: str,
    into: Collector,
    lines: Lines | None = None,
    start: int = 0,
    stop: int | None = None,
    commented: bool = False,
) -> int:
    """Lines of `key = value` between two bytes; returns how many. commented: only those behind a `;`."""
    lines = lines or Lines(data)
    count = 0
    pattern = _COMMENTED if commented else _PAIR
    for match in pattern.finditer(data, start, len(data) if stop is None else stop):
        count += 1
        if count > MOST_SETTINGS:
            into.unread("limit", f"more than {MOST_SETTINGS:,} settings: the others were not looked at")
            break
        value = text_of(match[2][:_MOST_LINE_BYTES])
        at = match.start(1)
        add_setting(text_of(match[1]), value, group, into, line=lines(at), byte=at)
    return count


def add_json(data: bytes, group: str, into: Collector) -> bool:
    """The settings of a JSON object; returns whether it is one. Lists are joined by commas."""
    root = parsed(data)
    if not isinstance(root, dict):
        return False
    lines = Lines(data)
    at = 0
    for count, (key, value) in enumerate(root.items()):
        if count >= MOST_SETTINGS:
            into.unread("limit", f"more than {MOST_SETTINGS:,} settings: the others were not looked at")
            break
        # Keys come in the order of the text: each is looked for behind the one before.
        found = data.find(json.dumps(str(key), ensure_ascii=False).encode("utf-8", "replace"), at)
        at = max(found, at)
        place = lines(at) if found >= 0 else None
        add_setting(str(key), _flat(value), group, into, line=place)
    return True


def parsed(data: bytes) -> Any:
    """JSON, or None where it is none or is too long."""
    if len(data) > _MOST_JSON_BYTES:
        return None
    try:
        return json.loads(data.decode("utf-8-sig", "backslashreplace"))
    except (ValueError, RecursionError):
        return None


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_flat(each) if not isinstance(each, list | dict) else "…" for each in value)
    if isinstance(value, dict):
        return f"{len(value)} entries"
    return str(value)


def add_cura(data: bytes, into: Collector, lines: Lines) -> None:
    """Cura's `;SETTING_3 …` lines: JSON cut into lines, which holds whole profiles as text."""
    pieces: list[bytes] = []
    first = data.find(b";SETTING_3 ")
    at = first
    while at >= 0 and len(pieces) < MOST_SETTINGS:
        stop = data.find(b"\n", at)
        stop = len(data) if stop < 0 else stop
        pieces.append(data[at + 11 : stop].rstrip(b"\r"))
        at = stop + 1 if data.startswith(b";SETTING_3 ", stop + 1) else -1
    root = parsed(b"".join(pieces)) if pieces else None
    if not isinstance(root, dict):
        return
    line = lines(first)
    for name, profiles in root.items():
        for number, profile in enumerate(profiles if isinstance(profiles, list) else [profiles]):
            if isinstance(profile, str) and number < 16:
                part = f"{name} {number}" if isinstance(profiles, list) else str(name)
                _add_cura_profile(profile, part, into, line)


def _add_cura_profile(text: str, part: str, into: Collector, line: int) -> None:
    for key, value in _ini_pairs(text.replace("\\n", "\n")):
        named = "profile name" if key == "name" else key
        kind = MarkKind.PRESET if key == "name" else kind_of(key)
        into.add(kind, named, value, f"cura {part}", line=line)


def _ini_pairs(text: str) -> Iterator[tuple[str, str]]:
    for count, line in enumerate(text.splitlines()):
        key, found, value = line.partition("=")
        if found and count < MOST_SETTINGS:
            yield key.strip(), value.strip()


def add_simplify3d(data: bytes, into: Collector, lines: Lines, start: int) -> None:
    """Simplify3D's summary: lines of three blanks, a key, a comma and a value."""
    pattern = re.compile(rb"(?m);   (\w{1,60}),([^\r\n]*)\r?\n")
    at, count = start, 0
    while (match := pattern.match(data, at)) and count < MOST_SETTINGS:
        key, value = text_of(match[1]), text_of(match[2][:_MOST_LINE_BYTES])
        add_setting(key, value, "simplify3d summary", into, line=lines(match.start()), byte=match.start())
        at, count = match.end(), count + 1


def is_profile(head: bytes) -> bool:
    """Whether a file is a slicer's profile: lines of settings, a layer's height among them."""
    if b"\0" in head or _LAYER_HEIGHT.search(head) is None:
        return False
    return sum(1 for _ in _PAIR.finditer(head)) >= _LEAST_SETTINGS


def add_profile(data: bytes, into: Collector) -> None:
    """A profile, or a bundle of many, each section a group."""
    lines = Lines(data)
    found = islice(_SECTION.finditer(data), _MOST_SECTIONS)
    sections = [(match.start(), text_of(match[1])) for match in found]
    starts = [(0, "profile"), *sections]
    for (start, name), (stop, _) in zip(starts, [*sections, (len(data), "")], strict=True):
        add_lines(data, f"profile {name}" if start else "profile", into, lines, start, stop)
