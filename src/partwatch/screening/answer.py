"""What a worker answers for one item."""

from __future__ import annotations

from partwatch.model.document import Item, Record


class BodyPrint(Record):
    """The fingerprint of one of an item's bodies, where fingerprints were asked for.

    body: its index in the item. descriptor: base64 of DESCRIPTOR_SIZE little-endian float32, as
    `fingerprint.describe` gives them. radius_mm: the root mean square distance of its surface from its
    middle, under the body's unit; area_mm2: of that surface.
    """

    body: int
    descriptor: str
    radius_mm: float
    area_mm2: float


class Answer(Record):
    """An item, and the names of its direct members where it is an archive.

    The driver names the item itself: `path` and `member` in it count for nothing.
    """

    item: Item
    members: tuple[str, ...] = ()
    prints: tuple[BodyPrint, ...] = ()
