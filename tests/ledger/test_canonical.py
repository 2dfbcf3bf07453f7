from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.ledger.canonical import MOST_DEPTH, canonical, parsed

# RFC 8785, appendix B: a double's bits, and how it is written.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20)


@pytest.mark.parametrize(("bits", "written"), NUMBERS.items())
def test_numbers_are_written_as_rfc_8785_has_them(bits: str, written: str) -> None:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(value).decode() == written
    # Whatever is written can be read, and is written the same again.
    assert parsed(canonical([value])) is not None


def test_keys_are_in_the_order_of_their_utf_16_units() -> None:
    # RFC 8785 3.2.3: by code points the last two would change places.
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = canonical(dict.fromkeys(keys, 0)).decode()
    assert list(json.loads(written)) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_text_is_written_with_only_the_escapes_that_json_demands() -> None:
    assert canonical("€$\x0f\nA'B\"\\\x7f/ä\u2028") == '"€$\\u000f\\nA\'B\\"\\\\\x7f/ä\u2028"'.encode()


@given(VALUES)
def test_a_value_has_one_spelling_that_reads_back_as_itself(value: Any) -> None:
    written = canonical(value)
    assert parsed(written) == value
    assert canonical(parsed(written)) == written
    assert json.loads(written, parse_int=float) == value


@given(VALUES)
def test_no_other_spelling_is_read(value: Any) -> None:
    for other in (json.dumps(value), json.dumps(value, indent=1), canonical(value).decode() + " "):
        if other.encode() != canonical(value):
            with pytest.raises(ValueError, match=r"."):
                parsed(other.encode())


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        [-float("inf")],
        2**53 + 1,
        -(2**60),
        10**400,
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        {None: 1},
        b"bytes",
        {1, 2},
        object(),
        1j,
    ],
)
def test_what_has_no_single_spelling_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical({"value": value} if isinstance(value, str) else value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"nul",
        b"NaN",
        b"[Infinity]",
        b"1e400",
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b"[1.0]",
        b"[01]",
        b"[-0]",
        b'"\\u0041"',
        b'"\\ud800"',
        b'"\xff"',
        b"\xef\xbb\xbf1",
        b"[" * 100_000,
        b"9" * 5000,
        b"9007199254740993",
    ],
)
def test_no_damaged_or_ambiguous_bytes_are_read(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(data)


def test_nesting_has_a_limit() -> None:
    value: Any = 1
    for _ in range(MOST_DEPTH):
        value = [value]
    assert parsed(canonical(value)) == value
    with pytest.raises(ValueError, match="deep"):
        canonical([value])
    itself: list[Any] = []
    itself.append(itself)
    with pytest.raises(ValueError, match="deep"):
        canonical(itself)
