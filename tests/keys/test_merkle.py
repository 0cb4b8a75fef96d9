"""The Merkle tree against RFC 6962's known answers and against a direct transcription of it."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import merkle
from keys.errors import Forged, KeysError, Malformed

# Inputs and roots of Certificate Transparency's own test suite.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf_hash(data) for data in INPUTS]


def reference_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + reference_root(leaves[:k]) + reference_root(leaves[k:])).digest()


def reference_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*reference_path(index, leaves[:k]), reference_root(leaves[k:])]
    return [*reference_path(index - k, leaves[k:]), reference_root(leaves[:k])]


def reference_consistency(old: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """RFC 6962 section 2.1.2, word for word."""
    if old == len(leaves):
        return [] if whole else [reference_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if old <= k:
        left = reference_consistency(old, leaves[:k], whole=whole)
        return [*left, reference_root(leaves[k:])]
    right = reference_consistency(old - k, leaves[k:], whole=False)
    return [*right, reference_root(leaves[:k])]


def some_leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size):
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size]


def test_inclusion_proof_of_certificate_transparency():
    proof = merkle.inclusion_proof(LEAVES, 5)
    assert [step.hex() for step in proof] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_consistency_proof_of_certificate_transparency():
    proof = merkle.consistency_proof(LEAVES, 6)
    assert [step.hex() for step in proof] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.integers(1, 70), st.data())
def test_proofs_equal_the_rfc_and_verify(size, data):
    leaves = some_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    path = merkle.inclusion_proof(leaves, index)
    assert path == reference_path(index, leaves)
    assert merkle.root(leaves) == reference_root(leaves)
    merkle.verify_inclusion(leaves[index], index, size, path, merkle.root(leaves))
    proof = merkle.consistency_proof(leaves, old)
    assert proof == reference_consistency(old, leaves)
    merkle.verify_consistency(old, size, merkle.root(leaves[:old]), merkle.root(leaves), proof)


@given(st.integers(2, 70), st.data())
def test_a_changed_inclusion_proof_fails(size, data):
    leaves = some_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_proof(leaves, index)
    top = merkle.root(leaves)
    spot = data.draw(st.integers(0, len(path) - 1))
    forged = [*path[:spot], bytes(32), *path[spot + 1 :]]
    with pytest.raises(Forged):
        merkle.verify_inclusion(leaves[index], index, size, forged, top)
    with pytest.raises(Forged):
        merkle.verify_inclusion(leaves[index], index, size, path[:-1], top)
    with pytest.raises(Forged):
        merkle.verify_inclusion(leaves[index], index, size, [*path, bytes(32)], top)
    with pytest.raises(Forged):
        merkle.verify_inclusion(leaves[index], (index + 1) % size, size, path, top)
    with pytest.raises(Forged):
        merkle.verify_inclusion(merkle.leaf_hash(b"other"), index, size, path, top)


@given(st.integers(2, 70), st.data())
def test_a_rewritten_past_has_no_consistency_proof(size, data):
    leaves = some_leaves(size)
    old = data.draw(st.integers(1, size - 1))
    changed = list(leaves)
    changed[data.draw(st.integers(0, old - 1))] = merkle.leaf_hash(b"rewritten")
    proof = merkle.consistency_proof(changed, old)
    with pytest.raises(Forged):
        merkle.verify_consistency(old, size, merkle.root(leaves[:old]), merkle.root(changed), proof)


def test_two_roots_of_one_size_are_a_fork():
    with pytest.raises(Forged) as caught:
        merkle.verify_consistency(3, 3, bytes(32), bytes(31) + b"\x01", [])
    assert caught.value.code == "fork"


def test_the_tree_cannot_shrink():
    with pytest.raises(Malformed):
        merkle.verify_consistency(4, 3, bytes(32), bytes(32), [])


def test_no_leaf_beyond_the_end():
    with pytest.raises(Malformed):
        merkle.inclusion_proof(LEAVES, 8)
    with pytest.raises(Malformed):
        merkle.verify_inclusion(LEAVES[0], 8, 8, [], LEAVES[0])


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_stored_frontier_continues_where_it_stopped(first, more):
    leaves = some_leaves(first + more)
    frontier = merkle.Frontier()
    for leaf in leaves[:first]:
        frontier.append(leaf)
    again = merkle.Frontier(frontier.size, list(frontier.edge))
    for leaf in leaves[first:]:
        again.append(leaf)
    assert again.root() == reference_root(leaves)
    assert frontier.root() == reference_root(leaves[:first])


@pytest.mark.parametrize(("size", "edge"), [(1, []), (2, [bytes(32)] * 2), (1, [b"x"]), (-1, [])])
def test_a_frontier_that_does_not_fit_its_size_is_refused(size, edge):
    with pytest.raises(KeysError):
        merkle.Frontier(size, edge)


@given(st.integers(1, 60), st.data())
def test_stored_subtrees_give_every_root_and_proof(size, data):
    leaves = some_leaves(size)
    stored: dict[tuple[int, int], bytes] = {}
    frontier = merkle.Frontier()
    for leaf in leaves:
        for level, index, node in merkle.new_nodes(frontier, leaf):
            stored[level, index] = node

    def kept(level: int, index: int) -> bytes:
        return stored[level, index]

    part = data.draw(st.integers(1, size))
    assert merkle.range_root(0, part, kept) == reference_root(leaves[:part])
    index = data.draw(st.integers(0, part - 1))
    assert merkle.prove_inclusion(index, part, kept) == reference_path(index, leaves[:part])
    assert merkle.prove_consistency(part, size, kept) == reference_consistency(part, leaves)
    assert frontier.root() == reference_root(leaves)
