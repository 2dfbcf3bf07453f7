"""E-mail: messages (EML) and mailboxes (mbox). Each attachment and each inline part is a member.

A message's own text is looked at and is a member only where it could be more than a letter: where a reader
knows it, where a file is written into it (uuencode, a data: address), or where it is encrypted
(docs/decisions/0014).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from partwatch.formats.base import ReadLimits
from partwatch.formats.containers.base import Container, ContainerFormat, Entry, Listing, refusing
from partwatch.model.document import Reason
from partwatch.model.errors import (
    DamagedError,
    EncryptedError,
    UnreadableError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from email.message import Message

_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*")
_KNOWN_HEADERS = frozenset(
    b"from to cc bcc subject date message-id mime-version content-type received return-path delivered-to "
    b"reply-to sender x-mailer x-received dkim-signature content-transfer-encoding".split()
)
_MBOX_LINE = re.compile(rb"From [^\r\n]+\r?\n")
_MBOX_SPLIT = re.compile(rb"(?:(?<=\n\n)|(?<=\n\r\n)|\A)From [^\r\n]+\r?\n")
_UUENCODED = re.compile(rb"(?m)^begin [0-7]{3,4} ([^\r\n]+)\r?\n(.*?)^end[ \t]*\r?$", re.DOTALL)
_UUENCODE_BEGINS = re.compile(rb"(?m)^begin [0-7]{3,4} [^\r\n]+\r?$")
_TNEF = b"\x78\x9f\x3e\x22"
_ENCRYPTED_TYPES = frozenset({"application/pgp-encrypted", "multipart/encrypted"})
_SMIME_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SIGNATURE_TYPES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_MOST_SIGNATURE_BYTES = 1 << 16
_ENCODINGS = frozenset({"", "7bit", "8bit", "binary", "base64", "quoted-printable"}) | frozenset(
    {"x-uuencode", "uuencode", "uue", "x-uue"}
)


def recognises(data: bytes) -> bool:
    """By its first lines: headers of a message, two of them well-known."""
    return _has_headers(data[: 1 << 16])


def recognises_mbox(data: bytes) -> bool:
    """A "From " line with a message's headers behind it."""
    head = data[: 1 << 16]
    line = _MBOX_LINE.match(head)
    return line is not None and _has_headers(head[line.end() :])


def _has_headers(head: bytes) -> bool:
    at = known = 0
    while (found := _HEADER.match(head, at)) is not None:
        known += found[1].lower() in _KNOWN_HEADERS
        if known >= 2:
            return True
        at = found.end()
    return False


def open_message(data: bytes, limits: ReadLimits, _name: str) -> Container:
    """The parts of a message, those of messages within it included."""
    import email
    import email.errors
    import email.policy

    unread: list[Reason] = []
    entries: list[Entry] = []
    try:
        # The oldest policy: it hands over what is there and never fails on a header.
        message = email.message_from_bytes(data, policy=email.policy.compat32)
        for part in message.walk():
            entries += _part_entries(part, unread)
    except (email.errors.MessageError, ValueError, LookupError, TypeError, AttributeError) as error:
        unread.append(_reason(DamagedError(f"the message cannot be read ({error}): save it again")))
    except RecursionError:
        unread.append(_reason(DamagedError("its parts nest too deeply: save the attachments themselves")))
    return Listing(entries, limits, tuple(dict.fromkeys(unread)))


def open_mbox(data: bytes, limits: ReadLimits, _name: str) -> Container:
    """The messages of a mailbox, each a member (RFC 4155)."""
    starts = [found.span() for found in _MBOX_SPLIT.finditer(data)]
    stops = [start for start, _ in starts[1:]] + [len(data)]
    entries = [
        _stored(f"message {number}.eml", data[begin:stop])
        for number, ((_, begin), stop) in enumerate(zip(starts, stops, strict=True), start=1)
    ]
    return Listing(entries, limits)


def _stored(name: str, content: bytes) -> Entry:
    return Entry(name, len(content), lambda: content)


def _reason(error: UnreadableError) -> Reason:
    return Reason(code=error.code, message=str(error))


def _part_entries(part: Message, unread: list[Reason]) -> Iterator[Entry]:
    kind = part.get_content_type()
    if kind in _ENCRYPTED_TYPES and part.is_multipart():
        unread.append(_reason(EncryptedError("the message is encrypted (PGP/MIME): decrypt it first")))
        return
    if kind == "message/external-body":
        unread.append(
            _reason(UnsupportedError("a part of the message is kept elsewhere: fetch and screen it"))
        )
        return
    if kind == "message/partial":
        unread.append(_reason(UnsupportedError("the message is one of several pieces: join them first")))
        return
    if part.is_multipart():
        for text in (part.preamble, part.epilogue):
            # Programs for mail show neither, and other programs find what is written there.
            content = (text or "").encode("utf-8", "surrogateescape")
            yield from _text_entries(content, "(text around the parts)")
        return
    if any("Multipart" in type(defect).__name__ for defect in part.defects):
        unread.append(_reason(DamagedError("a multipart message lacks its boundaries: save it again")))
    yield from _leaf_entries(part, kind, unread)


def _leaf_entries(part: Message, kind: str, unread: list[Reason]) -> Iterator[Entry]:
    name = _name(part)
    shown = name or f"(part of type {kind})"
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    if encoding not in _ENCODINGS:
        refused = UnsupportedError(f"it is encoded as {encoding!r}, which is not known: send it again")
        yield Entry(shown, 0, refusing(refused))
        return
    try:
        decoded = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AssertionError) as error:
        yield Entry(shown, 0, refusing(DamagedError(f"it cannot be decoded ({error}): send it again")))
        return
    content = decoded if isinstance(decoded, bytes) else b""
    if encoding == "base64" and _lost_base64(part):
        unread.append(_reason(DamagedError(f"the part {shown!r} is damaged base64: send it again")))
    if refusal := _refusal(part, kind, content):
        yield Entry(shown, len(content), refusing(refusal))
    elif kind in _SIGNATURE_TYPES and len(content) <= _MOST_SIGNATURE_BYTES and not _could_be_more(content):
        return
    elif name is None and kind in ("text/plain", "text/html") and not _is_attachment(part):
        yield from _text_entries(content, shown)
    else:
        yield _stored(shown, content)


def _lost_base64(part: Message) -> bool:
    return any("Base64" in type(defect).__name__ for defect in part.defects)


def _refusal(part: Message, kind: str, content: bytes) -> UnreadableError | None:
    if kind in _SMIME_TYPES:
        if str(part.get_param("smime-type", "")).lower() == "signed-data":
            return UnsupportedError("it is wrapped in an S/MIME signature: save the signed files themselves")
        return EncryptedError("it is encrypted (S/MIME): decrypt it and save it again")
    if content.lstrip().startswith(b"-----BEGIN PGP MESSAGE-----"):
        return EncryptedError("it is encrypted (PGP): decrypt it and save it again")
    if content.startswith(_TNEF) or kind in ("application/ms-tnef", "application/vnd.ms-tnef"):
        return UnsupportedError(
            "it is Outlook's winmail.dat, which cannot be opened here: have the files sent as attachments"
        )
    return None


def _is_attachment(part: Message) -> bool:
    return str(part.get_content_disposition() or "") == "attachment"


def _name(part: Message) -> str | None:
    """The file name of a part, its encoded words decoded (RFC 2047, 2231); None where it has none."""
    from email.header import decode_header, make_header

    try:
        name = part.get_filename()
    except (ValueError, LookupError, TypeError):
        return "(unreadable name)"
    if not name:
        return None
    try:
        return str(make_header(decode_header(name))) or None
    except (ValueError, LookupError, TypeError, UnicodeError):
        return str(name)


def _text_entries(content: bytes, shown: str) -> Iterator[Entry]:
    """Files written into a letter, and the letter itself where it may be one."""
    found = list(_UUENCODED.finditer(content))
    for each in found:
        name = each[1].decode("utf-8", "backslashreplace").strip()
        try:
            yield _stored(name, _uudecode(each[2]))
        except binascii.Error as error:
            yield Entry(name, 0, refusing(DamagedError(f"damaged uuencode ({error}): send it again")))
    rest = _UUENCODED.sub(b"", content)
    if _UUENCODE_BEGINS.search(rest):
        yield Entry(
            "(uuencoded file)",
            0,
            refusing(DamagedError("it was cut short: send it again")),
        )
    if _could_be_more(rest):
        yield _stored(shown, rest)


def _uudecode(lines: bytes) -> bytes:
    parts = []
    for line in lines.splitlines():
        if line.strip() and line[:1] != b"`":
            # Some writers leave trailing blanks away, others add a checksum: take what the length promises.
            wanted = -(-((line[0] - 32) & 63) // 3) * 4 + 1
            parts.append(binascii.a2b_uu(line[:wanted]))
    return b"".join(parts)


def _could_be_more(text: bytes) -> bool:
    """Whether a text is more than words: a file of a known format, or one that holds another."""
    from partwatch.formats import containers, registry

    if b";base64," in text or b"-----BEGIN PGP MESSAGE-----" in text:
        return True
    head, stripped = text[: 1 << 16], text.lstrip()
    return any(known.recognises(head, len(text)) for known in registry.FORMATS) or bool(
        containers.recognised(stripped)
    )


_STL = b"solid part\nendsolid part\n" * 20
_EML = b"""From: a@example.org
To: b@example.org
Subject: parts
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="==="

--===
Content-Type: text/plain

Dear all, here they are.
--===
Content-Type: model/stl; name="part.stl"
Content-Disposition: attachment; filename="part.stl"
Content-Transfer-Encoding: base64

%s
--===--
"""


def message_examples() -> dict[str, tuple[bytes, dict[str, bytes]]]:
    """A letter with an attachment, in both kinds of line ends."""
    message = _EML % binascii.b2a_base64(_STL)
    return {
        "attachment": (message, {"part.stl": _STL}),
        "crlf": (message.replace(b"\n", b"\r\n"), {"part.stl": _STL}),
    }


def mbox_examples() -> dict[str, tuple[bytes, dict[str, bytes]]]:
    """Two letters in a mailbox."""
    message = _EML % binascii.b2a_base64(_STL) + b"\n"
    mbox = b"".join(b"From a@example.org Thu Jan  1 00:00:00 2026\n" + message for _ in range(2))
    return {"two": (mbox, {"message 1.eml": message, "message 2.eml": message})}


FORMATS = (
    ContainerFormat("eml", recognises, open_message, message_examples),
    ContainerFormat("mbox", recognises_mbox, open_mbox, mbox_examples),
)
