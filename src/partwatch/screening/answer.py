"""What a worker answers for one item."""

from __future__ import annotations

from partwatch.model.document import Item, Record


class Answer(Record):
    """An item, and the names of its direct members where it is an archive.

    The driver names the item itself: `path` and `member` in it count for nothing.
    """

    item: Item
    members: tuple[str, ...] = ()
