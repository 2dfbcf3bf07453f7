"""What else a package may hold beside what it is a package for."""

from __future__ import annotations

from partwatch.formats import gcode, looks
from partwatch.formats.single import SINGLE
from partwatch.model.document import Reason
from partwatch.model.errors import UnsupportedError

# Settings of slicers begin as G-code does: what lays nothing is none.
_OTHERS = tuple(known for known in SINGLE if known is not gcode.FORMAT)


def unread_shape(name: str, head: bytes) -> Reason | None:
    """Why a member by its first 64 KiB is not to go unseen; None for pictures and settings."""
    what = _shape_like(head)
    if what is None:
        return None
    message = f"the package also holds {name}, which looks like {what}: screen it as a file of its own"
    return Reason(code=UnsupportedError.code, message=message)


def _shape_like(head: bytes) -> str | None:
    """What another reader, ours or a slicer's, would take a member for."""
    for other in _OTHERS:
        if other.recognises(head, len(head)):
            return other.name.upper()
    look = looks.look(head)
    return look.name if look and look.has_shape else None
