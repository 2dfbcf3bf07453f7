"""What the log shows of an entry, and what opens it: keyed commitments, so that forgetting a key forgets.

An entry's public bytes are canonical JSON of `at`, `by`, `commitment`, `kind`, `seq` and `v`. The commitment
is HMAC-SHA256, under a random key of 256 bits, of the canonical JSON of its body. Without the key the body
cannot even be guessed at; with it, no other body fits.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from partwatch.ledger.canonical import MOST_WHOLE, canonical, parsed
from partwatch.ledger.errors import DamagedLedgerError, LedgerError
from partwatch.ledger.merkle import leaf_hash, root_of

ENTRY_VERSION: Final = 1
KEY_BYTES: Final = 32
MOST_BODY_BYTES: Final = 16 << 20
_KIND: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_BY: Final = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", re.ASCII)
_FIELDS: Final = {"at", "by", "commitment", "kind", "seq", "v"}
_HEX: Final = re.compile(r"[0-9a-f]{64}")
# HMAC pads a key of up to 64 bytes with zeros, then masks it.
_PAD: Final = bytes(64 - KEY_BYTES)
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


@dataclass(frozen=True)
class Opening:
    """What opens an entry: its key (32 bytes) and its body as canonical JSON."""

    key: bytes
    body_bytes: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The body; raises DamagedLedgerError where it is no canonical JSON object."""
        return body_of(self.body_bytes)

    def opens(self, commitment: bytes) -> bool:
        """Whether it is what was committed to."""
        return len(self.key) == KEY_BYTES and hmac.compare_digest(
            hmac.digest(self.key, self.body_bytes, "sha256"), commitment
        )


@dataclass(frozen=True)
class Entry:
    """One entry. at: UTC, ISO 8601, ends in Z. commitment: 32 bytes. raw: its bytes in the log.

    opening: None where it was forgotten, is not disclosed, or was not asked for.
    """

    seq: int
    kind: str
    at: str
    by: str
    commitment: bytes
    opening: Opening | None = None

    @property
    def raw(self) -> bytes:
        """The public bytes, whose hash is the leaf."""
        return canonical(
            {
                "v": ENTRY_VERSION,
                "seq": self.seq,
                "kind": self.kind,
                "at": self.at,
                "by": self.by,
                "commitment": self.commitment.hex(),
            }
        )


def commit(body: Mapping[str, Any]) -> tuple[bytes, Opening]:
    """A commitment to a body under a new random key, and what opens it.

    Raises LedgerError where the body has no canonical JSON or is longer than 16 MiB.
    """
    try:
        body_bytes = canonical(dict(body))
    except ValueError as error:
        raise LedgerError(
            f"the body of an entry: {error}; give text, whole numbers, lists and objects"
        ) from None
    if len(body_bytes) > MOST_BODY_BYTES:
        raise LedgerError(
            f"the body of an entry has {len(body_bytes):,} bytes, {MOST_BODY_BYTES:,} at most: "
            "name its parts by a root (statements_root) instead of listing them"
        )
    opening = Opening(secrets.token_bytes(KEY_BYTES), body_bytes)
    return hmac.digest(opening.key, body_bytes, "sha256"), opening


def new_entry(seq: int, kind: str, at: datetime | str, by: str, commitment: bytes) -> Entry:
    """An entry with each field in its one spelling; raises LedgerError where one has none."""
    if not _KIND.fullmatch(kind):
        raise LedgerError(f"the kind of an entry, {kind!r}: give a word of a-z, 0-9, '_', '.', '-'")
    if not _BY.fullmatch(by) or not _encodable(by):
        raise LedgerError(f"who an entry is by, {by!r}: give 1 to 200 characters on one line")
    return Entry(seq, kind, moment(at), by, commitment)


def moment(at: datetime | str) -> str:
    """UTC as the log has it: to the second, or with six digits of a fraction; raises LedgerError."""
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            raise LedgerError(f"{at!r} is no moment: give ISO 8601 with its offset from UTC") from None
    if at.tzinfo is None:
        raise LedgerError(f"{at.isoformat()}: a moment in the log needs its offset from UTC")
    try:
        at = at.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise LedgerError(f"{at.isoformat()}: no moment of the years 1 to 9999 in UTC") from None
    return at.isoformat(timespec="microseconds" if at.microsecond else "seconds") + "Z"


def parse_entry(raw: bytes, where: str) -> Entry:
    """The entry of public bytes; raises DamagedLedgerError, naming `where`, for other bytes."""
    try:
        fields = parsed(raw)
        if not isinstance(fields, dict) or set(fields) != _FIELDS:
            raise ValueError(f"its fields are not {', '.join(sorted(_FIELDS))}")
        if fields["v"] != ENTRY_VERSION or isinstance(fields["v"], bool):
            raise ValueError(f"version {fields['v']!r}, not {ENTRY_VERSION}")
        seq = whole(fields["seq"], "seq")
        texts = [fields[name] for name in ("kind", "at", "by")]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("kind, at and by must be text")
        entry = new_entry(seq, *(texts[0], texts[1], texts[2]), hashed(fields["commitment"], "commitment"))
        if not _AT.fullmatch(fields["at"]) or entry.at != fields["at"]:
            raise ValueError(f"at {fields['at']!r} is no moment as the log writes it")
    except (ValueError, LedgerError) as error:
        raise DamagedLedgerError(f"{where}: no entry of a ledger: {error}") from None
    return entry


def whole(value: object, name: str) -> int:
    """A whole number of JSON, 0 or more; raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_WHOLE:
        raise ValueError(f"{name} must be a whole number, 0 or more")
    return value


def hashed(value: object, name: str) -> bytes:
    """32 bytes from 64 lower-case hexadecimal digits; raises ValueError."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError(f"{name} must be 64 hexadecimal digits, in lower case")
    return bytes.fromhex(value)


def body_of(body_bytes: bytes) -> dict[str, Any]:
    """The object that a body's canonical JSON holds; raises DamagedLedgerError."""
    try:
        body = parsed(body_bytes)
    except ValueError as error:
        raise DamagedLedgerError(f"the body of an entry: {error}") from None
    if not isinstance(body, dict):
        raise DamagedLedgerError("the body of an entry must be a JSON object")
    return body


# A source's statements: one leaf each, opened one by one.


def statement_key(entity_key: bytes, position: int) -> bytes:
    """The key that opens one statement: HMAC-SHA256(entity_key, position in 8 bytes, the highest first).

    entity_key: 32 random bytes, kept by the case for one entity of one source; destroying it forgets what the
    source says of that entity. position: the statement's place among all of its source, from 0 on: the index
    of its leaf.
    """
    return _hmac(entity_key, position.to_bytes(8, "big"))


def statement_leaf(entity_key: bytes, position: int, statement_bytes: bytes) -> bytes:
    """The hash of a statement's RFC 6962 leaf, which is its commitment, HMAC-SHA256(statement_key, bytes)."""
    key = _hmac(entity_key, position.to_bytes(8, "big"))
    return sha256(b"\x00" + _hmac(key, statement_bytes)).digest()


def opened_leaf(key: bytes, statement_bytes: bytes) -> bytes:
    """The hash of the leaf that a statement has under the key that opens it (`statement_key`)."""
    return leaf_hash(_hmac(key, statement_bytes))


def statements_root(leaves: Iterable[bytes]) -> bytes:
    """The RFC 6962 root of leaf hashes (`statement_leaf`), in the order of their positions, streaming."""
    return root_of(leaves)


def statements_claim(root: bytes, count: int) -> dict[str, object]:
    """What an entry's body says under "statements": disclosed ones are checked against it."""
    return {"count": count, "root": root.hex()}


def claimed_statements(body: Mapping[str, Any]) -> tuple[bytes, int]:
    """Root and count of a body's statements; raises ValueError where it claims none in the form of above."""
    claim = body.get("statements")
    if not isinstance(claim, dict):
        raise ValueError('its body has no "statements" with root and count')
    return hashed(claim.get("root"), "the root of its statements"), whole(claim.get("count"), "their count")


def _hmac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104) of a key of 32 bytes: a third less time than hmac.digest takes to set up."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key must have {KEY_BYTES} bytes, not {len(key)}")
    padded = key + _PAD
    inner = sha256(padded.translate(_INNER) + message).digest()
    return sha256(padded.translate(_OUTER) + inner).digest()


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
