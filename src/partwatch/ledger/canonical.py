"""Canonical JSON: one value, one spelling, as RFC 8785 (JCS) has it.

Keys in the order of their UTF-16 code units, no spaces, UTF-8, only the escapes that JSON demands. Numbers as
ECMAScript writes doubles: 1.0 is `1`, 1e-07 is `1e-7`, 1e16 is `10000000000000000`. Not a number, infinities,
whole numbers beyond 2^53 - 1, lone surrogates and keys that are no text are refused: readers differ on them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from json.encoder import encode_basestring  # json's own, without escaping what is not ASCII
from typing import Any, Final

MOST_DEPTH: Final = 64
MOST_WHOLE: Final = 2**53 - 1


def canonical(value: Any, most_depth: int = MOST_DEPTH) -> bytes:
    """The canonical JSON of None, bools, numbers, text, lists, tuples and mappings of these, as UTF-8.

    Raises ValueError for anything that has no single spelling, or is nested deeper than most_depth.
    """
    pieces: list[str] = []
    _write(value, pieces, most_depth)
    return "".join(pieces).encode("utf-8")


def parsed(data: bytes, most_depth: int = MOST_DEPTH) -> Any:
    """The value of canonical JSON; raises ValueError where it is not JSON, or JSON spelt another way."""
    try:
        value = json.loads(data.decode("utf-8"))
        same = canonical(value, most_depth) == data
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not same:
        raise ValueError("not spelt canonically (RFC 8785)")
    return value


def _write(value: Any, pieces: list[str], left: int) -> None:
    if left < 0:
        raise ValueError("nested too deep")
    if isinstance(value, Mapping):
        _write_object(value, pieces, left)
    elif isinstance(value, list | tuple):
        separator = "["
        for one in value:
            pieces.append(separator)
            _write(one, pieces, left - 1)
            separator = ","
        pieces.append("]" if value else "[]")
    else:
        pieces.append(_scalar(value))


def _write_object(value: Mapping[Any, Any], pieces: list[str], left: int) -> None:
    separator = "{"
    for key in sorted(value, key=_utf16):
        pieces += (separator, encode_basestring(key), ":")
        _write(value[key], pieces, left - 1)
        separator = ","
    pieces.append("}" if value else "{}")


def _utf16(key: object) -> bytes:
    if not isinstance(key, str):
        raise ValueError(f"a key must be text, not {key!r}")
    return key.encode("utf-16-be", "surrogatepass")


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        if abs(value) > MOST_WHOLE:
            raise ValueError(f"{value}: whole numbers beyond 2^53 - 1 go as text")
        return str(int(value))
    if isinstance(value, float):
        return _number(value)
    raise ValueError(f"{type(value).__name__} has no place in JSON")


def _number(value: float) -> str:
    """ECMAScript's Number::toString; Python's repr has the same digits, the shortest that read back alike."""
    if not math.isfinite(value):
        raise ValueError(f"{value} has no place in JSON")
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or "0")
    digits = whole + fraction
    # 0.digits times ten to the power of `point`, without zeros at either end.
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    sign = "-" if value < 0 else ""
    if not digits:
        return "0"
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"
