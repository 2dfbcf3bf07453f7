"""C2SP signed notes and checkpoints: text that a person can read, under an Ed25519 signature.

::

    ORIGIN                                  example: partwatch.case/5f0c2a
    SIZE                                    entries, in decimal digits
    ROOT                                    base64 of the tree's root
                                            an empty line
    — NAME BASE64                           base64 of 4 bytes of the key's id and 64 of the signature

The signature is of the text up to and with the newline before the empty line. Formats: c2sp.org/signed-note
and c2sp.org/tlog-checkpoint. The name of the key is the origin.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from partwatch.ledger.errors import DamagedLedgerError, LedgerError
from partwatch.ledger.merkle import HASH_BYTES

ED25519: Final = b"\x01"  # the signature type of signed notes
MOST_NOTE_BYTES: Final = 64 << 20
MOST_SIGNATURES: Final = 16
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,199}")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_DASH: Final = "— "
_ID_BYTES: Final = 4


@dataclass(frozen=True)
class VerifierKey:
    """An Ed25519 public key (32 bytes) and the name that it signs under."""

    name: str
    raw: bytes

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name, newline, 0x01, key): which signature to look at."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:_ID_BYTES]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key's SubjectPublicKeyInfo in DER, hexadecimal.

        `openssl pkey -in signing.key -pubout -outform DER | sha256sum` says the same.
        """
        # RFC 8410: the same twelve bytes stand before every Ed25519 key.
        return sha256(bytes.fromhex("302a300506032b6570032100") + self.raw).hexdigest()

    @property
    def line(self) -> str:
        """The key as signed notes pass it on: NAME+ID+BASE64."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(ED25519 + self.raw)}"


class SignsNotes(Protocol):
    """Whoever signs: `keys.Signer`."""

    @property
    def verifier(self) -> VerifierKey: ...

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A note taken apart, nothing of it verified. text: what is signed, as it is."""

    text: bytes
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class Checkpoint:
    """What a log was at a size. root: 32 bytes. note: the signed bytes as they were stored."""

    origin: str
    size: int
    root: bytes
    note: bytes


def check_name(name: str) -> str:
    """The name of a log and its key as it may stand; raises LedgerError."""
    if not _NAME.fullmatch(name):
        raise LedgerError(
            f"the name of a ledger, {name!r}: give up to 200 letters, digits and . _ / : - "
            "(example: partwatch.case/5f0c2a)"
        )
    return name


def parse_verifier(line: str) -> VerifierKey:
    """The key of a NAME+ID+BASE64 line; raises DamagedLedgerError."""
    name, _, rest = line.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _from_base64(encoded)
    if not _NAME.fullmatch(name) or raw is None or len(raw) != 33 or raw[:1] != ED25519:
        raise DamagedLedgerError("no Ed25519 key of a signed note (NAME+ID+BASE64)")
    key = VerifierKey(name, raw[1:])
    if key_id != key.key_id.hex():
        raise DamagedLedgerError(f"the key's id is {key.key_id.hex()}, and {key_id!r} stands there")
    return key


def signed(text: bytes, signer: SignsNotes) -> bytes:
    """The note of a text: lines of UTF-8, each with its newline."""
    key = signer.verifier
    line = f"{_DASH}{key.name} {_base64(key.key_id + signer.sign(text))}\n"
    note = text + b"\n" + line.encode()
    parse_note(note)
    return note


def parse_note(data: bytes) -> Note:
    """Text and signatures of a note; raises DamagedLedgerError where a byte is not as it must be."""
    if len(data) > MOST_NOTE_BYTES:
        raise DamagedLedgerError(f"a note of more than {MOST_NOTE_BYTES >> 20} MB")
    text, separator, tail = data.rpartition(b"\n\n")
    if not separator or not text:
        raise DamagedLedgerError("no signed note: it has no empty line before its signatures")
    text += b"\n"
    try:
        said, lines = text.decode(), tail.decode()
    except UnicodeDecodeError:
        raise DamagedLedgerError("no signed note: it is not UTF-8") from None
    if any(char < " " and char != "\n" for char in said):
        raise DamagedLedgerError("no signed note: it has control characters")
    if not lines.endswith("\n"):
        raise DamagedLedgerError("no signed note: its last line is cut")
    written = lines[:-1].split("\n")
    if len(written) > MOST_SIGNATURES:
        raise DamagedLedgerError(f"more than {MOST_SIGNATURES} signatures")
    return Note(text, tuple(_signature(line) for line in written))


def parse_checkpoint(note: bytes) -> tuple[Checkpoint, Note]:
    """What a checkpoint says, and its note, nothing verified; raises DamagedLedgerError."""
    parts = parse_note(note)
    lines = parts.text.decode().split("\n")
    if len(lines) != 4:
        raise DamagedLedgerError("no checkpoint: it has other lines than origin, size and root")
    origin, size, encoded, _ = lines
    root = _from_base64(encoded)
    if not _NAME.fullmatch(origin) or not _SIZE.fullmatch(size) or root is None or len(root) != HASH_BYTES:
        raise DamagedLedgerError("no checkpoint: its origin, size or root is not one")
    return Checkpoint(origin, int(size), root, note), parts


def new_checkpoint(size: int, root: bytes, signer: SignsNotes) -> Checkpoint:
    """A checkpoint of the log that the signer's key is named for."""
    origin = check_name(signer.verifier.name)
    note = signed(f"{origin}\n{size}\n{_base64(root)}\n".encode(), signer)
    return Checkpoint(origin, size, root, note)


def signature_by(note: Note, key: VerifierKey) -> bytes | None:
    """The first signature under this key's name and id; None where there is none. Not verified."""
    for one in note.signatures:
        if one.name == key.name and one.key_id == key.key_id:
            return one.signature
    return None


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    raw = _from_base64(encoded)
    if not line.startswith(_DASH) or not name or "+" in name or raw is None or len(raw) <= _ID_BYTES:
        raise DamagedLedgerError("no signed note: a signature line is not `— NAME BASE64`")
    return Signature(name, raw[:_ID_BYTES], raw[_ID_BYTES:])


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _from_base64(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # Unused bits of the last digit may hold anything; one spelling only.
    return data if _base64(data) == text else None
