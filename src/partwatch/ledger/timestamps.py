"""RFC 3161: somebody else's word that a checkpoint was there at a moment.

A request holds only the SHA-256 of the checkpoint's note. It goes to a time-stamping authority by any way;
its response is kept beside the checkpoint, and verified against root certificates that the reader chose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import new
from pathlib import Path
from typing import TYPE_CHECKING, Final

from partwatch.ledger.errors import DamagedLedgerError, LedgerError, extra

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

MOST_RESPONSE_BYTES: Final = 256 << 10
_MOST_ROOT_BYTES: Final = 4 << 20
_TIMEOUT_S: Final = 30
_HASHES: Final = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.3": "sha512"}
_WHAT: Final = "a timestamp (RFC 3161)"


@dataclass(frozen=True)
class Stamp:
    """What a response says. at: its moment, UTC. verified: by a root certificate; else it only claims so."""

    at: datetime
    verified: bool


def request(note: bytes) -> bytes:
    """A request (DER, with a nonce) over a checkpoint's note; `openssl ts -query -in FILE` shows it."""
    with extra(_WHAT):
        from rfc3161_client import TimestampRequestBuilder
        from rfc3161_client.base import HashAlgorithm
    builder = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256)
    return builder.cert_request(cert_request=True).build().as_bytes()


def check(response: bytes, note: bytes, roots: Sequence[Certificate] = ()) -> Stamp:
    """What a response says of a checkpoint's note, verified where root certificates are given.

    Raises DamagedLedgerError where it is no granted response, is over something else, or does not verify:
    its certificates must lead to a root, be valid at its own moment, and be for time-stamping alone.
    """
    with extra(_WHAT):
        from rfc3161_client import VerificationError, VerifierBuilder
    parsed = _parsed(response)
    if not _is_over(parsed, note):
        raise DamagedLedgerError("it is over something else than this checkpoint")
    at = parsed.tst_info.gen_time
    if not roots:
        return Stamp(at, verified=False)
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(parsed, note)
    except (VerificationError, ValueError) as error:
        raise DamagedLedgerError(f"it does not verify by the roots given: {error}") from None
    return Stamp(at, verified=True)


def read_roots(paths: Sequence[Path]) -> list[Certificate]:
    """Root certificates of PEM files; raises LedgerError where one cannot be read or holds none."""
    with extra(_WHAT):
        from cryptography.x509 import load_pem_x509_certificates
    roots: list[Certificate] = []
    for path in paths:
        data = read_limited(path, _MOST_ROOT_BYTES)
        try:
            roots += load_pem_x509_certificates(data)
        except ValueError:
            raise LedgerError(f"{path}: no certificates in PEM") from None
    return roots


def read_limited(path: Path, most: int) -> bytes:
    """A file's bytes; raises LedgerError where it cannot be read or has more than `most`."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise LedgerError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    if len(data) > most:
        raise LedgerError(f"{path}: more than {most:,} bytes, which is too long for what it should be")
    return data


def fetch(url: str, asked: bytes, timeout_s: float = _TIMEOUT_S) -> bytes:
    """Send a request to an authority's address over HTTP(S) and take its response, unverified.

    Follows no redirect. Raises LedgerError.
    """
    import http.client
    import urllib.request

    if not url.startswith(("https://", "http://")):
        raise LedgerError(f"{url}: give an http:// or https:// address")
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.ProxyHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    try:
        asking = urllib.request.Request(url, data=asked, headers=headers, method="POST")
        with opener.open(asking, timeout=timeout_s) as answer:
            data: bytes = answer.read(MOST_RESPONSE_BYTES + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise LedgerError(f"{url}: no timestamp came ({error}); try again, or take it by hand") from None
    if len(data) > MOST_RESPONSE_BYTES:
        raise LedgerError(f"{url}: an answer of more than {MOST_RESPONSE_BYTES:,} bytes is no timestamp")
    return data


def _parsed(response: bytes) -> TimeStampResponse:
    with extra(_WHAT):
        from rfc3161_client import decode_timestamp_response
    if len(response) > MOST_RESPONSE_BYTES:
        raise DamagedLedgerError(f"more than {MOST_RESPONSE_BYTES:,} bytes are no timestamp")
    try:
        parsed = decode_timestamp_response(response)
        status = parsed.status
    except ValueError as error:
        raise DamagedLedgerError(f"no response of RFC 3161: {error}") from None
    if status != 0:
        raise DamagedLedgerError(f"the authority did not grant it (status {status})")
    if parsed.as_bytes() != response:
        raise DamagedLedgerError("no response of RFC 3161 in DER alone")
    return parsed


def _is_over(parsed: TimeStampResponse, note: bytes) -> bool:
    imprint = parsed.tst_info.message_imprint
    name = _HASHES.get(imprint.hash_algorithm.dotted_string)
    return name is not None and imprint.message == new(name, note).digest()
