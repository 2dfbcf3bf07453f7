"""A phone's messages as Telegram Desktop exports them (https://core.telegram.org/import-export)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from benchmarks.cases.tables import Row, value_of


def telegram(rows: list[Row]) -> bytes:
    """result.json of rows as `conversations.chats` has them."""
    owner = next(row for row in rows if row.get("owner"))
    contacts = [_contact(row) for row in rows if row.get("contact")]
    chats: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.get("chat"):
            chat = value_of(row, "chat")
            head = {
                "name": value_of(row, "chat_name"),
                "type": "personal_chat",
                "id": int(chat),
                "messages": [],
            }
            chats.setdefault(chat, head)["messages"].append(_message(row))
    whole = {
        "about": "Here is the data you requested.",
        "personal_information": {
            "user_id": _number(value_of(owner, "owner")),
            "first_name": value_of(owner, "owner_name"),
            "last_name": "",
            "phone_number": value_of(owner, "owner_phone"),
        },
        "contacts": {"about": "", "list": contacts},
        "chats": {"about": "", "list": list(chats.values())},
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def _contact(row: Row) -> dict[str, Any]:
    return {
        "user_id": _number(value_of(row, "contact")),
        "first_name": value_of(row, "contact_name"),
        "last_name": "",
        "phone_number": value_of(row, "contact_phone"),
    }


def _message(row: Row) -> dict[str, Any]:
    at = datetime.fromisoformat(value_of(row, "date"))
    sender = value_of(row, "from")
    text = value_of(row, "text")
    told: dict[str, Any] = {
        "id": int(value_of(row, "local").rpartition("/")[2]),
        "type": "message",
        "date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "date_unixtime": str(int(at.timestamp())),
        "from": value_of(row, "from_name"),
        "from_id": f"user{_number(sender)}",
        "text": text,
        "text_entities": [{"type": "plain", "text": text}],
    }
    if row.get("path"):
        told["file"] = value_of(row, "path")
    return told


def _number(username: str) -> int:
    return int(username.removeprefix("user:"))
