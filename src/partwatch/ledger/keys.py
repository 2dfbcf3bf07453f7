"""The signing key: made, kept so that nobody else can read it, and told by its fingerprint.

A file of PKCS8 in PEM, as `openssl genpkey -algorithm ed25519` writes, not encrypted, mode 0600.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from partwatch.ledger.errors import DamagedLedgerError, LedgerError, extra
from partwatch.ledger.notes import Note, VerifierKey, check_name, parse_verifier, signature_by

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MOST_KEY_BYTES: Final = 16 << 10
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_READ: Final = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)


@dataclass(frozen=True)
class Signer:
    """A private key under the name of the log that it signs for. The key is in no repr."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        """The public key, under the same name."""
        return VerifierKey(self.name, self.key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature (RFC 8032); the same message has the same one."""
        return self.key.sign(message)


def new_signer(name: str) -> Signer:
    """A signer with a new key that lies nowhere; raises LedgerError where the name cannot stand."""
    with extra("signing a ledger"):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    return Signer(check_name(name), Ed25519PrivateKey.generate())


def make_key(path: Path, name: str) -> Signer:
    """Make a key in a new file that only its owner may read, on the disk before this returns.

    Raises LedgerError where something lies there already, or cannot be written.
    """
    with extra("signing a ledger"):
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    signer = new_signer(name)
    pem = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(path, _NEW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(descriptor)
        _sync_folder(path.parent)
    except FileExistsError:
        raise LedgerError(f"{path}: there is a file already; a signing key is never overwritten") from None
    except OSError as error:
        raise LedgerError(f"{path}: cannot be written ({error.strerror}); check folder and space") from error
    return signer


def read_key(path: Path, name: str) -> Signer:
    """The signer of a key's file.

    Raises LedgerError where there is none, others may read it, or it is no Ed25519 key in PKCS8 PEM.
    """
    with extra("signing a ledger"):
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    pem = _private_bytes(path)
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise LedgerError(f"{path}: the key is encrypted; give one that is not, mode 0600") from None
    except (ValueError, UnsupportedAlgorithm):
        raise LedgerError(f"{path}: no private key in PEM (PKCS8)") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise LedgerError(f"{path}: the key is not Ed25519; make one by `openssl genpkey -algorithm ed25519`")
    return Signer(check_name(name), key)


def verifies(note: Note, key: VerifierKey) -> bool:
    """Whether the note has a signature by this key that holds."""
    with extra("verifying a ledger"):
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    signature = signature_by(note, key)
    if signature is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, note.text)
    except (InvalidSignature, ValueError):
        return False
    return True


def trusted_fingerprint(told: str) -> str:
    """The fingerprint that --key names: itself, or a file with a public key (PEM, or NAME+ID+BASE64).

    Raises LedgerError where it is neither, or the file holds a private key.
    """
    path = Path(told)
    plain = told.lower().removeprefix("sha256:").replace(":", "")
    if _FINGERPRINT.fullmatch(plain) and not path.exists():
        return plain
    try:
        with path.open("rb") as file:
            data = file.read(MOST_KEY_BYTES + 1)
    except (OSError, ValueError) as error:
        raise LedgerError(
            f"{told}: neither a file nor a fingerprint of 64 hexadecimal digits ({error})"
        ) from None
    return VerifierKey("", _public_raw(path, data)).fingerprint


def _public_raw(path: Path, data: bytes) -> bytes:
    if b"PRIVATE KEY" in data:
        raise LedgerError(f"{path}: a private key; give the public one (`openssl pkey -pubout`)")
    if not data.lstrip().startswith(b"-----BEGIN"):
        try:
            return parse_verifier(data.decode("ascii").strip()).raw
        except (UnicodeDecodeError, DamagedLedgerError):
            raise LedgerError(f"{path}: no public key in PEM or as NAME+ID+BASE64") from None
    with extra("reading a public key"):
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise LedgerError(f"{path}: no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise LedgerError(f"{path}: the key is not Ed25519")
    return key.public_bytes_raw()


def _private_bytes(path: Path) -> bytes:
    try:
        descriptor = os.open(path, _READ)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise LedgerError(f"{path}: not a file")
            # Of the open file, so that nothing can be put in its place in between.
            if os.name == "posix" and about.st_mode & 0o077:
                raise LedgerError(
                    f"{path}: others may read or change this key (mode {stat.S_IMODE(about.st_mode):04o}): "
                    "`chmod 600` it, and if somebody may have read it, make a new one"
                )
            return file.read(MOST_KEY_BYTES + 1)
    except OSError as error:
        raise LedgerError(f"{path}: the signing key cannot be read ({error.strerror})") from error


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
