"""Print that unrelated bidders show as scans, and chapters that were copied and scanned."""

from __future__ import annotations

import random

from bench.generate_documents import Writer
from evaluation.compare.background import ground_of_texts
from evaluation.compare.compare import Document, Options, compare_documents
from evaluation.compare.extracted import Extracted, Writing
from evaluation.compare.standard_forms import AGREEMENT
from evaluation.screens.finding import Finding

# Pieces of print of each of ten certificates, in characters; entries stand between them.
PIECES = (30, 90, 20, 250, 10, 60, 15)


def certificates(bidder: int) -> str:
    """Return the scans of one bidder: the print of all, with its own entries, as a machine read."""
    print_, own = Writer(1), Writer(100 + bidder)
    parts = []
    for _ in range(10):
        for size in PIECES:
            parts += [print_.paragraph(size)[:size], own.paragraph(14)[:14]]
    return misread("".join(parts), bidder, 0.005)


def misread(text: str, seed: int, share: float) -> str:
    chance = random.Random(seed)
    return "".join("瓯" if chance.random() < share else letter for letter in text)


def bid(number: int, *, own: str = "", scans: str = "") -> Document:
    text = Writer(1000 + number).paragraph(6000) + own
    writing = (Writing(9, scans),) if scans else ()
    return Document(str(number), "bid.pdf", Extracted(text, writing=writing))


def copied(*bids: Document) -> list[Finding]:
    found = compare_documents(bids, ground_of_texts([]), Options())
    return [finding for finding in found if finding.code == "T1"]


def test_certificates_of_unrelated_bidders_say_nothing():
    for bidders in (2, 3, 6):
        assert copied(*(bid(n, scans=certificates(n)) for n in range(bidders))) == []


def test_a_chapter_that_two_scan_is_found_among_their_certificates():
    chapter = Writer(7).paragraph(2000)
    scans = {n: certificates(n) + misread(chapter * (n < 2), n, 0.005) for n in range(4)}
    [found] = copied(*(bid(n, scans=text) for n, text in scans.items()))
    assert (found.bidders, found.strength.value) == (("0", "1"), "B")


def test_a_chapter_that_one_scans_and_another_writes_is_found_though_it_was_edited():
    chapter = Writer(7).paragraph(4000)
    bids = [bid(0, own=chapter), bid(1, scans=misread(chapter, 1, 0.1)), bid(2), bid(3)]
    [found] = copied(*bids)
    assert (found.bidders, found.strength.value) == (("0", "1"), "B")


def test_the_model_contract_is_common_ground_without_any_background():
    assert copied(*(bid(n, own=AGREEMENT) for n in range(3))) == []
    assert copied(*(bid(n, own=Writer(5).paragraph(len(AGREEMENT))) for n in range(3))) != []
