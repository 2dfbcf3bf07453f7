"""From bytes to shapes: which format it is, by content alone, and what is in it.

::

    identify(data)           the Format whose reader takes these bytes
    read(data, limits)       every shape of a file, and what of it went unread
    examine(data)            all that it is at once: meshes, containers (partwatch.formats.content)
    members, extract         what a ZIP archive holds (partwatch.formats.archive)

All of them raise UnreadableError with the place and the mend, and nothing else.
"""

from __future__ import annotations

from partwatch.formats.archive import Archive, extract, members
from partwatch.formats.base import Format, Member, Reading, ReadLimits, Shape
from partwatch.formats.content import Content, Opened, examine
from partwatch.formats.registry import FORMATS, identify, read

__all__ = [
    "FORMATS",
    "Archive",
    "Content",
    "Format",
    "Member",
    "Opened",
    "ReadLimits",
    "Reading",
    "Shape",
    "examine",
    "extract",
    "identify",
    "members",
    "read",
]
