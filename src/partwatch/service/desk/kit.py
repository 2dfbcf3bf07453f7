"""What another machine needs to screen as this one does: the list as it is now, and the operator's stock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from partwatch.evidence.population import own_folder, own_stock
from partwatch.service.desk.dask_wire import Blob
from partwatch.watchlist.backup import copy_database
from partwatch.watchlist.index import index_folder
from partwatch.watchlist.store import Watchlist


@dataclass(frozen=True)
class Kit:
    """files: with where each lies here."""

    files: tuple[tuple[Blob, Path], ...]

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """As a worker is told of them."""
        return tuple(blob for blob, _ in self.files)


def make_kit(home: Path, snapshot_key: str, scratch: Path) -> Kit:
    """The kit of a home folder. snapshot_key: of a snapshot that is open meanwhile, so that its index stays;
    scratch: a folder for the list's copy. Raises StoreError, OSError."""
    return Kit(tuple((blob_of(path, name), path) for name, path in _files(home, snapshot_key, scratch)))


def _files(home: Path, snapshot_key: str, scratch: Path) -> Iterator[tuple[str, Path]]:
    watchlist = Watchlist.open(home)
    copy = scratch / watchlist.path.name
    copy_database(watchlist.path, copy)
    yield watchlist.path.relative_to(home).as_posix(), copy
    index = index_folder(watchlist.folder, snapshot_key)
    for path in sorted(index.iterdir()):
        yield path.relative_to(home).as_posix(), path
    for path in own_stock(home):
        yield f"{own_folder(home).name}/{path.name}", path


def blob_of(path: Path, name: str) -> Blob:
    """A file by its content. Raises OSError."""
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        return Blob(digest, content.tell(), name)
