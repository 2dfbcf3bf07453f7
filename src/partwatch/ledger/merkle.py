"""RFC 6962's Merkle tree over SHA-256: roots, proofs, and what checks them. Pure.

A perfect subtree of 2^level leaves has the coordinates (level, index): it covers the leaves from index *
2^level on. A tree of any size is a row of perfect subtrees, its peaks, and each hash in a proof is made of
them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import islice
from typing import Final

Node = tuple[int, int]  # level, index

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
_CHUNK_LEVEL: Final = 10


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 2.1: SHA-256 of 0x00 and the leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 2.1: SHA-256 of 0x01 and both children."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree held as the hashes of its peaks, the largest first: 32 bytes a bit of its size."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(self.peaks)}")

    def push(self, leaf: bytes) -> list[tuple[Node, bytes]]:
        """Add the hash of a leaf; the perfect subtrees that it completes, itself the first."""
        return self.push_subtree(0, leaf)

    def push_subtree(self, level: int, hashed: bytes) -> list[tuple[Node, bytes]]:
        """Add 2^level leaves at once by the hash of their subtree; ValueError where one cannot begin here."""
        index = self.size >> level
        if index << level != self.size:
            raise ValueError(f"no subtree of 2^{level} leaves begins at leaf {self.size}")
        self.size += 1 << level
        completed = [((level, index), hashed)]
        while index & 1:
            hashed = node_hash(self.peaks.pop(), hashed)
            level, index = level + 1, index >> 1
            completed.append(((level, index), hashed))
        self.peaks.append(hashed)
        return completed

    def root(self) -> bytes:
        """The root of all leaves so far."""
        return fold(self.peaks)


def fold(peaks: Iterable[bytes]) -> bytes:
    """The root of a row of perfect subtrees, the largest first."""
    reverse = iter(list(peaks)[::-1])
    root = next(reverse, EMPTY_ROOT)
    for peak in reverse:
        root = node_hash(peak, root)
    return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root of leaves given by their hashes; a million of them stream through a few kilobytes."""
    hashes = iter(leaves)
    frontier = Frontier()
    while len(row := list(islice(hashes, 1 << _CHUNK_LEVEL))) == 1 << _CHUNK_LEVEL:
        for _ in range(_CHUNK_LEVEL):
            pairs = iter(row)
            # node_hash, written out: this is where the time goes.
            row = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
        frontier.push_subtree(_CHUNK_LEVEL, row[0])
    for leaf in row:
        frontier.push(leaf)
    return frontier.root()


def peaks_of(start: int, end: int) -> Iterator[Node]:
    """The perfect subtrees that cover the leaves from start to before end, the largest first.

    start must be a multiple of the largest's leaves, as in every range of a proof.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


Range = tuple[int, int]  # leaves from the first to before the second


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """RFC 6962 2.1.1: the ranges whose roots prove a leaf to be in a tree, from the leaf up.

    Raises ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    start, end, found = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """RFC 6962 2.1.2: the ranges whose roots prove a tree of `old` leaves to begin one of `new`.

    Raises ValueError unless 0 <= old <= new. Nothing is needed from an empty tree, or from the same one.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} leaves cannot be the beginning of one of {new}")
    if old in (0, new):
        return []
    start, end, found = 0, new, []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    # The root of the old tree itself, where it is one of the subtrees, is known to whoever asks.
    if start:
        found.append((start, end))
    return found[::-1]


def nodes_of(ranges: Iterable[Range]) -> set[Node]:
    """Every perfect subtree that these ranges are made of."""
    return {node for start, end in ranges for node in peaks_of(start, end)}


def hashes_of(ranges: Iterable[Range], nodes: Mapping[Node, bytes]) -> tuple[bytes, ...]:
    """The roots of the ranges; KeyError where `nodes` lacks one that is needed."""
    return tuple(fold(nodes[node] for node in peaks_of(start, end)) for start, end in ranges)


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proofs(
    leaves: Iterable[bytes], indices: Collection[int]
) -> tuple[bytes, int, dict[int, tuple[bytes, ...]]]:
    """Root, size and the proof of each index, in one pass over the hashes of all leaves.

    Raises ValueError where there is no such leaf. Holds only what the proofs are made of.
    """
    wanted = set(indices)
    near: dict[int, set[int]] = {}
    frontier = Frontier()
    kept: dict[Node, bytes] = {}
    for leaf in leaves:
        for (level, index), hashed in frontier.push(leaf):
            if level not in near:
                near[level] = {(one >> level) ^ 1 for one in wanted}
            if index in near[level]:
                kept[level, index] = hashed
    # A sibling that is not whole is a row of peaks.
    kept.update(zip(peaks_of(0, frontier.size), frontier.peaks, strict=True))
    proofs = {index: hashes_of(inclusion_ranges(index, frontier.size), kept) for index in sorted(wanted)}
    return frontier.root(), frontier.size, proofs


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Iterable[bytes]) -> bytes | None:
    """The root that a proof leads to from the hash of a leaf; None where it is too long or too short.

    RFC 9162 2.1.3.2, which is RFC 6962's own proof read from the leaf up.
    """
    if not 0 <= index < size:
        return None
    node, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0 or len(sibling) != HASH_BYTES:
            return None
        if node & 1 or node == last:
            hashed = node_hash(sibling, hashed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        node, last = node >> 1, last >> 1
    return hashed if last == 0 else None


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Iterable[bytes], root: bytes) -> bool:
    """Whether the proof shows the hash of a leaf to be leaf `index` of the tree with that size and root."""
    return root_from_inclusion(leaf, index, size, proof) == root


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Iterable[bytes]) -> bool:
    """Whether the proof shows the old tree to be the beginning of the new one. RFC 9162 2.1.4.2."""
    path = list(proof)
    if not 0 <= old <= new or any(len(one) != HASH_BYTES for one in path):
        return False
    if old in (0, new):
        return not path and old_root == (new_root if old else EMPTY_ROOT)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    from_old = from_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            from_old, from_new = node_hash(sibling, from_old), node_hash(sibling, from_new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            from_new = node_hash(from_new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and from_old == old_root and from_new == new_root
