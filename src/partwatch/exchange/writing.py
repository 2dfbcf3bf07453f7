"""Bytes out: hashed as they go, and no text of a case can break out of where it is written."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, BinaryIO, Final

# What a string of JSON may hold by its grammar and should not: what ends a script of an HTML page, what
# reorders or hides text on a screen, what a terminal obeys.
_RISKY: Final = re.compile("[<>&\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
# All that XML 1.0 allows (production 2, Char) but the carriage return, which a parser turns into a newline.
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT: Final = "\ufffd"


def clean(text: str) -> str:
    """Text that UTF-8 can hold: lone surrogates become U+FFFD."""
    return _SURROGATES.sub(_REPLACEMENT, text)


def json_text(value: Any) -> str:
    """One line of JSON, in the order of the keys as they are, safe inside an HTML script as well. Raises
    ValueError for numbers that JSON has no words for."""
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _RISKY.sub(lambda found: f"\\u{ord(found.group()):04x}", clean(told))


def xml_text(text: str) -> str:
    """Text for an element or an attribute of XML 1.0; what it cannot hold becomes U+FFFD."""
    told = _NO_XML.sub(_REPLACEMENT, text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return told.replace('"', "&quot;").replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")


def xml_safe(text: str) -> bool:
    """Whether XML 1.0 can hold it as it is."""
    return _NO_XML.search(text) is None


class Sink:
    """Writes UTF-8 to a stream of bytes, and knows what it wrote."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def write(self, text: str) -> None:
        """Write this text."""
        data = clean(text).encode("utf-8")
        self._digest.update(data)
        self._out.write(data)
        self.size_bytes += len(data)

    @property
    def sha256(self) -> str:
        """Of all bytes so far."""
        return self._digest.hexdigest()


class JsonArray:
    """An array of JSON written element by element, one a line."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._count = 0
        sink.write("[")

    def add(self, *values: Any) -> None:
        """Write these elements."""
        for value in values:
            self._sink.write(("," if self._count else "") + "\n" + json_text(value))
            self._count += 1

    def extend(self, values: Iterable[Any]) -> None:
        """Write these elements."""
        for value in values:
            self.add(value)

    def close(self) -> int:
        """End the array; returns how many there were."""
        self._sink.write("\n]")
        return self._count
