"""E-mail: messages (EML) and mailboxes (mbox). Headers, text and attachments of each; nothing is unpacked
further.

Parsed under the oldest of Python's policies (compat32), since the newer ones raise on hostile headers
(docs/decisions/0014). An address is an account of the service "email"; an attachment is an item by its
SHA-256.
"""

from __future__ import annotations

import email.errors
import email.header
import email.policy
import email.utils
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC
from email.message import Message
from email.parser import BytesParser
from functools import lru_cache
from pathlib import Path
from typing import Final

from partwatch.case.identifiers.base import Hint, NotValidError
from partwatch.case.identifiers.dates import moment
from partwatch.case.identifiers.emails import normalise as address_of
from partwatch.case.imports.base import Importer, Reading, RowError, Told
from partwatch.case.imports.mail_examples import examples
from partwatch.case.imports.markup import text_of_html
from partwatch.case.imports.telling import Telling, key_of
from partwatch.case.imports.textual import check_file, head_of
from partwatch.case.imports.values import clean
from partwatch.model.errors import UsageError

_MOST_LINE: Final = 1 << 20
_MOST_MESSAGE_BYTES: Final = 64 << 20
_MOST_HEADER_CHARS: Final = 1 << 16
_MOST_ADDRESSES: Final = 1000
_MOST_PARTS: Final = 1000
_MOST_DEPTH: Final = 16
_MOST_TEXT: Final = 1 << 18
_FROM_LINE = re.compile(rb"From [^\r\n]+\r?\n")
_HEADER = re.compile(rb"([!-9;-~]+)[ \t]*:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*")
_KNOWN_HEADERS = frozenset(
    b"from to cc bcc subject date message-id mime-version content-type received return-path delivered-to "
    b"reply-to sender x-mailer".split()
)
_PREFIX = re.compile(r"^(?:\s*(?:re|fwd?|tr|aw|wg|antw|rv|sv)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+%-]{1,64}@[\w.-]{1,190}")
_ID = re.compile(r"<([^<>\s]{1,500})>")
# What the standard library raises on messages made to break it.
_HOSTILE = (
    email.errors.MessageError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)


def read(reading: Reading) -> Iterator[Told]:
    """Each message of a file, in order. Raises UsageError where it holds none."""
    check_file(reading)
    count = 0
    seen: set[tuple[str, ...]] = set()
    for content in _messages(reading.path):
        count += 1
        place = f"mail {count}"
        if count > reading.limits.rows:
            yield RowError(place, f"more than {reading.limits.rows:,} messages", "split the mailbox")
            return
        if content is None:
            yield RowError(place, f"has more than {_MOST_MESSAGE_BYTES:,} bytes", "save it on its own")
            continue
        telling = Telling(reading.sha256, place, None, Hint(reading.region), reading.limits, seen=seen)
        try:
            message = BytesParser(policy=email.policy.compat32).parsebytes(content)
            _message(message, telling, place)
        except _HOSTILE as error:
            telling.error(
                f"cannot be read to its end ({type(error).__name__}: {error})"[:300], "save it again"
            )
        yield from telling.told
    if not count:
        raise UsageError(f"{reading.path.name}: holds no message")


def _messages(path: Path) -> Iterator[bytes | None]:
    """The bytes of each message; None of one that is too long."""
    try:
        with path.open("rb") as file:
            first = file.readline(_MOST_LINE)
            if not first:
                return
            if not _FROM_LINE.match(first):
                if not _known_headers(path):
                    raise UsageError(
                        f"{path.name}: is neither a message nor a mailbox (mbox): check the file"
                    )
                content = first + file.read(_MOST_MESSAGE_BYTES + 1 - len(first))
                yield content if len(content) <= _MOST_MESSAGE_BYTES else None
                return
            yield from _mailbox(file)
    except OSError as error:
        raise UsageError(f"{path.name}: cannot be read ({error.strerror or error})") from None


def _mailbox(file: object) -> Iterator[bytes | None]:
    held = bytearray()
    too_long, blank = False, False
    readline = file.readline  # type: ignore[attr-defined]  # an open file
    while line := readline(_MOST_LINE):
        if blank and _FROM_LINE.match(line):
            yield None if too_long else bytes(held)
            held, too_long, blank = bytearray(), False, False
            continue
        blank = line in (b"\n", b"\r\n")
        if line.startswith(b">") and line.lstrip(b">").startswith(b"From "):
            line = line[1:]
        if len(held) + len(line) > _MOST_MESSAGE_BYTES:
            too_long = True
        else:
            held += line
    yield None if too_long else bytes(held)


Headers = dict[str, list[str]]


def headers_of(message: Message) -> Headers:
    """The headers of a message by their names in lower case, in order, as they stand."""
    found: Headers = {}
    for name, value in message.items():
        found.setdefault(name.lower(), []).append(str(value)[:_MOST_HEADER_CHARS])
    return found


def header(headers: Headers, name: str) -> str:
    """A header as people read it: decoded, on one line; "" where it is not there."""
    raw = headers.get(name)
    return decoded(raw[0]) if raw else ""


@lru_cache(maxsize=1 << 12)
def decoded(raw: str) -> str:
    """Words of RFC 2047 as text; bytes of no stated charset as UTF-8, else cp1252."""
    raw = raw[:_MOST_HEADER_CHARS]
    if any("\udc80" <= one <= "\udcff" for one in raw):
        data = (
            raw.encode("ascii", "surrogateescape")
            if raw.isascii()
            else raw.encode("utf-8", "surrogateescape")
        )
        raw = _bytes_text(data, None)
    if "=?" not in raw:
        return " ".join(clean(raw).split())
    parts = []
    try:
        for text, charset in email.header.decode_header(raw):
            parts.append(text if isinstance(text, str) else _bytes_text(text, charset))
    except _HOSTILE:
        parts = [raw]
    return " ".join(clean("".join(parts)).split())


def _bytes_text(data: bytes, charset: str | None) -> str:
    for one in (charset, "utf-8"):
        if one:
            try:
                return data.decode(one)
            except (LookupError, ValueError):
                pass
    return data.decode("cp1252", "replace")


def _message(message: Message, telling: Telling, place: str) -> None:
    headers = headers_of(message)
    if not any(headers.get(one) for one in ("from", "to", "date", "subject", "message-id")):
        telling.error("has no header of a message", "save it again")
        return
    telling.said_at = _date(headers)
    found = _ID.search(header(headers, "message-id"))
    local = found[1] if found else place
    key, schema = telling.record("Message", local), "Message"
    telling.put(key, schema, "messageId", local)
    subject = header(headers, "subject")
    telling.put(key, schema, "subject", subject)
    telling.put(key, schema, "threadTopic", _PREFIX.sub("", subject))
    if telling.said_at:
        telling.say(key, schema, "date", telling.said_at)
    sender = _parties(headers, key, telling)
    _thread(headers, key, telling)
    telling.put(key, schema, "ipMentioned", header(headers, "x-originating-ip").strip("[]"))
    text = _parts(message, key, sender, telling)
    if text:
        telling.put(key, schema, "bodyText", text)
    telling.mentions(key, schema, f"{subject}\n{text}")


def _date(headers: Headers) -> str | None:
    try:
        told = email.utils.parsedate_to_datetime(header(headers, "date"))
        return moment(told if told.tzinfo else told.replace(tzinfo=UTC))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _parties(headers: Headers, key: str, telling: Telling) -> str | None:
    """Who wrote to whom; the sender's account."""
    sender = None
    for name, address in _addresses(headers, "from", "sender"):
        account = telling.mailbox(address, name or None)
        telling.say(key, "Message", "senderAccount", account)
        sender = sender or account
    for name, address in _addresses(headers, "to", "cc", "bcc", "delivered-to"):
        telling.say(key, "Message", "recipientAccount", telling.mailbox(address, name or None))
    for name, address in _addresses(headers, "reply-to"):
        telling.say(key, "Message", "accountMentioned", telling.mailbox(address, name or None))
    return sender


def _addresses(headers: Headers, *names: str) -> list[tuple[str, str]]:
    """Names and addresses of some headers, each address once."""
    raw = [one for name in names for one in headers.get(name, [])[:50]]
    if not raw:
        return []
    found: dict[str, str] = {}
    try:
        pairs = email.utils.getaddresses(raw)
    except _HOSTILE:
        # Brackets upon brackets: what looks like an address in them, without names.
        pairs = [("", one) for text in raw for one in _ADDRESS.findall(text)]
    for name, address in pairs[:_MOST_ADDRESSES]:
        told = decoded(address)
        try:
            told = address_of(told, Hint())
        except NotValidError:
            # An address of a closed network (name@host), or of nobody: kept if it looks like one at all.
            told = told.lower() if re.fullmatch(r"[^\s@<>]{1,64}@[\w.-]{1,190}", told) else ""
        if told:
            found[told] = found.get(told) or decoded(name)
    return [(name, address) for address, name in found.items()]


def _thread(headers: Headers, key: str, telling: Telling) -> None:
    replied = _ID.findall(header(headers, "in-reply-to")) or _ID.findall(header(headers, "references"))[-1:]
    for one in replied[:1]:
        target = telling.record("Message", one)
        # The message replied to is there, if only by its id, also where the mailbox lacks it.
        telling.put(target, "Message", "messageId", one)
        telling.put(key, "Message", "inReplyTo", one)
        telling.say(key, "Message", "inReplyToMessage", target)


def _parts(message: Message, key: str, sender: str | None, telling: Telling) -> str:
    """The text; attachments are said on the way."""
    plain: list[str] = []
    marked: list[str] = []
    for count, (part, depth, nested) in enumerate(_leaves(message)):
        if count >= _MOST_PARTS or depth > _MOST_DEPTH:
            telling.error("has more parts, or more deeply nested ones, than any letter: the rest is left out")
            break
        kind = part.get_content_type()
        name = _file_name(part)
        attached = part.get_content_disposition() == "attachment"
        if kind in ("text/plain", "text/html") and not name and not attached:
            if not nested:
                (plain if kind == "text/plain" else marked).append(_text(part))
        else:
            _attachment(part, name, key, sender, telling)
    text = "\n".join(plain).strip()
    if not text and marked:
        text = text_of_html("\n".join(marked))
    return text[:_MOST_TEXT]


def _leaves(message: Message) -> Iterator[tuple[Message, int, bool]]:
    """Parts that hold no others, with their depth, and whether they are of a message within the message."""
    stack: list[tuple[Message, int, bool]] = [(message, 0, False)]
    while stack:
        part, depth, nested = stack.pop()
        payload = part.get_payload()
        if isinstance(payload, list) and depth <= _MOST_DEPTH:
            inner = nested or part.get_content_type() == "message/rfc822"
            stack += [(one, depth + 1, inner) for one in reversed(payload) if isinstance(one, Message)]
        else:
            yield part, depth, nested


def _file_name(part: Message) -> str:
    try:
        return decoded(part.get_filename() or "")
    except _HOSTILE:
        return ""


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    try:
        charset = part.get_content_charset()
    except _HOSTILE:
        charset = None
    return _bytes_text(data, charset) if isinstance(data, bytes) else ""


def _attachment(part: Message, name: str, key: str, sender: str | None, telling: Telling) -> None:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or not data:
        telling.error(f"the attachment {name!r} holds nothing that can be decoded")
        return
    digest = hashlib.sha256(data).hexdigest()
    item = key_of("Item", digest)
    telling.say(item, "Item", "contentHash", digest)
    telling.put(item, "Item", "fileName", name)
    telling.put(item, "Item", "mimeType", part.get_content_type())
    telling.say(item, "Item", "fileSize", str(len(data)))
    telling.say(item, "Item", "message", key)
    if sender:
        telling.say(item, "Item", "account", sender)


def looks(path: Path) -> bool:
    """Headers of a message, two of them well-known; behind a "From " line, of a mailbox."""
    return _known_headers(path) >= 2


def _known_headers(path: Path) -> int:
    head = head_of(path, 1 << 16)
    first = _FROM_LINE.match(head)
    at, known = (first.end() if first else 0), 0
    while known < 2 and (found := _HEADER.match(head, at)) is not None:
        known += found[1].lower() in _KNOWN_HEADERS
        at = found.end()
    return known


IMPORTER = Importer(
    name="mail",
    version="1",
    title="e-mail (EML, mbox)",
    looks=looks,
    read=read,
    examples=examples,
)
