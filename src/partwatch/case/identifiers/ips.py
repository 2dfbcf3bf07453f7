"""IP addresses, by the standard library: IPv4, and IPv6 in the form of RFC 5952."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from partwatch.case.identifiers.base import Found, Hint, Kind, NotValidError, before, shown

_V4 = re.compile(r"(?<![\w.:@/-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_V6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:]*[0-9])[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){2,7}(?![\w:])")
_NO_ADDRESS = re.compile(
    r"(?:\b(?:v|ver|version|firmware|build|release|rev|section|chapter|clause|update|driver)|§)[\s.:]*(?:is\s+)?$"
)


def find(text: str, hint: Hint) -> Iterator[Found]:
    """Addresses; four numbers behind a word that says version are none."""
    if "." in text:
        for one in _V4.finditer(text):
            if not _NO_ADDRESS.search(before(text, one.start(), 16)):
                yield from _checked(one)
    if text.count(":") >= 2:
        for one in _V6.finditer(text):
            # Below three colons it may as well be a time of day, or a name of a program.
            if one[0].count(":") >= 3:
                yield from _checked(one)


def _checked(one: re.Match[str]) -> Iterator[Found]:
    try:
        value = str(ipaddress.ip_address(one[0]))
    except ValueError:
        return
    yield Found("ip", value, one[0], *one.span())


def normalise(text: str, hint: Hint) -> str:
    """The address in its short form; a port or brackets around it are taken off. Raises NotValidError."""
    told = text.strip()
    if match := re.fullmatch(r"\[([^\]]{1,60})\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}", told):
        told = match[1] or match[2]
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        raise NotValidError(f"{shown(text)} is no IP address") from None
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        raise NotValidError(f"{shown(text)} holds only on one machine (%zone)")
    return str(address)


KIND = Kind(
    "ip",
    find,
    normalise,
    (("192.0.2.7", "192.0.2.7"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1")),
    ("version 10.0.19.41", "999.1.2.3", "12:30:45", "00:1A:2B:3C:4D:5E", "1.2.3.4.5", "std::string"),
)
