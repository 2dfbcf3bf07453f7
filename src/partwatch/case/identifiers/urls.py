"""Web addresses: scheme and host in lower case, no default port, no empty path; all else as it stands.
Addresses made harmless for a report (hxxp, [.]) are read as what they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit, urlunsplit

from partwatch.case.identifiers.base import Found, Hint, Kind, NotValidError, shown

_CANDIDATE = re.compile(
    r"(?<![\w.])(?:https?|hxxps?|ftp)(?:://|\[://\]|\[:\]//)[^\s<>\"'`{}|\\^]{3,2000}", re.IGNORECASE
)
_BARE = re.compile(
    r"(?<![\w.@/:-])(?:www\.[\w-]{1,63}(?:\.[\w-]{1,63}){1,3}|t\.me|wa\.me)(?:/[^\s<>\"'`{}|\\^]{0,500})?",
    re.IGNORECASE,
)
_SCHEMES = {"http": 80, "https": 443, "ftp": 21}
_TRAILING = ".,;:!?)]}»”’*_~"
_MOST_CHARS = 4096
_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])")


def find(text: str, hint: Hint) -> Iterator[Found]:
    """Addresses with a scheme, or that begin with www., t.me or wa.me."""
    if "/" not in text and "www." not in text.lower():
        return
    for pattern in (_CANDIDATE, _BARE):
        for one in pattern.finditer(text):
            written = _trimmed(one[0])
            value = _parsed(written)
            if value:
                yield Found("url", value, written, one.start(), one.start() + len(written))


def _trimmed(written: str) -> str:
    """Without the punctuation of the sentence; a bracket that the address itself opened stays."""
    while written and written[-1] in _TRAILING:
        if written[-1] == ")" and written.count("(") >= written.count(")"):
            break
        written = written[:-1]
    return written


@lru_cache(maxsize=1 << 14)
def _parsed(written: str) -> str | None:
    told = written.replace("[.]", ".").replace("[://]", "://").replace("[:]//", "://")
    told = re.sub(r"^hxxp", "http", told, flags=re.IGNORECASE)
    if "://" not in told[:12]:
        told = "https://" + told if told[:5].lower() in ("t.me/", "wa.me") else "http://" + told
    try:
        parts = urlsplit(told)
        port = parts.port
        host = _host(parts.hostname or "")
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in _SCHEMES or host is None:
        return None
    shown_port = "" if port in (None, _SCHEMES[parts.scheme]) else f":{port}"
    user = f"{parts.username}@" if parts.username else ""
    return urlunsplit(
        SplitResult(parts.scheme, user + host + shown_port, parts.path or "/", parts.query, parts.fragment)
    )


def _host(name: str) -> str | None:
    """In lower case and ASCII (IDNA); None where it is none."""
    import ipaddress

    name = name.rstrip(".")
    if ":" in name or re.fullmatch(r"[\d.]+", name):
        address = ipaddress.ip_address(name)
        return f"[{address}]" if address.version == 6 else str(address)
    if not name.isascii():
        name = name.encode("idna").decode("ascii")
    return name.lower() if _HOST.fullmatch(name) or name == "localhost" else None


def normalise(text: str, hint: Hint) -> str:
    """The address. Raises NotValidError."""
    told = text.strip()
    value = _parsed(told) if len(told) <= _MOST_CHARS and not re.search(r"\s", told) else None
    if value is None:
        raise NotValidError(f"{shown(text)} is no web address")
    return value


KIND = Kind(
    "url",
    find,
    normalise,
    (
        ("HTTPS://Shop.Example.org:443", "https://shop.example.org/"),
        ("hxxp://a[.]example.org/x", "http://a.example.org/x"),
    ),
    ("http://", "file.stl", "C:/Users/x", "http://nohost", "and/or"),
)
