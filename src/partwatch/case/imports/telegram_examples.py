"""Tiny exports of Telegram, for the contract test."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from partwatch.case.imports.base import Example


def _bytes(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


_CHAT: dict[str, Any] = {
    "name": "Clock makers",
    "type": "private_supergroup",
    "id": 77,
    "messages": [
        {
            "id": 1, "type": "message", "date": "2024-03-05T10:00:00", "date_unixtime": "1709629200",
            "from": "Ada", "from_id": "user11",
            "text": ["write to ", {"type": "mention", "text": "@gear_shop"}, " or +33 6 12 34 56 78"],
            "text_entities": [
                {"type": "plain", "text": "write to "}, {"type": "mention", "text": "@gear_shop"},
                {"type": "plain", "text": " or +33 6 12 34 56 78"},
            ],
        },
        {
            "id": 2, "type": "message", "date": "2024-03-05T10:01:00", "date_unixtime": "1709629260",
            "from": "Bob", "from_id": "user12", "reply_to_message_id": 1, "forwarded_from": "Gear news",
            "file": "files/wheel.stl", "file_name": "wheel.stl", "mime_type": "model/stl", "file_size": 84,
            "text": "", "text_entities": [],
        },
        "no message",
        {"id": 3, "type": "service", "date": "2024-03-05T10:02:00", "actor": "Ada", "actor_id": "user11",
         "action": "invite_members", "members": ["Cleo"], "text": ""},
    ],
}  # fmt: skip
_ACCOUNT: dict[str, Any] = {
    "about": "Here is the data you requested.",
    "personal_information": {
        "user_id": 11, "first_name": "Ada", "last_name": "L", "phone_number": "+33 6 12 34 56 78",
        "username": "@ada_l",
    },
    "contacts": {
        "about": "", "list": [
            {"user_id": 12, "first_name": "Bob", "last_name": "", "phone_number": "0033612345679"},
            {"user_id": 0, "first_name": "Dan", "last_name": "", "phone_number": "+32470123456"},
        ],
    },
    "chats": {"about": "", "list": [{"name": "Bob", "type": "personal_chat", "id": 12, "messages": [
        {"id": 5, "type": "message", "date": "2024-03-05T10:00:00", "from": "Ada", "from_id": "user11",
         "text": "pay to bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
    ]}]},
}  # fmt: skip


def examples() -> Iterable[Example]:
    """One chat with a message that is none; a whole account."""
    yield Example(
        "chat",
        {"result.json": _bytes(_CHAT)},
        "result.json",
        (
            ("Message", "bodyText", "write to @gear_shop or +33 6 12 34 56 78"),
            ("Message", "date", "2024-03-05T09:00:00+00:00"),
            ("Message", "phoneMentioned", "+33612345678"),
            ("Message", "threadTopic", "Clock makers"),
            ("UserAccount", "username", "user:11"),
            ("UserAccount", "username", "gear_shop"),
            ("UserAccount", "username", "channel:77"),
            ("Item", "fileName", "wheel.stl"),
            ("Message", "namesMentioned", "Gear news"),
            ("Message", "subject", "invite members"),
        ),
        errors=1,
    )
    yield Example(
        "account",
        {"result.json": _bytes(_ACCOUNT)},
        "result.json",
        (
            ("UserAccount", "phone", "+33612345678"),
            ("UserAccount", "username", "ada_l"),
            ("UserAccount", "phone", "+33612345679"),
            ("Person", "name", "Dan"),
            ("CryptoWallet", "publicKey", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        ),
    )
