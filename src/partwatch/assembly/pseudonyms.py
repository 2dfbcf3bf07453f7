"""Groups under names that say nothing: the key tells that two are the same, and not who they are."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from partwatch.assembly.groups import OWN_KINDS
from partwatch.model.errors import StoreError

_DIGITS: Final = 16
_KEY_BYTES: Final = 32


@dataclass(frozen=True)
class Pseudonyms:
    """HMAC-SHA256 under a secret key: 64 bits of it name a group or an item."""

    key: bytes

    def of_group(self, kind: str, name: str) -> str:
        """The pseudonym of a group. Stretches of days, and all items, need none."""
        return name if kind in OWN_KINDS else self._of("group", kind, name)

    def of_item(self, *said: str | None) -> str:
        """A key for an item: the same for the same path, content, day and groups."""
        return self._of("item", *("" if part is None else part for part in said))

    def _of(self, *said: str) -> str:
        # Lengths first: no two lists of texts are one text.
        parts = [part.encode(errors="surrogateescape") for part in said]
        text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.new(self.key, text, hashlib.sha256).hexdigest()[:_DIGITS]


def pseudonyms_of(home: Path) -> Pseudonyms:
    """With the key of this home; a new one is made, for the owner's eyes only, where there is none."""
    path = home / "assembly" / "pseudonyms.key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be used ({error.strerror}); take another home") from error
    if len(key) != _KEY_BYTES:
        raise StoreError(f"{path}: this is no key of {_KEY_BYTES} bytes; restore it, or forget all items")
    return Pseudonyms(key)


def _make(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(secrets.token_bytes(_KEY_BYTES))
        stream.flush()
        os.fsync(stream.fileno())
    try:
        # A link, not a rename: of two that make one at once, the first stays.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
