"""What a worker opens: the bytes of a file or of a member, and the archive opened last."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from partwatch import formats
from partwatch.formats import Content, Opened, ReadLimits
from partwatch.model.errors import ChangedError
from partwatch.screening.files import inaccessible, read_regular
from partwatch.screening.walk import shown


class Opener:
    """Keeps the archive opened last, whose members come one after the other."""

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits
        self._kept: tuple[Any, Opened] | None = None

    def let_go(self) -> None:
        """Of the archive that is kept: it and another file together may be more than there is room for."""
        self._kept = None

    def keep(self, path: str, chain: tuple[str, ...], opened: Opened, content: Content) -> None:
        """An archive just opened, whose members will be asked for."""
        # One that nests is asked for only after all that its container holds beside it.
        if content.places and (self._kept is None or len(self._kept[1].members) == 1):
            self._kept = (self._key(path, chain), opened)

    def content(
        self, path: str, chain: tuple[str, ...], source_sha256: str | None, named: str | None = None
    ) -> bytes:
        """The bytes of a file, or of a member by its names from the outermost archive in.

        source_sha256: what the file was when its members were listed; ChangedError where it no longer is.
        named: what the file is called, where that is not its path: some members are named after it.
        """
        if chain:
            return self._opened(path, chain[:-1], source_sha256, named).extract(chain[-1])
        data = read_regular(path, self._limits.max_file_bytes)
        if source_sha256 is not None and hashlib.sha256(data).hexdigest() != source_sha256:
            raise ChangedError("the archive changed after its members were listed: screen it again")
        return data

    def _opened(
        self, path: str, chain: tuple[str, ...], source_sha256: str | None, named: str | None
    ) -> Opened:
        key = self._key(path, chain)
        if self._kept is None or self._kept[0] != key:
            # Let go of the old one first: both together may be more than there is room for.
            self._kept = None
            data = self.content(path, chain, source_sha256, named)
            name = chain[-1] if chain else named or shown(path)
            self._kept = (key, Opened(formats.examine(data), data, self._limits, name))
        return self._kept[1]

    def _key(self, path: str, chain: tuple[str, ...]) -> tuple[Any, ...]:
        try:
            status = Path(path).lstat()
        except OSError as error:
            raise inaccessible(error) from error
        return (path, chain, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
