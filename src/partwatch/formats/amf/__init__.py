"""AMF (ISO/ASTM 52915), plain or as the only file of a ZIP, read in one bounded pass.

Everything that could be printed is handed over: what constellations place, and what none of them has.
"""

from __future__ import annotations

import re

from partwatch.formats.amf.document import parse
from partwatch.formats.amf.examples import examples
from partwatch.formats.amf.placement import Placement
from partwatch.formats.archive import Archive, is_archive
from partwatch.formats.base import DEFAULT_LIMITS, Format, Reading, ReadLimits
from partwatch.formats.xmltext import PROLOG
from partwatch.model.document import Medium
from partwatch.model.errors import DamagedError, LimitError, UnreadableError, UnsupportedError

_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?" + PROLOG + rb"<(?:[\w.-]+:)?amf[\s>]", re.DOTALL | re.I)
# A type declaration is refused by the parser, with the reason, and not passed over as an unknown file.
_WITH_DOCTYPE = re.compile(rb"(?:\xef\xbb\xbf)?" + PROLOG + rb"<!DOCTYPE\s+amf\b", re.DOTALL)


def recognises(head: bytes, _size: int) -> bool:
    """By its root element; `is_zipped` tells a zipped one, and needs the whole."""
    # UTF-16 halves fall away with the zero bytes: this is a sign only, not a parse.
    plain = (
        head.replace(b"\0", b"").lstrip(b"\xff\xfe") if head.startswith((b"\xff\xfe", b"\xfe\xff")) else head
    )
    return _ROOT.match(plain) is not None or _WITH_DOCTYPE.match(plain) is not None


def is_zipped(data: bytes) -> bool:
    """Whether these bytes are a ZIP whose only file is an AMF."""
    if not is_archive(data):
        return False
    try:
        archive = Archive(data, DEFAULT_LIMITS)
        return len(archive.members) == 1 and recognises(archive.head(archive.members[0].path), 0)
    except UnreadableError:
        return False


def read(data: bytes, limits: ReadLimits) -> Reading:
    """Every volume of the file, placed, in the unit that it states (millimetres where it says nothing).

    Raises DamagedError with the line, UnsupportedError or LimitError where nothing can be read; what
    only part of it hides is a reason among `unread`.
    """
    if is_zipped(data):
        archive = Archive(data, limits)
        data = archive.extract(archive.members[0].path)
        if len(data) > limits.max_file_bytes:
            raise LimitError(
                "the AMF unpacks to more bytes than the limit allows: raise it, or split the file"
            )
    document = parse(data, "the AMF file", limits)
    placement = Placement(document, limits)
    placement.run()
    unread = tuple(dict.fromkeys((*placement.reasons, *document.reasons.values())))
    if not placement.shapes:
        raise _nothing(unread[0].message if unread else None, unread[0].code if unread else None)
    return Reading("amf", Medium.MESH, document.unit, tuple(placement.shapes), unread)


def _nothing(message: str | None, code: str | None) -> UnreadableError:
    if message is None:
        return DamagedError("the AMF file holds no triangle: there is nothing to screen; export it again")
    kinds = {kind.code: kind for kind in (LimitError, UnsupportedError)}
    return kinds.get(code or "", DamagedError)(f"nothing in the AMF file could be read: {message}")


FORMAT = Format("amf", recognises, read, examples)
