"""Marks of print jobs, as text and as binary G-code."""

from __future__ import annotations

from partwatch.formats import gcode, looks
from partwatch.formats.base import ReadLimits
from partwatch.formats.bgcode.blocks import KINDS, Block, Kind, blocks_of
from partwatch.formats.bgcode.content import Encoding, Unfolding
from partwatch.model.errors import UnreadableError
from partwatch.model.marks import Forgery, MarkKind
from partwatch.provenance.marks import pictures, settings
from partwatch.provenance.marks.collector import Collector, Lines, text_of
from partwatch.provenance.marks.gcode_comments import add_comments
from partwatch.provenance.marks.gcode_moves import add_moves
from partwatch.provenance.marks.software import add_software
from partwatch.provenance.marks.toolpath import add_toolpath

_BLOCK_NAMES = {
    Kind.FILE_METADATA: "bgcode file metadata",
    Kind.PRINTER_METADATA: "bgcode printer metadata",
    Kind.PRINT_METADATA: "bgcode print metadata",
    Kind.SLICER_METADATA: "gcode settings",
}
_UNFOLDED = "(unfolded G-code)"


def recognises(head: bytes, size: int) -> bool:
    """As the reader does."""
    return gcode.recognises(head, size)


def resembles(head: bytes, _size: int) -> bool:
    """Whether commands stand in a text that nothing else takes: a macro, a job that lays nothing."""
    look = looks.look(head)
    return look is not None and look.name.startswith("G-code")


def add_gcode(data: bytes, limits: ReadLimits, into: Collector) -> None:
    """All marks of a job that is text."""
    lines = Lines(data)
    add_comments(data, into, lines)
    add_moves(data, into, lines)
    add_toolpath(data, limits, into)


def add_bgcode(data: bytes, limits: ReadLimits, into: Collector) -> None:
    """All marks of a binary job: its blocks, then its G-code as text."""
    into = Collector(into.store, into.part, Forgery.BINARY_EDIT)
    try:
        texts = _add_blocks(data, limits, into)
    except UnreadableError as error:
        into.unread(error.code, str(error))
        return
    if texts:
        add_gcode(b"".join(texts), limits, into.within(_UNFOLDED, Forgery.BINARY_EDIT))


def _add_blocks(data: bytes, limits: ReadLimits, into: Collector) -> list[bytes]:
    unfolding = Unfolding(len(data), limits)
    texts: list[bytes] = []
    order: list[str] = []
    for block in blocks_of(data, limits):
        if not order or not order[-1].startswith(f"{block.kind}/"):
            order.append(f"{block.kind}/{block.compression}/{block.parameter}")
        if block.kind == Kind.THUMBNAIL:
            pictures.add_picture(bytes(block.data), "thumbnail", "gcode thumbnails", into, byte=block.at)
        elif block.kind in KINDS:
            text = _unfolded(block, unfolding, into)
            if block.kind == Kind.GCODE:
                texts.append(text)
            else:
                _add_metadata(text, block, into)
    layout = " ".join(order[:24])
    into.add(MarkKind.HABIT, "bgcode blocks (kind/compression/encoding)", layout, "bgcode blocks", byte=0)
    return texts


def _unfolded(block: Block, unfolding: Unfolding, into: Collector) -> bytes:
    encoding = block.parameter if block.kind == Kind.GCODE else Encoding.NONE
    try:
        text, wrong = unfolding.text(bytes(block.data), block.compression, encoding, block.size)
    except UnreadableError as error:
        into.unread(error.code, f"block {block.number} at byte {block.at:,}: {error}")
        return b""
    if wrong or block.cut or not block.sealed:
        into.unread(
            "damaged", f"block {block.number} at byte {block.at:,}: {wrong or 'it is cut or changed'}"
        )
    return text


def _add_metadata(text: bytes, block: Block, into: Collector) -> None:
    group = _BLOCK_NAMES[Kind(block.kind)]
    for line in text.split(b"\n")[: settings.MOST_SETTINGS]:
        key, found, value = line.partition(b"=")
        if not found:
            continue
        name, said = text_of(key).strip(), text_of(value)
        if name == "Producer":
            add_software(said, "Producer", group, into, byte=block.at)
        elif name == "Produced on":
            into.add(MarkKind.DATE, name, said, group, byte=block.at)
        elif block.kind == Kind.SLICER_METADATA:
            settings.add_setting(name, said, group, into, byte=block.at)
        else:
            kind = settings.kind_of(name)
            kind = MarkKind.STATISTIC if kind is MarkKind.SETTING else kind
            into.add(kind, name, said, group, byte=block.at)
