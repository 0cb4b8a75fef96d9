"""I1, the same picture in two bids (图片雷同): photographs, scans and drawings from one hand.

Equal pixels are a strong sign (B); a picture that was resized, recompressed or re-toned keeps its
perceptual hash nearly, which is a statistical sign (C). Pictures of tender and background, blank
pages and small pictures such as logos are left out. Law: 招标投标法实施条例 第四十条(四).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.compare import innocent
from evaluation.compare.extracted import Picture
from evaluation.screens.finding import Evidence, Finding, Strength

LEGAL = "REG 40(4)"
NEAR = 24  # Bits of 256; `bench/collusion_text.py --calibrate` shows what unrelated pages reach.
_BLANK = 6.0  # Standard deviation of brightness below which a page is blank.
_TELLING = 20.0  # Below this, faint pictures all have similar perceptual hashes.
_SMALL = 200 * 200
_SAME_SHAPE = 1.03


class Shown(NamedTuple):
    """A picture with whose it is and in which file."""

    bidder: str
    file: str
    picture: Picture


def image_findings(shown: Sequence[Shown], ground: Sequence[Picture]) -> list[Finding]:
    """Return one finding per pair of bidders that show the same or nearly the same pictures.

    `value` counts the pictures they have in common.
    """
    own = _without_ground([s for s in shown if _counts(s.picture)], ground)
    same: dict[tuple[str, str], list[tuple[Shown, Shown]]] = defaultdict(list)
    near: dict[tuple[str, str], list[tuple[Shown, Shown]]] = defaultdict(list)
    by_pixels: dict[str, dict[str, Shown]] = defaultdict(dict)
    for one in own:
        by_pixels[one.picture.pixels].setdefault(one.bidder, one)
    for holders in by_pixels.values():
        for first, second in combinations(sorted(holders), 2):
            same[first, second].append((holders[first], holders[second]))
    for one, other in _near_pairs([held for h in by_pixels.values() for held in h.values()]):
        near[one.bidder, other.bidder].append((one, other))
    found = [_finding(pair, matches, Strength.B) for pair, matches in same.items()]
    found += [_finding(p, matches, Strength.C) for p, matches in near.items() if p not in same]
    return found


def _counts(picture: Picture) -> bool:
    return picture.detail >= _BLANK and picture.width * picture.height >= _SMALL


def _without_ground(shown: Sequence[Shown], ground: Sequence[Picture]) -> list[Shown]:
    known = {picture.pixels for picture in ground}
    rest = [one for one in shown if one.picture.pixels not in known]
    telling = [picture for picture in ground if picture.detail >= _TELLING]
    if not telling or not rest:
        return rest
    near = distances(bits_of([one.picture for one in rest]), bits_of(telling)).min(axis=1) <= NEAR
    return [one for one, known_too in zip(rest, near.tolist(), strict=True) if not known_too]


def _near_pairs(shown: list[Shown]) -> list[tuple[Shown, Shown]]:
    """Return pictures of two bidders with nearly equal hashes and the same shape."""
    shown = sorted((s for s in shown if s.picture.detail >= _TELLING), key=lambda s: s.bidder)
    if len(shown) < 2:
        return []
    bits = bits_of([one.picture for one in shown])
    shape = np.array([one.picture.width / one.picture.height for one in shown])
    found = []
    for row in range(len(shown) - 1):
        close = distances(bits[row : row + 1], bits[row + 1 :])[0] <= NEAR
        ratio = shape[row + 1 :] / shape[row]
        close &= (ratio < _SAME_SHAPE) & (ratio > 1 / _SAME_SHAPE)
        for at in (np.flatnonzero(close) + row + 1).tolist():
            one, other = shown[row], shown[at]
            if one.bidder != other.bidder and one.picture.pixels != other.picture.pixels:
                found.append((one, other))
    return found


def bits_of(pictures: Sequence[Picture]) -> NDArray[np.uint64]:
    """Return the perceptual hashes, shape (pictures, 4)."""
    words = b"".join(bytes.fromhex(picture.phash) for picture in pictures)
    return np.frombuffer(words, np.uint64).reshape(len(pictures), -1)


def distances(ours: NDArray[np.uint64], theirs: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the number of bits in which each of ours differs from each of theirs."""
    bits = np.bitwise_count(ours[:, None] ^ theirs[None, :])
    total: NDArray[np.int64] = bits.sum(axis=2, dtype=np.int64)
    return total


def _finding(
    pair: tuple[str, str], matches: list[tuple[Shown, Shown]], strength: Strength
) -> Finding:
    evidence = tuple(
        Evidence(side.bidder, side.file, side.picture.page, record=side.picture.pixels)
        for match in matches
        for side in match
    )
    return Finding(
        "I1", strength, pair, len(matches), legal=LEGAL, innocent=innocent.IMAGES, evidence=evidence
    )
