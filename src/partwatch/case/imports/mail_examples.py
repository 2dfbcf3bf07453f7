"""Tiny mailboxes, for the contract test."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from partwatch.case.imports.base import Example

_FILE = b"solid wheel\nendsolid wheel\n"
_FIRST = (
    b"From: =?utf-8?q?Jos=C3=A9?= <Jose@Example.org>\nTo: Ada <ada@example.org>, bob@example.net\n"
    b"Subject: Re: gears\nDate: Tue, 5 Mar 2024 10:00:00 +0100\nMessage-ID: <b@example.org>\n"
    b"In-Reply-To: <a@example.org>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=xx\n\n"
    b"--xx\nContent-Type: text/plain; charset=iso-8859-1\n\nCall me: +33 6 12 34 56 78, caf\xe9 at noon.\n"
    b"--xx\nContent-Type: model/stl\nContent-Disposition: attachment; filename=wheel.stl\n\n"
    + _FILE
    + b"\n--xx--\n"
)
_SECOND = (
    b"From: ada@example.org\nTo: jose@example.org\nSubject: html\nDate: nonsense\nContent-Type: text/html\n\n"
    + (b"<p>parcel RA473124829SE</p><script>+33611111111</script>\n")
)
_MBOX = (
    b"From jose@example.org Tue Mar  5 10:00:00 2024\n" + _FIRST + b"\n"
    b"From nobody Tue Mar  5 10:00:00 2024\n\nno header at all\n\n"
    b"From ada@example.org Tue Mar  5 11:00:00 2024\n" + _SECOND
)


def examples() -> Iterable[Example]:
    """One message; a mailbox with one that is none."""
    said = (
        ("Message", "subject", "Re: gears"),
        ("Message", "threadTopic", "gears"),
        ("Message", "date", "2024-03-05T09:00:00+00:00"),
        ("Message", "inReplyTo", "a@example.org"),
        ("Message", "phoneMentioned", "+33612345678"),
        ("Message", "bodyText", "Call me: +33 6 12 34 56 78, café at noon."),
        ("UserAccount", "name", "José"),
        ("UserAccount", "email", "Jose@example.org"),
        ("UserAccount", "username", "bob@example.net"),
        ("Item", "contentHash", hashlib.sha256(_FILE).hexdigest()),
        ("Item", "fileName", "wheel.stl"),
        ("Item", "mimeType", "model/stl"),
    )
    yield Example("eml", {"a.eml": _FIRST}, "a.eml", said)
    yield Example(
        "mbox", {"a.mbox": _MBOX}, "a.mbox", (*said, ("Parcel", "trackingNumber", "RA473124829SE")), errors=1
    )
