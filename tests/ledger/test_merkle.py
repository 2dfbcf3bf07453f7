"""The tree against RFC 6962's own recursive definition, and against roots that others computed."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.ledger import merkle
from partwatch.ledger.merkle import (
    Frontier,
    consistency_ranges,
    hashes_of,
    inclusion_proofs,
    inclusion_ranges,
    leaf_hash,
    nodes_of,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots of the tests of Certificate Transparency's reference implementation.
CT_LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    bytes(range(0x40, 0x44)),
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 70


def split(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 2.1, over the leaves themselves."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], known: bool) -> list[bytes]:
    """RFC 6962 2.1.2."""
    if m == len(leaves):
        return [] if known else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], known), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def data(count: int) -> list[bytes]:
    return [b"leaf %d" % n for n in range(count)]


def stored(leaves: list[bytes]) -> dict[merkle.Node, bytes]:
    """What a log would keep: every perfect subtree."""
    frontier = Frontier()
    return {node: hashed for leaf in leaves for node, hashed in frontier.push(leaf_hash(leaf))}


LEAVES = data(MOST)
NODES = stored(LEAVES)
ROOTS = [mth(LEAVES[:count]) for count in range(MOST + 1)]
SIZES = st.integers(1, MOST)


def test_roots_are_those_that_others_computed() -> None:
    for count, expected in enumerate(CT_ROOTS, 1):
        assert root_of(map(leaf_hash, CT_LEAVES[:count])).hex() == expected


def test_roots_are_those_of_the_definition_however_they_are_made() -> None:
    frontier = Frontier()
    for count, leaf in enumerate(LEAVES):
        assert frontier.root() == root_of(map(leaf_hash, LEAVES[:count])) == ROOTS[count]
        frontier.push(leaf_hash(leaf))


@pytest.mark.parametrize("count", [1023, 1024, 1025, 2048, 3072 + 700])
def test_streams_of_thousands_have_the_root_of_the_definition(count: int) -> None:
    assert root_of(map(leaf_hash, data(count))) == mth(data(count))


def test_a_perfect_subtree_is_added_only_where_one_begins() -> None:
    frontier = Frontier()
    frontier.push_subtree(2, mth(LEAVES[:4]))
    frontier.push(leaf_hash(LEAVES[4]))
    assert frontier.root() == ROOTS[5]
    with pytest.raises(ValueError, match="begins"):
        frontier.push_subtree(1, mth(LEAVES[5:7]))
    with pytest.raises(ValueError, match="peaks"):
        Frontier(3, [b"one"])


@given(SIZES, st.data())
def test_proofs_of_inclusion_are_those_of_the_definition_and_hold(size: int, draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, size - 1))
    proof = hashes_of(inclusion_ranges(index, size), NODES)
    assert list(proof) == path(index, LEAVES[:size])
    assert verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, ROOTS[size])


@given(SIZES, st.data())
def test_proofs_of_consistency_are_those_of_the_definition_and_hold(new: int, draw: st.DataObject) -> None:
    old = draw.draw(st.integers(0, new))
    proof = hashes_of(consistency_ranges(old, new), NODES)
    assert list(proof) == (subproof(old, LEAVES[:new], True) if old else [])
    assert verify_consistency(old, ROOTS[old], new, ROOTS[new], proof)


@given(SIZES, st.sets(st.integers(0, MOST - 1)))
def test_proofs_made_while_streaming_are_the_same(size: int, wanted: set[int]) -> None:
    wanted = {index for index in wanted if index < size}
    root, count, proofs = inclusion_proofs(map(leaf_hash, LEAVES[:size]), wanted)
    assert (root, count) == (ROOTS[size], size)
    assert proofs == {index: tuple(path(index, LEAVES[:size])) for index in wanted}


def test_streaming_refuses_a_leaf_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no leaf 3 in a tree of 3"):
        inclusion_proofs(map(leaf_hash, LEAVES[:3]), [3])
    assert inclusion_proofs([], []) == (ROOTS[0], 0, {})


@given(SIZES, st.data())
def test_no_proof_of_inclusion_holds_for_anything_else(size: int, draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, size - 1))
    proof = list(hashes_of(inclusion_ranges(index, size), NODES))
    leaf, root = leaf_hash(LEAVES[index]), ROOTS[size]
    others = [
        (one, index, size, proof, root) for one in (leaf_hash(b"other"), root, bytes(32)) if one != leaf
    ]
    others += [(leaf, other, size, proof, root) for other in range(-1, size + 1) if other != index]
    others += [(leaf, index, size, proof, ROOTS[other]) for other in range(MOST + 1) if other != size]
    others += [(leaf, index, size, cut, root) for cut in shortened(proof)]
    assert not any(verify_inclusion(*other) for other in others)


@given(SIZES, st.data())
def test_no_proof_of_consistency_holds_for_anything_else(new: int, draw: st.DataObject) -> None:
    old = draw.draw(st.integers(1, new))
    proof = list(hashes_of(consistency_ranges(old, new), NODES))
    others = [(old, ROOTS[other], new, ROOTS[new], proof) for other in range(MOST + 1) if other != old]
    others += [(old, ROOTS[old], new, ROOTS[other], proof) for other in range(MOST + 1) if other != new]
    others += [(new + 1, ROOTS[old], new, ROOTS[new], proof), (-1, ROOTS[old], new, ROOTS[new], proof)]
    others += [(old, ROOTS[old], new, ROOTS[new], cut) for cut in shortened(proof)]
    assert not any(verify_consistency(*other) for other in others)


def shortened(proof: list[bytes]) -> list[list[bytes]]:
    """The proof with a hash too many, too few, changed, cut or moved."""
    cut = [[*proof, bytes(32)], [bytes(32), *proof]]
    for place, one in enumerate(proof):
        changed = bytes([one[0] ^ 1]) + one[1:]
        cut += [proof[:place] + rest + proof[place + 1 :] for rest in ([], [changed], [one[:31]], [one, one])]
    if len(set(proof)) > 1:
        cut.append(proof[::-1])
    return cut


def test_an_interior_node_never_passes_for_a_leaf() -> None:
    left, right = (leaf_hash(leaf) for leaf in LEAVES[:2])
    assert leaf_hash(left + right) != merkle.node_hash(left, right)
    assert not verify_inclusion(leaf_hash(b"\x01" + left + right), 0, 1, [], ROOTS[2])


def test_what_cannot_be_proven_is_refused() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 3)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_ranges(index, size)
    for old, new in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="beginning"):
            consistency_ranges(old, new)


def test_a_proof_needs_no_more_than_a_handful_of_hashes() -> None:
    size = 1_000_003
    for index in (0, 1, 524_287, 524_288, size - 1):
        assert len(nodes_of(inclusion_ranges(index, size))) <= 2 * size.bit_length()
        assert len(nodes_of(consistency_ranges(index + 1, size))) <= 2 * size.bit_length()
