from __future__ import annotations

import hmac
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_samples import ENTITY, LEAVES, STATEMENTS

from partwatch.ledger.commitments import (
    Opening,
    claimed_statements,
    commit,
    moment,
    new_entry,
    opened_leaf,
    parse_entry,
    source_key,
    statement_key,
    statement_leaf,
    statements_claim,
    statements_root,
)
from partwatch.ledger.errors import DamagedLedgerError, LedgerError
from partwatch.ledger.merkle import leaf_hash, root_of

KEYS = st.binary(min_size=32, max_size=32)
RAW = (
    b'{"at":"2026-03-01T09:00:00Z","by":"A. Curator","commitment":"'
    + b"ab" * 32
    + b'","kind":"merge","seq":7,"v":1}'
)


def test_a_commitment_is_opened_by_its_own_body_and_key_only() -> None:
    commitment, opening = commit({"b": 1, "a": ["ä", 0.5]})
    assert opening.body_bytes == '{"a":["ä",0.5],"b":1}'.encode()
    assert commitment == hmac.new(opening.key, opening.body_bytes, sha256).digest()
    assert opening.opens(commitment)
    assert opening.body == {"a": ["ä", 0.5], "b": 1}
    assert not Opening(opening.key, opening.body_bytes.replace(b"1", b"2")).opens(commitment)
    assert not Opening(bytes(32), opening.body_bytes).opens(commitment)
    # HMAC pads keys with zeros: a longer one would open as well.
    assert not Opening(opening.key + b"\0", opening.body_bytes).opens(commitment)


def test_the_same_body_twice_does_not_look_the_same() -> None:
    assert commit({"a": 1})[0] != commit({"a": 1})[0]


@pytest.mark.parametrize(
    "body", [{"a": float("nan")}, {1: 2}, {"a": b"b"}, {"a": 2**53 + 1}, {"a": "\ud800"}]
)
def test_a_body_without_one_spelling_is_refused(body: Any) -> None:
    with pytest.raises(LedgerError, match="body of an entry"):
        commit(body)


def test_a_body_has_a_limit() -> None:
    with pytest.raises(LedgerError, match="16,777,216 at most"):
        commit({"a": "x" * (16 << 20)})


def test_an_entry_reads_back_from_its_bytes() -> None:
    entry = parse_entry(RAW, "here")
    assert (entry.seq, entry.kind, entry.by, entry.commitment) == (7, "merge", "A. Curator", b"\xab" * 32)
    assert entry.raw == RAW


@given(
    st.binary(max_size=300)
    | st.builds(lambda n, b: RAW[:n] + b + RAW[n + 1 :], st.integers(0, 170), st.binary())
)
def test_bytes_that_are_read_as_an_entry_are_what_it_is_written_as(raw: bytes) -> None:
    with suppress(DamagedLedgerError):
        assert parse_entry(raw, "here").raw == raw


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":true'),
        (b'"seq":7', b'"seq":-7'),
        (b'"seq":7', b'"seq":"7"'),
        (b'"seq":7', b'"seq":7.5'),
        (b'"kind":"merge"', b'"kind":"Merge"'),
        (b'"kind":"merge"', b'"kind":null'),
        (b"09:00:00Z", b"09:00:00+00:00"),
        (b"09:00:00Z", b"09:00:00.000000Z"),
        (b"2026-03-01", b"2026-02-30"),
        (b"abab", b"ABAB"),
        (b"abab", b"ab"),
        (b"A. Curator", b""),
        (b"A. Curator", b"A.\\nCurator"),
        (b',"v":1', b',"v":1,"w":1'),
        (b',"v":1', b""),
    ],
)
def test_what_no_log_writes_is_no_entry(old: bytes, new: bytes) -> None:
    assert old in RAW
    with pytest.raises(DamagedLedgerError):
        parse_entry(RAW.replace(old, new, 1), "here")


def test_moments_are_written_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert moment(datetime(2026, 3, 1, 11, tzinfo=east)) == "2026-03-01T09:00:00Z"
    assert moment("2026-03-01T09:00:00.5+00:00") == "2026-03-01T09:00:00.500000Z"
    for wrong in ("", "yesterday", "2026-03-01T09:00:00", datetime(2026, 3, 1), "0001-01-01T00:00:00+05:00"):
        with pytest.raises(LedgerError, match="moment"):
            moment(wrong)


@pytest.mark.parametrize("kind", ["", "Import", "a b", "1a", "x" * 65, "a\n"])
def test_a_kind_is_a_word(kind: str) -> None:
    with pytest.raises(LedgerError, match="kind"):
        new_entry(0, kind, "2026-03-01T09:00:00Z", "A", bytes(32))


@pytest.mark.parametrize("by", ["", "a\nb", "x" * 201, "\ud800", "\x7f"])
def test_whoever_it_is_by_stands_on_one_line(by: str) -> None:
    with pytest.raises(LedgerError, match="by"):
        new_entry(0, "import", "2026-03-01T09:00:00Z", by, bytes(32))


@given(KEYS, st.integers(0, 2**63), st.binary(max_size=200))
def test_a_statement_s_leaf_is_the_hmac_of_the_definition(key: bytes, position: int, text: bytes) -> None:
    own = hmac.new(key, position.to_bytes(8, "big"), sha256).digest()
    assert statement_key(key, position) == own
    assert statement_leaf(key, position, text) == leaf_hash(hmac.new(own, text, sha256).digest())
    assert opened_leaf(own, text) == statement_leaf(key, position, text)


def test_one_statement_s_key_opens_that_one_only() -> None:
    for n, text in enumerate(STATEMENTS):
        assert [opened_leaf(statement_key(ENTITY, n), text) == leaf for leaf in LEAVES] == [
            other == n for other in range(len(LEAVES))
        ]
    # Nor does it give the key of another position, as one that was derived from it would.
    assert statement_key(statement_key(ENTITY, 0), 1) != statement_key(ENTITY, 1)


def test_one_source_s_key_opens_nothing_of_another() -> None:
    """With one secret for the whole case, and the same words at the same position."""
    one, other = (source_key(ENTITY, name) for name in (b"one", b"other"))
    key = statement_key(one, 3)
    assert opened_leaf(key, STATEMENTS[0]) == statement_leaf(one, 3, STATEMENTS[0])
    assert opened_leaf(key, STATEMENTS[0]) != statement_leaf(other, 3, STATEMENTS[0])
    assert one == hmac.new(ENTITY, b"one", sha256).digest()


def test_statements_have_the_root_of_their_leaves() -> None:
    assert statements_root(iter(LEAVES)) == root_of(LEAVES)
    root = statements_root(LEAVES)
    assert claimed_statements({"statements": statements_claim(root, 5)}) == (root, 5)
    for body in ({}, {"statements": []}, {"statements": {"root": "00"}}, {"statements": {"root": "0" * 64}}):
        with pytest.raises(ValueError, match=r"."):
            claimed_statements(body)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), bytes(64)])
def test_a_key_has_32_bytes(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        statement_leaf(key, 0, b"")
