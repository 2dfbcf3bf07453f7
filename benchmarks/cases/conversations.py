"""What lay on seized phones and computers: messages and mail, as their exports say it."""

from __future__ import annotations

from typing import Final

from benchmarks.cases.sources import MESSENGER
from benchmarks.cases.tables import Slot, Table
from partwatch.case.statements import Reliability

_MESSAGE_LINKS: Final = {
    "senderAccount": "sender",
    "recipientAccount": "recipient",
    "parcelMentioned": "mentioned",
}
_FILE_LINKS: Final = {"message": "message", "account": "sender"}
_MENTIONED: Final = Slot("mentioned", "Parcel", {"trackingNumber": "mention"}, keys=("mention",), once=True)


def _messenger(slot: str, column: str, *, phone: bool = False) -> Slot:
    says = {"service": f"={MESSENGER}", "username": column, "name": f"{column}_name"}
    if phone:
        says["phone"] = f"{column}_phone"
    return Slot(slot, "UserAccount", says, keys=(f"={MESSENGER}", column), once=True)


def chats(name: str, exhibit: str) -> Table:
    """What is on one seized phone: its owner, their contacts, the messages. exhibit: its number."""
    file = Slot("file", "Item", {"fileName": "file", "path": "path"}, _FILE_LINKS, of="message")
    says = {"messageId": "local", "threadTopic": "chat_name", "date": "date", "bodyText": "text"}
    message = Slot(
        "message", "Message", says, _MESSAGE_LINKS, local="local", shown={"parcelMentioned": "mention"}
    )
    slots = (
        _messenger("owner", "owner", phone=True),
        _messenger("contact", "contact", phone=True),
        _messenger("sender", "from"),
        _messenger("recipient", "to"),
        message,
        file,
        _MENTIONED,
    )
    columns = (
        "owner",
        "owner_name",
        "owner_phone",
        "contact",
        "contact_name",
        "contact_phone",
        "chat",
        "chat_name",
        "date",
        "from",
        "from_name",
        "to",
        "to_name",
        "text",
        "file",
        "path",
        "mention",
    )
    return Table(
        name,
        "telegram",
        f"telephone {exhibit}",
        Reliability.FAIRLY,
        slots,
        {name: name for name in columns},
        said_at="date",
        place="message",
        first=1,
        by=("chat", "date", "text"),
    )


def mailbox(name: str, exhibit: str) -> Table:
    """The mail of one seized computer."""
    ends = [
        Slot(
            end,
            "UserAccount",
            {"service": "=email", "username": end, "email": end, "name": f"{end}_name"},
            keys=("=email", end),
            once=True,
        )
        for end in ("sender", "recipient")
    ]
    says = {
        "messageId": "local",
        "subject": "subject",
        "threadTopic": "subject",
        "date": "date",
        "bodyText": "text",
    }
    message = Slot(
        "message", "Message", says, _MESSAGE_LINKS, local="local", shown={"parcelMentioned": "mention"}
    )
    known = {"contentHash": "sha256", "fileName": "file", "mimeType": "type", "fileSize": "bytes"}
    file = Slot("file", "Item", known, _FILE_LINKS, keys=("sha256",))
    columns = (
        "local",
        "date",
        "sender",
        "sender_name",
        "recipient",
        "recipient_name",
        "subject",
        "text",
        "mention",
        "file",
        "sha256",
        "type",
        "bytes",
    )
    return Table(
        name,
        "mail",
        f"computer {exhibit}",
        Reliability.FAIRLY,
        (*ends, message, file, _MENTIONED),
        {name: name for name in columns},
        said_at="date",
        place="mail",
        first=1,
        by=("date", "local"),
    )
