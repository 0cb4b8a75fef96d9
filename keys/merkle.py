"""The RFC 6962 Merkle tree (默克尔树): hashes, the growing frontier, and both kinds of proof.

Why: a ledger that can be rewritten proves nothing. One root hash fixes every line and its place;
inclusion and consistency proofs (RFC 6962 section 2.1, RFC 9162 section 2.1.3) let a bidder keep
a receipt and a witness follow the ledger without trusting whoever runs it.

All hashes are 32 raw bytes. Verifying functions raise `Forged` and return nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from keys.errors import Forged, Malformed

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

NodeSource = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree `index` at `level`: leaves index*2^level and following."""


def leaf_hash(data: bytes) -> bytes:
    """Hash one line of the ledger (RFC 6962: SHA-256(0x00 || data)).

    The prefix keeps an inner node from being passed off as a leaf.
    """
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children (RFC 6962: SHA-256(0x01 || left || right))."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing tree: all that is needed to append and to state the root.

    `size` is the number of leaves; `edge` holds the roots of the complete subtrees, largest
    first, one for every 1 bit of `size`. Both may be stored and given back to the constructor.
    """

    size: int = 0
    edge: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.edge) != self.size.bit_count():
            raise Malformed("frontier", "The stored frontier does not fit its size.")
        if any(len(node) != HASH_SIZE for node in self.edge):
            raise Malformed("frontier", "A hash of the stored frontier is not 32 bytes.")

    def append(self, leaf: bytes) -> None:
        """Add the leaf hash of the next line; O(1) amortised."""
        self.size += 1
        self.edge.append(leaf)
        full = self.size
        while full & 1 == 0:
            right = self.edge.pop()
            self.edge.append(node_hash(self.edge.pop(), right))
            full >>= 1

    def root(self) -> bytes:
        """State the root over all leaves so far; O(log size)."""
        if not self.edge:
            return EMPTY_ROOT
        result = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            result = node_hash(left, result)
        return result

    def copy(self) -> "Frontier":
        """Give an independent frontier, to try lines that may have to be thrown away."""
        return Frontier(self.size, list(self.edge))


def root(leaves: Iterable[bytes]) -> bytes:
    """Give the root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def new_nodes(frontier: Frontier, leaf: bytes) -> list[tuple[int, int, bytes]]:
    """Append a leaf and give the complete subtrees that it finished, as (level, index, hash).

    Whoever stores them has a `NodeSource`, so that any later proof costs O(log size) look-ups.
    """
    position = frontier.size
    nodes = [(0, position, leaf)]
    edge = list(frontier.edge)
    current, level = leaf, 0
    while position & 1:
        current = node_hash(edge.pop(), current)
        position >>= 1
        level += 1
        nodes.append((level, position, current))
    frontier.append(leaf)
    return nodes


def nodes_of(leaves: Sequence[bytes]) -> NodeSource:
    """Give a `NodeSource` over leaf hashes held in memory (for exports and small trees)."""
    levels: list[Sequence[bytes]] = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append(
            [node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)],
        )
    return lambda level, index: levels[level][index]


def range_root(start: int, end: int, node: NodeSource) -> bytes:
    """Give the root of the subtree over leaves start..end-1 from complete subtrees.

    `start` must be a multiple of the smallest power of two that holds the range, as all ranges
    of RFC 6962 proofs are.
    """
    if end <= start:
        return EMPTY_ROOT
    parts: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append(node(level, start >> level))
        start += 1 << level
    result = parts[-1]
    for left in reversed(parts[:-1]):
        result = node_hash(left, result)
    return result


def _split(width: int) -> int:
    """Give the largest power of two below `width` (RFC 6962's k); width is at least 2."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Give the leaf ranges whose roots prove leaf `index` in a tree of `size`, leaf end first."""
    if not 0 <= index < size:
        raise Malformed("proof_range", f"There is no leaf {index} in a tree of {size}.")
    ranges: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """Give the leaf ranges whose roots prove that a tree of `old` is a prefix of one of `new`."""
    if not 0 <= old <= new:
        raise Malformed("proof_range", f"A tree of {old} cannot grow into one of {new}.")
    if old in (0, new):
        return []
    ranges: list[tuple[int, int]] = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, end))
    return ranges[::-1]


def prove_inclusion(index: int, size: int, node: NodeSource) -> list[bytes]:
    """Make the inclusion proof of leaf `index` in the tree of `size` from stored subtrees."""
    return [range_root(start, end, node) for start, end in inclusion_ranges(index, size)]


def prove_consistency(old: int, new: int, node: NodeSource) -> list[bytes]:
    """Make the consistency proof between the trees of `old` and `new` from stored subtrees."""
    return [range_root(start, end, node) for start, end in consistency_ranges(old, new)]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Make the inclusion proof of leaf `index` in the tree over these leaf hashes."""
    return prove_inclusion(index, len(leaves), nodes_of(leaves))


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Make the proof that the tree over the first `old` leaf hashes is a prefix of all."""
    return prove_consistency(old, len(leaves), nodes_of(leaves))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes
) -> None:
    """Raise `Forged` unless `leaf` is at `index` of the tree of `size` with this root.

    RFC 9162 section 2.1.3.2; the proof must have exactly the length that the place asks for.
    """
    ranges = inclusion_ranges(index, size)
    if len(proof) != len(ranges) or any(len(step) != HASH_SIZE for step in proof):
        raise Forged("inclusion", "The inclusion proof does not have the length its place needs.")
    result = leaf
    for (_, end), step in zip(ranges, proof, strict=True):
        result = node_hash(step, result) if end <= index else node_hash(result, step)
    if result != root_hash:
        raise Forged("inclusion", "The inclusion proof does not lead to the checkpoint's root.")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise `Forged` unless the tree of `old` is a prefix of the tree of `new`.

    RFC 9162 section 2.1.3.4. For old = new the roots must be equal and the proof empty.
    """
    ranges = consistency_ranges(old, new)
    if len(proof) != len(ranges) or any(len(step) != HASH_SIZE for step in proof):
        raise Forged("consistency", "The consistency proof does not have the length it needs.")
    if old == 0:
        if old_root != EMPTY_ROOT:
            raise Forged("consistency", "An empty tree has one root only.")
        return
    if old == new:
        if old_root != new_root:
            raise Forged("fork", "Two different roots were signed for the same size.")
        return
    steps = list(zip(ranges, proof, strict=True))
    if ranges[0][1] == old:
        older = newer = steps.pop(0)[1]
    else:
        older = newer = old_root
    for (start, _), step in steps:
        if start < old:
            older, newer = node_hash(step, older), node_hash(step, newer)
        else:
            newer = node_hash(newer, step)
    if older != old_root or newer != new_root:
        raise Forged("consistency", "The later tree does not contain the earlier one.")


class Tree:
    """A tree in memory that gives the root and the proofs of every size it ever had.

    64 bytes a leaf, packed, so that a verifier can hold a million lines.
    """

    def __init__(self) -> None:
        self._frontier = Frontier()
        self._levels: list[bytearray] = []

    @property
    def size(self) -> int:
        """Give the number of leaves."""
        return self._frontier.size

    def append(self, leaf: bytes) -> None:
        """Add the next leaf hash."""
        for level, _, node in new_nodes(self._frontier, leaf):
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += node

    def node(self, level: int, index: int) -> bytes:
        """Give a complete subtree's root (this is the `NodeSource` of the tree)."""
        return bytes(self._levels[level][index * HASH_SIZE : (index + 1) * HASH_SIZE])

    def leaf(self, index: int) -> bytes:
        """Give a leaf hash."""
        return self.node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """Give the root over the first `size` leaves, by default over all."""
        wanted = self.size if size is None else size
        if not 0 <= wanted <= self.size:
            raise Malformed("size", f"The ledger has {self.size} lines, not {wanted}.")
        return range_root(0, wanted, self.node)
