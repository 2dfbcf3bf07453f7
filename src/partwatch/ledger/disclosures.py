"""What a bundle shows of entries' bodies and of sources' statements, held to their commitments."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from partwatch.ledger import container as files
from partwatch.ledger.canonical import MOST_DEPTH, canonical, parsed
from partwatch.ledger.commitments import Opening, claimed_statements, hashed, opened_leaf, whole
from partwatch.ledger.container import Container, lines
from partwatch.ledger.errors import DamagedLedgerError
from partwatch.ledger.merkle import HASH_BYTES, Frontier, verify_inclusion
from partwatch.ledger.verified import Checking

_NOT_SAID: Final = "what is shown is not what was entered: the body or its key was changed"
_NOT_WRITTEN: Final = "the file was changed, or written by another program"
_NOT_STATED: Final = (
    "what is shown is not what the source was taken in as: a statement was changed, added or moved"
)


@dataclass(frozen=True)
class Claim:
    """What an entry's body says of its source's statements: their root and number; or why there is none."""

    root: bytes
    count: int
    problem: str | None = None


def openings(container: Container) -> Iterator[tuple[int, int, Opening]]:
    """Line, entry's number and opening of each; raises DamagedLedgerError naming the line."""
    before = -1
    for number, line in lines(container, files.OPENINGS):
        try:
            document = parsed(line, MOST_DEPTH + 1)
            if not isinstance(document, dict) or set(document) != {"body", "key", "seq"}:
                raise ValueError('it must be {"body":...,"key":...,"seq":...}')
            if not isinstance(document["body"], dict):
                raise ValueError("a body must be an object")
            seq = whole(document["seq"], "seq")
            if seq <= before:
                raise ValueError("entries must be in order, each once")
            opening = Opening(hashed(document["key"], "key"), canonical(document["body"]))
        except ValueError as error:
            raise DamagedLedgerError(f"{files.OPENINGS}, line {number}: {error}") from None
        before = seq
        yield number, seq, opening


def check_openings(
    container: Container, commitments: bytes, wanted: Collection[int], checking: Checking
) -> tuple[set[int], dict[int, Claim]]:
    """Every opening against its entry's commitment: which entries are opened, and what `wanted` ones claim.

    commitments: 32 bytes for each entry, in order.
    """
    seen: set[int] = set()
    claims: dict[int, Claim] = {}
    try:
        for number, seq, opening in openings(container):
            checking.count += 1
            seen.add(seq)
            where = f"{files.OPENINGS}, line {number} (entry {seq})"
            commitment = commitments[HASH_BYTES * seq : HASH_BYTES * (seq + 1)]
            if not commitment:
                checking.fail(where, "there is no such entry to read", "the log was cut, or an opening added")
            elif not opening.opens(commitment):
                checking.fail(where, "does not fit the entry's commitment", _NOT_SAID)
            elif seq in wanted:
                claims[seq] = _claim(opening.body)
    except DamagedLedgerError as error:
        checking.fail(files.OPENINGS, str(error), _NOT_WRITTEN)
    return seen, claims


def check_forgotten(container: Container, size: int, opened: Collection[int], checking: Checking) -> int:
    """How many entries the bundle says are forgotten; none of them may be open."""
    before = -1
    count = 0
    try:
        for number, line in lines(container, files.FORGOTTEN):
            where = f"{files.FORGOTTEN}, line {number}"
            if not line.isdigit() or len(line) > 15 or str(int(line)).encode() != line:
                raise DamagedLedgerError(f"{where}: no number of an entry")
            seq = int(line)
            if not before < seq < size:
                raise DamagedLedgerError(f"{where}: not in order, or no entry of the log")
            if seq in opened:
                checking.fail(
                    where, f"entry {seq} is open", "what is said to be forgotten is shown all the same"
                )
            before, count = seq, count + 1
    except DamagedLedgerError as error:
        checking.fail(files.FORGOTTEN, str(error), _NOT_WRITTEN)
    return count


def check_statements(container: Container, claims: Mapping[int, Claim], checking: Checking) -> None:
    """Every file of disclosed statements against the root in its entry's opening."""
    for name in container.sizes:
        seq = files.statements_seq(name)
        if seq is None:
            continue
        claim = claims.get(seq, Claim(b"", 0, f"entry {seq} is not opened by this bundle"))
        if claim.problem is not None:
            checking.fail(name, claim.problem, "nothing holds these statements to the log")
            continue
        try:
            _check_source(container, name, claim, checking)
        except DamagedLedgerError as error:
            checking.fail(name, str(error), _NOT_WRITTEN)


def _check_source(container: Container, name: str, claim: Claim, checking: Checking) -> None:
    frontier = Frontier()
    proven: bool | None = None
    before = -1
    for number, line in lines(container, name):
        where = f"{name}, line {number}"
        position, leaf, proof, shown = _statement(line, where)
        if position <= before or (proven is not None and proven != (proof is not None)):
            raise DamagedLedgerError(f"{where}: positions must rise, and all lines have a proof or none has")
        before, proven = position, proof is not None
        checking.count += shown
        if proof is None:
            if position != frontier.size:
                checking.fail(where, f"position {position} where {frontier.size} is due", _NOT_STATED)
                return
            frontier.push(leaf)
        elif not verify_inclusion(leaf, position, claim.count, proof, claim.root):
            checking.fail(where, f"statement {position} does not lead to the source's root", _NOT_STATED)
    if not proven and (frontier.size != claim.count or frontier.root() != claim.root):
        told = f"{frontier.size} leaves that do not make the root of the source's {claim.count} statements"
        checking.fail(name, told, _NOT_STATED)


def _statement(line: bytes, where: str) -> tuple[int, bytes, list[bytes] | None, bool]:
    """Position, leaf's hash, proof, and whether the statement itself is shown."""
    try:
        document = parsed(line)
        names = set(document) if isinstance(document, dict) else set()
        if names == {"position", "leaf"}:
            return whole(document["position"], "position"), hashed(document["leaf"], "leaf"), None, False
        if names - {"proof"} != {"key", "position", "statement"} or not isinstance(
            document["statement"], str
        ):
            raise ValueError("its fields are not those of a statement or a leaf")
        leaf = opened_leaf(hashed(document["key"], "key"), document["statement"].encode())
        return whole(document["position"], "position"), leaf, _proof(document), True
    except ValueError as error:
        raise DamagedLedgerError(f"{where}: {error}") from None


def _proof(document: Mapping[str, Any]) -> list[bytes] | None:
    if "proof" not in document:
        return None
    if not isinstance(document["proof"], list) or len(document["proof"]) > 64:
        raise ValueError("a proof must be a list of up to 64 hashes")
    return [hashed(one, "each hash of a proof") for one in document["proof"]]


def _claim(body: Mapping[str, Any]) -> Claim:
    try:
        root, count = claimed_statements(body)
    except ValueError as error:
        return Claim(b"", 0, str(error))
    return Claim(root, count)
