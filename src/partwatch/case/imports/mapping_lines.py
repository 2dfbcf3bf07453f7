"""On which line of a TOML text a key stands; the standard parser does not say."""

from __future__ import annotations

import re

_TABLE = re.compile(r"\s*(\[\[?)\s*([\w.\"' -]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*(?:\"([^\"]*)\"|'([^']*)'|([\w-]+))(?:\s*\.\s*(?:\"([^\"]*)\"|([\w-]+)))?\s*=")


class Lines:
    """Lines of an `[[entities]]` by its number from 0, and of keys in it, in `properties` or at the top."""

    def __init__(self, text: str) -> None:
        self._of: dict[tuple[int, str, str], int] = {}
        entity, table = -1, ""
        for number, line in enumerate(text.splitlines(), start=1):
            head = _TABLE.match(line)
            if head and head[1] == "[[" and head[2] == "entities":
                entity, table = entity + 1, ""
                self._of.setdefault((entity, "", ""), number)
            elif head:
                table = head[2].removeprefix("entities").lstrip(".")
                self._of.setdefault((entity, table, ""), number)
            elif key := _KEY.match(line):
                first = next(one for one in key.group(1, 2, 3) if one is not None)
                second = key[4] or key[5]
                where, name = (first, second) if second else (table, first)
                self._of.setdefault((entity, where, name), number)

    def entity(self, index: int, key: str = "") -> int:
        """Of a key of an entity, or of the entity."""
        return self._of.get((index, "", key)) or self._of.get((index, "", ""), 0)

    def prop(self, index: int, name: str) -> int:
        """Of a property of an entity."""
        return self._of.get((index, "properties", name)) or self.entity(index)

    def top(self, key: str) -> int:
        """Of a key outside the entities."""
        return self._of.get((-1, "", key)) or self._of.get((-1, key, ""), 1)
