"""Marks of a 3MF package and of what slicers put beside its models, and of a resin printer's archive."""

from __future__ import annotations

import html
import re

from partwatch.formats.archive import Archive, is_archive
from partwatch.formats.base import ReadLimits
from partwatch.formats.bgcode.blocks import MAGIC
from partwatch.model.errors import UnreadableError
from partwatch.model.marks import MarkKind
from partwatch.provenance.marks import gcode, pictures, settings, xmlish
from partwatch.provenance.marks.collector import Collector, Lines, text_of
from partwatch.provenance.marks.gcode_comments import add_banners

_HEAD_BYTES = 1 << 16
_MOST_PARTS = 2_000
_MOST_PICTURES = 24
_MOST_OBJECTS = 20_000
_UUID = re.compile(
    rb"[Uu][Uu][Ii][Dd]\s*=\s*[\"']([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})[\"']"
)
_ROOT = re.compile(rb"<(?:[\w.-]+:)?model[\s>][^<]{0,2000}3dmanufacturing/core")
_COUNTED = re.compile(rb"0000|....0000-")
_CONSTANT = frozenset({b"2c7c17d8-22b5-4d84-8835-1976022ea369"})
_OWNER = re.compile(rb"<(?:\w+:)?(\w+)[^<>]*\Z")
_OBJECT = re.compile(rb"<object\s((?:[^<>\"']|\"[^\"]{0,2000}\"|'[^']{0,2000}'){0,60})>")
_PAIR = re.compile(
    rb"(?:key|name)=\"([^\"]{1,120})\"\s+(?:value|val)=\"([^\"]{0,4000})\"|"
    rb"<(filament|plate|warning|assemble_item)\s([^<>]{1,2000})>"
)
_CORE_FIELD = re.compile(rb"<(?:dc|cp|dcterms):(\w{1,40})[^>]{0,200}>([^<]{1,2000})<")
# Where a thing stands or which triangles it has is no origin.
_PLACES = re.compile(
    r"(?i)matrix|offset|^transform|firstid|lastid|face_count|_z$|^source_(?:object|volume)_id|mesh_"
)
_JOB = re.compile(r"(?i)\.gcode$")
_PICTURE = re.compile(r"(?i)\.(?:png|jpe?g)$")
_SETTINGS_TEXT = re.compile(
    r"(?i)(?:slic3r_pe|superslicer|slic3r)\.config$|(?:^|/)(?:prusaslicer|config)\.ini$"
)
_SETTINGS_JSON = re.compile(r"(?i)(?:project|filament|process|machine)_settings\w*\.config$|plate_\d+\.json$")
_SETTINGS_XML = re.compile(r"(?i)\.(?:config|xml)$")
_MODEL = re.compile(r"(?i)\.(?:model|amf)$")
_CORE = re.compile(r"(?i)core\w*\.(?:xml|prop)$|coreproperties")
_TEXTURES = re.compile(r"(?i)texture|volume/|/pick_\d|no_light")


def add_package(data: bytes, limits: ReadLimits, into: Collector) -> bool:
    """The parts of a package, and whether it is one: another ZIP's members are items of their own.

    What cannot be unpacked is said to be unread.
    """
    if not is_archive(data):
        return False
    try:
        archive = Archive(data, limits)
        labels = [member.path for member in archive.members][:_MOST_PARTS]
    except UnreadableError:
        # Whoever lists its members says what is wrong with it.
        return False
    model = any(label.lower().endswith(".model") for label in labels)
    resin = any(_SETTINGS_TEXT.search(label) for label in labels)
    single = len(labels) == 1 and labels[0].lower().endswith(".amf")
    if not (model or resin or single):
        return False
    _Package(archive, limits, into).add(labels, whole=model or single)
    return model or single


class _Package:
    def __init__(self, archive: Archive, limits: ReadLimits, into: Collector) -> None:
        self._archive = archive
        self._limits = limits
        self._into = into
        self._bytes_left = limits.max_member_bytes
        self._pictures = 0

    def add(self, labels: list[str], whole: bool) -> None:
        """whole: the parts are no items of their own, so that all of them are looked at here."""
        for label in labels:
            if not whole and not _SETTINGS_TEXT.search(label):
                continue
            if not self._is_told(label):
                continue
            try:
                content = self._archive.extract(label)
            except UnreadableError as error:
                self._into.unread(error.code, str(error))
                continue
            self._bytes_left -= len(content)
            if self._bytes_left < 0:
                self._into.unread("limit", "the package unpacks to more bytes than the limit allows")
                return
            add_part(label, content, self._limits, self._into.within(label))

    def _is_told(self, label: str) -> bool:
        if _PICTURE.search(label):
            self._pictures += not _TEXTURES.search(label)
            return not _TEXTURES.search(label) and self._pictures <= _MOST_PICTURES
        return any(
            pattern.search(label)
            for pattern in (_MODEL, _JOB, _SETTINGS_TEXT, _SETTINGS_JSON, _SETTINGS_XML, _CORE)
        ) or label.lower().endswith((".rels", ".bgcode"))


def add_part(label: str, content: bytes, limits: ReadLimits, into: Collector) -> None:
    """The marks of one part, by its name."""
    if _PICTURE.search(label):
        pictures.add_picture(content, "thumbnail", "3mf thumbnails", into, byte=0)
    elif content.startswith(MAGIC):
        gcode.add_bgcode(content, limits, into)
    elif _JOB.search(label):
        gcode.add_gcode(content, limits, into)
    elif _MODEL.search(label):
        add_model(content, into, "amf" if label.lower().endswith("amf") else "3mf")
    elif _SETTINGS_TEXT.search(label):
        lines = Lines(content)
        add_banners(content, 0, _HEAD_BYTES, into, lines, set())
        settings.add_lines(content, "project settings", into, lines)
    elif _SETTINGS_JSON.search(label) and settings.add_json(content, "project settings", into):
        pass
    elif _CORE.search(label):
        _add_core(content, into)
    elif _SETTINGS_XML.search(label):
        _add_pairs(content, into)
    else:
        xmlish.add_habits(xmlish.plain(content), "3mf relationships", into)


def is_model(head: bytes, _size: int) -> bool:
    """A 3MF model without its package, by its root."""
    return _ROOT.search(head.replace(b"\0", b"")[:_HEAD_BYTES]) is not None


def add_model(content: bytes, into: Collector, named: str = "3mf") -> None:
    """A model's metadata, identifiers, names and its writer's habits. named: 3mf, or amf."""
    data = xmlish.plain(content)
    lines = Lines(data)
    xmlish.add_metadata(data, f"{named} metadata", into, lines)
    xmlish.add_comments(data, f"{named} comments", into, lines)
    for count, match in enumerate(_UUID.finditer(data)):
        if count >= _MOST_OBJECTS:
            into.unread("limit", f"more than {_MOST_OBJECTS:,} UUIDs: the others were not looked at")
            break
        at = match.start(1)
        owner = _OWNER.search(data, max(0, at - 400), at)
        name = f"{text_of(owner[1])} UUID" if owner else "UUID"
        group, line = f"{named} identifiers", lines(at)
        if _COUNTED.match(match[1]) or match[1].lower() in _CONSTANT:
            # A counter before a constant, as BambuStudio's kin write them, identifies nothing.
            tail = f"a counter, then {text_of(match[1][8:]).lower()}"
            into.add(MarkKind.HABIT, f"{named} {name}", tail, group, line=line, byte=at)
            continue
        version = chr(match[1][14])
        into.add(MarkKind.HABIT, f"{named} UUID version", version, group, line=line, byte=at)
        into.add(MarkKind.IDENTIFIER, name, text_of(match[1]).lower(), group, line=line, byte=at)
    lines = Lines(data)
    for count, match in enumerate(_OBJECT.finditer(data)):
        if count >= _MOST_OBJECTS:
            break
        said = xmlish.attributes_of(match[1])
        for key, kind in (("name", MarkKind.OBJECT_NAME), ("partnumber", MarkKind.IDENTIFIER)):
            if said.get(key):
                at = match.start()
                name = "object" if key == "name" else key
                into.add(kind, name, said[key], f"{named} objects", line=lines(at), byte=at)
    xmlish.add_habits(data, named, into)


def _add_pairs(content: bytes, into: Collector) -> None:
    """`key="…" value="…"` of slicers' XML beside a model, and what they say of plates and filaments."""
    lines = Lines(content)
    group = "slicer's objects"
    for count, match in enumerate(_PAIR.finditer(content)):
        if count >= _MOST_OBJECTS:
            break
        at = match.start()
        if match[3]:
            for key, value in xmlish.attributes_of(match[4]).items():
                if match[3] == b"filament":
                    into.add(_of_filament(key), f"filament {key}", value, group, line=lines(at), byte=at)
            continue
        _add_pair(text_of(match[1]), html.unescape(text_of(match[2])), group, into, lines(at), at)


def _of_filament(key: str) -> MarkKind:
    return MarkKind.STATISTIC if key.startswith("used") else MarkKind.FILAMENT


def _add_pair(key: str, value: str, group: str, into: Collector, line: int, at: int) -> None:
    if _PLACES.search(key) or not value:
        return
    if key == "name":
        into.add(MarkKind.OBJECT_NAME, "object", value, group, line=line, byte=at)
    elif "client-version" in key.lower():
        into.add(MarkKind.VERSION, key, value, group, line=line, byte=at)
    elif key in ("prediction", "weight", "filament_maps", "outside"):
        into.add(MarkKind.STATISTIC, key, value, group, line=line, byte=at)
    else:
        settings.add_setting(key, value, group, into, line=line, byte=at)


def _add_core(content: bytes, into: Collector) -> None:
    """Core properties of an OPC package (ECMA-376-2)."""
    data = xmlish.plain(content)[: xmlish.HEAD_BYTES]
    lines = Lines(data)
    for match in _CORE_FIELD.finditer(data):
        at = match.start()
        value = html.unescape(text_of(match[2]))
        xmlish.add_field(text_of(match[1]), value, "core properties", into, line=lines(at), byte=at)
