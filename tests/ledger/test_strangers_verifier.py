"""A verifier written from docs/reference/ledger.md alone, without a line of ours: it must agree.

What it shares with the program is Python, and Ed25519 from `cryptography`.
"""

from __future__ import annotations

import hmac
import json
import subprocess
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_samples import AT, fresh_log, signer, small_bundle

from partwatch.ledger import log
from partwatch.ledger.bundle import export, verify

DOCS = Path(__file__).resolve().parents[2] / "docs/reference/ledger.md"


def mth(leaves: list[bytes]) -> bytes:
    """The root of leaves' hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path_root(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """RFC 6962 2.1.1, read from the root down: the last of the proof is the topmost sibling."""
    if size == 1:
        assert not proof
        return leaf
    k = 1 << (size - 1).bit_length() - 1
    if index < k:
        return sha256(b"\x01" + path_root(leaf, index, k, proof[:-1]) + proof[-1]).digest()
    return sha256(b"\x01" + proof[-1] + path_root(leaf, index - k, size - k, proof[:-1])).digest()


class Stranger:
    """Raises whatever it raises where a bundle does not verify."""

    def __init__(self, bundle: Path) -> None:
        self.bundle = bundle
        self.name, _, rest = (bundle / "key.txt").read_text().strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = b64decode(encoded)
        assert raw[0] == 1
        assert sha256(self.name.encode() + b"\n" + raw).hexdigest()[:8] == key_id
        self.id, self.key = bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(raw[1:])

    def text_of(self, note: str) -> list[str]:
        """The lines of a note that the key signed."""
        text, _, line = note.rpartition("\n\n")
        dash, name, encoded = line.rstrip("\n").split(" ")
        raw = b64decode(encoded)
        assert (dash, name, raw[:4], b64encode(raw).decode()) == ("—", self.name, self.id, encoded)
        self.key.verify(raw[4:], f"{text}\n".encode())
        return text.split("\n")

    def lines(self, name: str) -> list[bytes]:
        return (self.bundle / name).read_bytes().split(b"\n")[:-1]

    def verify(self) -> int:
        title, name, size, *files = self.text_of((self.bundle / "bundle.note").read_text())
        assert (title, name) == ("partwatch ledger bundle 1", self.name)
        told = {line.split(" ")[2]: line.split(" ")[:2] for line in files}
        there = {
            one.relative_to(self.bundle).as_posix(): one for one in self.bundle.rglob("*") if one.is_file()
        }
        assert set(there) == {*told, "bundle.note"}
        for name, (digest, length) in told.items():
            content = there[name].read_bytes()
            assert (sha256(content).hexdigest(), len(content)) == (digest, int(length))
        entries = [json.loads(line) for line in self.lines("entries.jsonl")]
        assert [entry["seq"] for entry in entries] == list(range(int(size)))
        leaves = [sha256(b"\x00" + line).digest() for line in self.lines("entries.jsonl")]
        last = 0
        for line in self.lines("checkpoints.jsonl"):
            name, count, root = self.text_of(json.loads(line)["note"])
            assert name == self.name
            assert b64encode(mth(leaves[: int(count)])).decode() == root
            last = int(count)
        assert last == len(entries)
        bodies = self.openings(entries)
        for name in told:
            if name.startswith("statements/"):
                claim = bodies[int(name.removeprefix("statements/").removesuffix(".jsonl"))]["statements"]
                self.statements(name, claim["count"], bytes.fromhex(claim["root"]))
        return len(entries)

    def openings(self, entries: list[dict[str, str]]) -> dict[int, dict[str, dict[str, int | str]]]:
        bodies = {}
        for line in self.lines("openings.jsonl"):
            told = json.loads(line)
            tail = f',"key":"{told["key"]}","seq":{told["seq"]}}}'.encode()
            body = line.removeprefix(b'{"body":').removesuffix(tail)
            made = hmac.new(bytes.fromhex(told["key"]), body, sha256).hexdigest()
            assert made == entries[told["seq"]]["commitment"]
            bodies[told["seq"]] = told["body"]
        return bodies

    def statements(self, name: str, count: int | str, root: bytes) -> None:
        told = [json.loads(line) for line in self.lines(name)]
        leaves = [
            bytes.fromhex(one["leaf"])
            if "leaf" in one
            else sha256(
                b"\x00" + hmac.new(bytes.fromhex(one["key"]), one["statement"].encode(), sha256).digest()
            ).digest()
            for one in told
        ]
        if "proof" in told[0]:
            for one, leaf in zip(told, leaves, strict=True):
                proof = [bytes.fromhex(hashed) for hashed in one["proof"]]
                assert path_root(leaf, one["position"], int(count), proof) == root
        else:
            assert len(leaves) == count
            assert mth(leaves) == root


def test_a_stranger_verifies_what_we_verify(tmp_path: Path) -> None:
    bundle = small_bundle(tmp_path)
    assert Stranger(bundle).verify() == verify(bundle).size == 7


@settings(max_examples=15)
@given(
    st.lists(
        st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.floats(-1e9, 1e9)), max_size=9
    )
)
def test_a_stranger_verifies_logs_of_any_bodies(bodies: list[dict[str, float]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as made:
        with fresh_log(Path(made, "log")) as engine, engine.begin() as connection:
            log.append_all(connection, (("import", body) for body in bodies), "A", AT)
            log.sign_checkpoint(connection, signer())
            export(connection, Path(made, "bundle"), signer())
        assert Stranger(Path(made, "bundle")).verify() == len(bodies)


@pytest.mark.parametrize(
    "name", ["entries.jsonl", "openings.jsonl", "checkpoints.jsonl", "statements/5.jsonl"]
)
def test_a_stranger_sees_a_change_as_well(tmp_path: Path, name: str) -> None:
    bundle = small_bundle(tmp_path)
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises((AssertionError, ValueError, InvalidSignature)):
        Stranger(bundle).verify()


def test_the_lines_for_doing_it_by_hand_do_it(tmp_path: Path) -> None:
    """Those in Python; they print the root as the last checkpoint has it."""
    bundle = small_bundle(tmp_path)
    block = DOCS.read_text().split("in Python and nothing else:\n\n")[1].split("\n\n")[0]
    code = "\n".join(line[4:] for line in block.splitlines())
    done = subprocess.run([sys.executable, "-c", code], cwd=bundle, capture_output=True, text=True)
    last = json.loads(Stranger(bundle).lines("checkpoints.jsonl")[-1])["note"]
    assert done.stdout.strip() == last.split("\n")[2], done.stderr
