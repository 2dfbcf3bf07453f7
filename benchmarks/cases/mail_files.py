"""A computer's mail as an mbox (RFC 4155)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from email.header import Header
from email.utils import format_datetime

from benchmarks.cases.tables import Row, value_of


def mbox(rows: list[Row], files: Mapping[str, tuple[str, bytes]]) -> bytes:
    """A mailbox of rows as `conversations.mailbox` has them. files: name and bytes by sha256."""
    return "".join(_letter(row, files) for row in rows).encode()


def _letter(row: Row, files: Mapping[str, tuple[str, bytes]]) -> str:
    at = datetime.fromisoformat(value_of(row, "date"))
    head = [
        f"From {value_of(row, 'sender')} {at.strftime('%a %b %d %H:%M:%S %Y')}",
        f"From: {_who(row, 'sender')}",
        f"To: {_who(row, 'recipient')}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{value_of(row, 'local')}>",
        f"Subject: {_word(value_of(row, 'subject'))}",
        "MIME-Version: 1.0",
    ]
    text = [
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        value_of(row, "text"),
    ]
    if not row.get("sha256"):
        return "\n".join([*head, *text, "", ""])
    name, content = files[value_of(row, "sha256")]
    attached = [
        f"Content-Type: {value_of(row, 'type')}",
        f'Content-Disposition: attachment; filename="{name}"',
        "Content-Transfer-Encoding: base64",
        "",
        base64.encodebytes(content).decode().rstrip("\n"),
    ]
    parts = ['Content-Type: multipart/mixed; boundary="--edge"', "", "----edge", *text, "----edge", *attached]
    return "\n".join([*head, *parts, "----edge--", "", ""])


def _who(row: Row, end: str) -> str:
    return f"{_word(value_of(row, f'{end}_name'))} <{value_of(row, end)}>"


def _word(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=500).encode()
