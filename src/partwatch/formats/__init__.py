"""From bytes to shapes: which format it is, by content alone, and what is in it.

::

    identify(data)           the Format whose reader takes these bytes
    read(data, limits)       every shape of a file, and what of it went unread
    is_archive(data)         whether its members are items of their own
    members, extract         what an archive holds (partwatch.formats.archive)

All of them raise UnreadableError with the place and the mend, and nothing else.
"""

from __future__ import annotations

from partwatch.formats.archive import Archive, extract, members
from partwatch.formats.base import Format, Member, Reading, ReadLimits, Shape
from partwatch.formats.registry import FORMATS, identify, is_archive, read

__all__ = [
    "FORMATS",
    "Archive",
    "Format",
    "Member",
    "ReadLimits",
    "Reading",
    "Shape",
    "extract",
    "identify",
    "is_archive",
    "members",
    "read",
]
