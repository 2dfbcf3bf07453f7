"""Telegram Desktop's export in JSON (result.json): of one chat, or of a whole account.

An account is known by Telegram's number for it: username "user:123", "channel:123", "chat:123" (no username
can hold a colon). A name that is only mentioned ("@name") is an account by that name; which number it has,
the export says of its owner alone. Format: https://core.telegram.org/import-export and Telegram Desktop's
sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from partwatch.case.identifiers.base import Hint, NotValidError
from partwatch.case.identifiers.phones import normalise as phone
from partwatch.case.imports.base import Importer, Reading, RowError, Told
from partwatch.case.imports.jsonstream import BrokenJsonError, TooLargeError, each
from partwatch.case.imports.telegram_examples import examples
from partwatch.case.imports.telling import Telling
from partwatch.case.imports.textual import check_file, head_of
from partwatch.case.imports.values import clean
from partwatch.model.errors import UsageError

SERVICE: Final = "telegram"
_LISTS = ("chats.list.item", "left_chats.list.item")
_MESSAGES = frozenset(("messages.item", *(f"{one}.messages.item" for one in _LISTS)))
_CHAT = frozenset(
    f"{head}{name}" for head in ("", *(f"{one}." for one in _LISTS)) for name in ("name", "type", "id")
)
_OTHER = frozenset(
    ("personal_information", "contacts.list.item", "frequent_contacts.list.item", "sessions.list.item")
)
_PEER = re.compile(r"(user|channel|chat|group)(\d{1,20})")
_MOST_TEXT = 1 << 20
_MOST_MEMBERS = 1000


@dataclass
class _Export:
    """Where the reading is. chat: the one whose messages come; owner: the account of the export."""

    reading: Reading
    chat: dict[str, Any] = field(default_factory=dict)
    owner: str | None = None
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def telling(self, place: str) -> Telling:
        reading = self.reading
        return Telling(reading.sha256, place, None, Hint(reading.region), reading.limits, seen=self.seen)


def read(reading: Reading) -> Iterator[Told]:
    """Messages, accounts, contacts and sessions, in the order of the file."""
    check_file(reading)
    export = _Export(reading)
    count = 0
    try:
        for prefix, value in each(
            reading.path, lambda one: one in _MESSAGES or one in _CHAT or one in _OTHER
        ):
            if prefix in _CHAT:
                # The name of a chat comes first; a new one begins there.
                name = prefix.rpartition(".")[2]
                export.chat = {} if name == "name" else export.chat
                export.chat[name] = value
                continue
            count += 1
            if count > reading.limits.rows:
                yield RowError(
                    f"record {count}", f"more than {reading.limits.rows:,} records", "split the export"
                )
                return
            yield from _one(prefix, value, count, export)
    except BrokenJsonError as error:
        if not count:
            raise UsageError(f"{reading.path.name}: is no whole JSON ({error}): export it again") from None
        yield RowError(f"behind record {count}", f"is no JSON from here on ({error})", "export it again")
    if not count:
        raise UsageError(f"{reading.path.name}: holds no message, contact or account of Telegram")


def _one(prefix: str, value: Any, count: int, export: _Export) -> list[Told]:
    place = f"record {count}"
    telling = export.telling(place)
    if isinstance(value, TooLargeError):
        telling.error(str(value))
    elif not isinstance(value, dict):
        telling.error("is no object as Telegram writes it")
    elif prefix in _MESSAGES:
        telling.place = f"chat {_short(export.chat.get('id'))}, message {_short(value.get('id', count))}"
        _message(value, export, telling)
    elif prefix == "personal_information":
        telling.place = prefix
        _owner(value, export, telling)
    elif prefix == "sessions.list.item":
        _session(value, export, telling)
    else:
        telling.place = f"{prefix.partition('.')[0]}, {place}"
        _contact(value, telling)
    return telling.told


def _short(value: Any) -> str:
    return clean(str(value))[:40]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def peer(value: Any, kind: str = "user") -> str | None:
    """An account's number as its username here: "user:123" of "user123" or 123."""
    if isinstance(value, str):
        match = _PEER.fullmatch(value)
        return f"{match[1]}:{match[2]}" if match else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 63:
        return f"{kind}:{value}"
    return None


def _when(value: dict[str, Any]) -> str | None:
    """The moment in UTC where the export has it; else its local time, without a zone."""
    stamp = value.get("date_unixtime")
    if isinstance(stamp, str) and re.fullmatch(r"\d{1,11}", stamp):
        return datetime.fromtimestamp(int(stamp), UTC).isoformat()
    local = _text(value.get("date"))
    return local if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", local) else None


def _account(value: Any, name: Any, telling: Telling, kind: str = "user") -> str | None:
    username = peer(value, kind)
    return telling.account(SERVICE, username, _text(name) or None) if username else None


def _message(value: dict[str, Any], export: _Export, telling: Telling) -> None:
    chat = export.chat
    telling.said_at = _when(value)
    chat_id = _short(chat.get("id"))
    key = telling.record("Message", f"{chat_id}/{_short(value.get('id'))}")
    schema = "Message"
    telling.say(key, schema, "messageId", f"{chat_id}/{_short(value.get('id'))}")
    telling.put(key, schema, "threadTopic", _text(chat.get("name")))
    if telling.said_at:
        telling.say(key, schema, "date", telling.said_at)
    sender = _account(
        value.get("from_id", value.get("actor_id")), value.get("from", value.get("actor")), telling
    )
    if sender:
        telling.say(key, schema, "senderAccount", sender)
    receiver = _receiver(export, value, telling)
    if receiver:
        telling.say(key, schema, "recipientAccount", receiver)
    _reply(value, chat_id, key, telling)
    _forwarded(value, key, telling)
    if value.get("type") == "service":
        _service(value, key, telling)
    _said(value, key, telling)
    _attached(value, key, sender, telling)
    if isinstance(value.get("contact_information"), dict):
        _contact(value["contact_information"], telling, mentioned_by=key)


def _receiver(export: _Export, value: dict[str, Any], telling: Telling) -> str | None:
    """Whom a message goes to: the group or channel; in a private chat the other of the two."""
    chat = export.chat
    kind = _text(chat.get("type"))
    if "group" in kind:
        return _account(
            chat.get("id"), chat.get("name"), telling, "chat" if kind == "private_group" else "channel"
        )
    if "channel" in kind:
        return _account(chat.get("id"), chat.get("name"), telling, "channel")
    other, sender = peer(chat.get("id")), peer(value.get("from_id"))
    if kind not in ("personal_chat", "bot_chat") or other is None or sender is None:
        return None
    if sender != other:
        return telling.account(SERVICE, other, _text(chat.get("name")) or None)
    return telling.account(SERVICE, export.owner) if export.owner else None


def _reply(value: dict[str, Any], chat_id: str, key: str, telling: Telling) -> None:
    to = value.get("reply_to_message_id")
    if isinstance(to, int):
        local = f"{chat_id}/{to}"
        # The message replied to is there, if only by its number, also where the export lacks it.
        target = telling.record("Message", local)
        telling.say(target, "Message", "messageId", local)
        telling.say(key, "Message", "inReplyToMessage", target)


def _forwarded(value: dict[str, Any], key: str, telling: Telling) -> None:
    name = _text(value.get("forwarded_from"))
    account = _account(value.get("forwarded_from_id"), name, telling)
    if account:
        telling.say(key, "Message", "accountMentioned", account, name or None)
    elif name:
        telling.put(key, "Message", "namesMentioned", name)
    if name:
        telling.put(key, "Message", "description", f"forwarded from {name}")


def _service(value: dict[str, Any], key: str, telling: Telling) -> None:
    action = _text(value.get("action"))
    telling.put(key, "Message", "subject", action.replace("_", " "))
    telling.put(key, "Message", "summary", _text(value.get("title")))
    members = value.get("members")
    for name in (members if isinstance(members, list) else [])[:_MOST_MEMBERS]:
        telling.put(key, "Message", "namesMentioned", _text(name))


def _said(value: dict[str, Any], key: str, telling: Telling) -> None:
    """The text, and what is named in it: as Telegram marked it, and as it is found."""
    parts = value.get("text_entities") or value.get("text")
    parts = parts if isinstance(parts, list) else [parts]
    text = "".join(
        one if isinstance(one, str) else _text(one.get("text"))
        for one in parts
        if isinstance(one, (str, dict))
    )
    if not text:
        return
    telling.put(key, "Message", "bodyText", text)
    seen = len(telling.told)
    telling.mentions(key, "Message", text[:_MOST_TEXT], SERVICE)
    marked = [one for one in parts if isinstance(one, dict) and one.get("type") not in (None, "plain")]
    if marked:
        found = {(one.prop, one.value) for one in telling.told[seen:] if not isinstance(one, RowError)}
        for one in marked[:_MOST_MEMBERS]:
            _marked(one, key, found, telling)


def _marked(part: dict[str, Any], key: str, found: set[tuple[str, str]], telling: Telling) -> None:
    """What Telegram itself took for a phone, an address or an account; unless it was found as well."""
    kind, text = part.get("type"), _text(part.get("text"))
    if kind == "mention_name":
        account = _account(part.get("user_id"), text, telling)
        if account:
            telling.say(key, "Message", "accountMentioned", account, clean(text))
    elif kind == "text_link":
        telling.mentions(key, "Message", _text(part.get("href")), SERVICE)
    elif kind == "phone":
        value = _phone_of(text, telling.hint)
        if value and ("phoneMentioned", value) not in found:
            telling.say(key, "Message", "phoneMentioned", value, clean(text))


def _phone_of(text: str, hint: Hint) -> str | None:
    try:
        return phone(text, hint)
    except NotValidError:
        return None


def _attached(value: dict[str, Any], key: str, sender: str | None, telling: Telling) -> None:
    """A file or a photo by its name: what it holds is imported with its folder."""
    path = _text(value.get("file")) or _text(value.get("photo"))
    name = _text(value.get("file_name")) or (
        path.replace("\\", "/").rpartition("/")[2] if not path.startswith("(") else ""
    )
    if not path and not name:
        return
    item = telling.record("Item", f"{key}/file")
    telling.put(item, "Item", "fileName", name)
    if path and not path.startswith("("):
        telling.put(item, "Item", "path", path)
    telling.put(
        item,
        "Item",
        "mimeType",
        _text(value.get("mime_type")) or ("image/jpeg" if value.get("photo") else ""),
    )
    telling.put(item, "Item", "format", _text(value.get("media_type")))
    size = value.get("file_size", value.get("photo_file_size"))
    if isinstance(size, int) and 0 <= size < 1 << 63:
        telling.say(item, "Item", "fileSize", str(size))
    telling.say(item, "Item", "message", key)
    if sender:
        telling.say(item, "Item", "account", sender)


def _owner(value: dict[str, Any], export: _Export, telling: Telling) -> None:
    """The one whose account it is: its number and its username are one account's."""
    name = f"{_text(value.get('first_name'))} {_text(value.get('last_name'))}".strip()
    export.owner = peer(value.get("user_id"))
    account = _account(value.get("user_id"), name, telling)
    username = _text(value.get("username")).removeprefix("@").lower()
    named = telling.account(SERVICE, username, name) if username else None
    for key in (account, named):
        if key:
            telling.put(key, "UserAccount", "phone", _text(value.get("phone_number")))
            telling.put(key, "UserAccount", "summary", _text(value.get("bio")))
    if account and named:
        link = telling.record("UnknownLink", "owner")
        telling.say(link, "UnknownLink", "subject", account)
        telling.say(link, "UnknownLink", "object", named)
        telling.say(link, "UnknownLink", "role", "same account: number and username")


def _contact(value: dict[str, Any], telling: Telling, mentioned_by: str | None = None) -> None:
    """An entry of the address book: an account where it has a number at Telegram, else a person."""
    telling.said_at = telling.said_at or _when(value)
    name = f"{_text(value.get('first_name'))} {_text(value.get('last_name'))}".strip() or _text(
        value.get("name")
    )
    number = value.get("user_id", value.get("id"))
    account = _account(number, name, telling)
    key, schema = account, "UserAccount"
    if key is None:
        told = _text(value.get("phone_number"))
        if not name and not told:
            return
        key, schema = telling.record("Person", f"contact/{name}/{told}"), "Person"
        telling.put(key, schema, "name", name)
    telling.put(key, schema, "phone", _text(value.get("phone_number")))
    if mentioned_by and account:
        telling.say(mentioned_by, "Message", "accountMentioned", account)
    elif mentioned_by:
        telling.put(mentioned_by, "Message", "peopleMentioned", name)
        telling.put(mentioned_by, "Message", "phoneMentioned", _text(value.get("phone_number")))


def _session(value: dict[str, Any], export: _Export, telling: Telling) -> None:
    """A device that was logged in: its address, on the account of the export."""
    telling.place = f"sessions, {telling.place}"
    if export.owner:
        account = telling.account(SERVICE, export.owner)
        telling.put(account, "UserAccount", "ipAddress", _text(value.get("last_ip")))


def looks(path: Path) -> bool:
    """JSON that begins with the keys of such an export."""
    head = head_of(path, 1 << 14).lstrip(b"\xef\xbb\xbf \r\n\t")
    if not head.startswith(b"{"):
        return False
    whole = b'"personal_information"' in head or (b'"chats"' in head and b'"about"' in head)
    return whole or (b'"messages"' in head and b'"type"' in head and b'"id"' in head and b'"name"' in head)


IMPORTER = Importer(
    name="telegram",
    version="1",
    title="Telegram Desktop's JSON export",
    looks=looks,
    read=read,
    examples=examples,
)
