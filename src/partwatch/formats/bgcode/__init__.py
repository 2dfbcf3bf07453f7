"""Print jobs as binary G-code (.bgcode), of which only the G-code is read: nothing else in them is made.

After the open specification, version 1 (github.com/prusa3d/libbgcode, doc/specifications.md).
"""

from __future__ import annotations

from partwatch.formats import gcode
from partwatch.formats.base import Format, Reading, ReadLimits
from partwatch.formats.bgcode.blocks import KINDS, MAGIC, Block, Kind, blocks_of
from partwatch.formats.bgcode.content import Unfolding
from partwatch.formats.bgcode.examples import examples
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, UnsupportedError

_NAME = "bgcode"
_SAVE_AS_TEXT = "save it as plain G-code"
# More say no more.
_MOST_REASONS = 20


def recognises(head: bytes, _size: int) -> bool:
    """By its first word."""
    return head.startswith(MAGIC)


def read(data: bytes, limits: ReadLimits) -> Reading:
    """The moves of the job, as `gcode` reads them, and a reason for each block that is damaged or unknown.

    Raises DamagedError or UnsupportedError where no G-code can be had at all, or none that lays material;
    LimitError where it unfolds to too much.
    """
    text, unread = _text(data, limits)
    if not text.strip() and not unread:
        raise DamagedError("the binary G-code holds no block of G-code: export it again")
    try:
        return gcode.job_of(text, limits, _NAME, _few(unread))
    except DamagedError as error:
        if not unread:
            raise
        kind = UnsupportedError if all(_is_unsupported(reason) for reason in unread) else DamagedError
        raise kind(f"{unread[0].message} ({error})" if text.strip() else unread[0].message) from None


def _text(data: bytes, limits: ReadLimits) -> tuple[bytes, list[Reason]]:
    """All that could be unfolded of the G-code, and why the rest was not."""
    unread: list[Reason] = []
    texts: list[bytes] = []
    unfolding = Unfolding(len(data), limits)
    for block in blocks_of(data, limits):
        text, reasons = _text_of(block, unfolding)
        # What lies behind damage begins a line of its own.
        texts.append(text + b"\n" if reasons else text)
        unread += reasons
    return b"".join(texts), unread


def _text_of(block: Block, unfolding: Unfolding) -> tuple[bytes, list[Reason]]:
    if block.kind not in KINDS:
        return b"", [block.reason(UnsupportedError, f"its kind, {block.kind}, is unknown", _SAVE_AS_TEXT)]
    if block.kind != Kind.GCODE:
        return b"", _damage(block, None)
    try:
        text, wrong = unfolding.text(bytes(block.data), block.compression, block.parameter, block.size)
    except UnsupportedError as error:
        unknown = block.reason(UnsupportedError, str(error), _SAVE_AS_TEXT)
        return b"", [*_damage(block, None), unknown]
    # A changed bit that shifts all that is behind it would make up moves that nobody laid.
    return (b"" if wrong and not block.sealed else text), _damage(block, wrong)


def _damage(block: Block, wrong: str | None) -> list[Reason]:
    """At most one reason: what is wrong with its text often follows from what is wrong with the block."""
    if not block.sealed:
        left_out = f", and it was left out: {wrong}" if wrong else ""
        return [block.reason(DamagedError, f"its checksum says that it was changed{left_out}")]
    if block.cut:
        return [block.reason(DamagedError, "the file ends within it")]
    return [block.reason(DamagedError, wrong)] if wrong else []


def _few(reasons: list[Reason]) -> tuple[Reason, ...]:
    left = len(reasons) - _MOST_REASONS
    if left <= 0:
        return tuple(reasons)
    more = Reason(code=reasons[-1].code, message=f"{left:,} more blocks are damaged: transfer the file again")
    return (*reasons[:_MOST_REASONS], more)


def _is_unsupported(reason: Reason) -> bool:
    return reason.code == UnsupportedError.code


FORMAT = Format(_NAME, recognises, read, examples)
