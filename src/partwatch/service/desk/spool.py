"""Files by their digests, as a Dask worker keeps them for a while: each is what its name says.

::

    FOLDER/blobs/SHA256/0      a file, whole
    FOLDER/parts/…             on its way in
    FOLDER/homes/DIGEST/…      the list and what goes with it, made of files that were sent
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from partwatch.service.desk.dask_wire import Blob

KEPT_S: Final = 300.0
MOST_BYTES: Final = 8 << 30
_CHUNK_BYTES: Final = 1 << 20
_NAME: Final = "0"
_HEX: Final = frozenset("0123456789abcdef")


class Spool:
    """A folder of them, for the threads of one process. Files that nobody used for `kept_s` go, and the
    longest unused ones beyond `most_bytes`; homes stay until another takes their place."""

    def __init__(self, folder: Path, kept_s: float = KEPT_S, most_bytes: int = MOST_BYTES) -> None:
        self._blobs, self._parts, self._homes = folder / "blobs", folder / "parts", folder / "homes"
        for each in (self._blobs, self._parts, self._homes):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._kept_s = kept_s
        self._most_bytes = most_bytes
        self._lock = threading.RLock()
        self._used: Counter[str] = Counter()

    def missing(self, blobs: Sequence[Blob]) -> tuple[str, ...]:
        """The digests of those that are not here, each once."""
        return tuple(dict.fromkeys(one.sha256 for one in blobs if not self._place(one.sha256).is_file()))

    def write(self, sha256: str, sender: str, offset: int, size: int, chunk: bytes) -> None:
        """Some of a file; with its last bytes it is here, where its digest is right. Raises OSError.

        A sender sends a file from its beginning to its end, one piece after the other.
        """
        part = self._parts / f"{_checked(sha256)}.{_checked(sender)}"
        with part.open("r+b" if offset else "wb") as out:
            out.seek(offset)
            out.write(chunk)
            out.truncate()
        if offset + len(chunk) >= size:
            self._take_in(part, sha256)

    def _take_in(self, part: Path, sha256: str) -> None:
        if _sha256_of(part) != sha256:
            part.unlink()
            return
        with self._lock:
            place = self._place(sha256)
            place.parent.mkdir(mode=0o700, exist_ok=True)
            part.replace(place)
            os.utime(place)
            self.sweep()

    @contextmanager
    def using(self, sha256: str) -> Iterator[Path]:
        """The file, which stays for as long. FileNotFoundError where it is not here."""
        place = self._place(sha256)
        with self._lock:
            os.utime(place)
            self._used[sha256] += 1
        try:
            yield place
        finally:
            with self._lock:
                self._used[sha256] -= 1
                if place.exists():
                    os.utime(place)

    def home(self, kit: Sequence[Blob]) -> Path:
        """The home that a kit makes, where it is made."""
        told = "\n".join(f"{one.sha256} {one.name}" for one in kit)
        return self._homes / hashlib.sha256(told.encode()).hexdigest()

    def make_home(self, kit: Sequence[Blob], held: set[Path]) -> Path:
        """The same, made of files that are here, which it takes. held: other homes that are still needed."""
        home = self.home(kit)
        with self._lock:
            if home.is_dir():
                return home
            making = home.with_suffix(f".{threading.get_ident()}")
            shutil.rmtree(making, ignore_errors=True)
            for one in kit:
                place = making / _relative(one.name)
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                # Copied: what is written to a list's database must not change a file that goes by its digest.
                shutil.copyfile(self._place(one.sha256), place)
            making.rename(home)
            for one in kit:
                shutil.rmtree(self._place(one.sha256).parent, ignore_errors=True)
            for other in self._homes.iterdir():
                if other != home and other not in held:
                    shutil.rmtree(other, ignore_errors=True)
        return home

    def sweep(self, now: float | None = None) -> None:
        """Let go of what was not used lately, and of the longest unused beyond what there is room for."""
        moment = time.time() if now is None else now
        with self._lock:
            for part in self._parts.iterdir():
                if moment - part.stat().st_mtime > self._kept_s:
                    part.unlink(missing_ok=True)
            here = []
            for place in self._blobs.glob(f"*/{_NAME}"):
                status = place.stat()
                here.append((status.st_mtime, status.st_size, place))
            total = 0
            for rank, (at, size, place) in enumerate(sorted(here, key=lambda one: one[0], reverse=True)):
                total += size
                # The latest stays, however large it is.
                over = rank > 0 and total > self._most_bytes
                if (over or moment - at > self._kept_s) and not self._used[place.parent.name]:
                    shutil.rmtree(place.parent, ignore_errors=True)

    def _place(self, sha256: str) -> Path:
        # A folder of its own: nothing lies beside it.
        return self._blobs / _checked(sha256) / _NAME


def _checked(text: str) -> str:
    if not text or len(text) > 64 or not _HEX.issuperset(text):
        raise ValueError(f"{text[:80]!a}: is no digest")
    return text


def _relative(name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"{name[:200]!a}: leads out of its folder")
    return Path(path)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
