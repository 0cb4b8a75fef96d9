"""Copied passages are found under edits and disguises; common ground and own repeats are not."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import pytest

from bench.generate_documents import Field, Recipe, Writer, disguised, edited, generate
from evaluation.compare.background import Ground, ground_of_texts
from evaluation.compare.compare import Document, Options, compare_documents
from evaluation.compare.extracted import Extracted
from evaluation.screens.finding import Finding, Strength

PASSAGES = 6


def compared(bids: dict[str, str], ground: Ground | None = None) -> list[Finding]:
    documents = [
        Document(bidder, f"{bidder}.txt", Extracted(text)) for bidder, text in bids.items()
    ]
    findings = compare_documents(documents, ground or Ground(), Options())
    return [finding for finding in findings if finding.code == "T1"]


def own_text(seed: int, paragraphs: int = 20) -> list[str]:
    writer = Writer(seed)
    return [writer.paragraph(250) for _ in range(paragraphs)]


def found_share(finding: Finding, bidder: str, text: str, passages: list[str]) -> float:
    """Return the share of the characters of passages that the evidence of a bidder covers."""
    marked: set[int] = set()
    for piece in finding.evidence:
        if piece.bidder == bidder:
            assert piece.start is not None
            assert piece.end is not None
            marked.update(range(piece.start, piece.end))
    wanted = [text.index(p) + step for p in passages for step in range(len(p))]
    return sum(place in marked for place in wanted) / len(wanted)


@pytest.mark.parametrize(
    ("rate", "least"), [(0.0, 0.995), (0.05, 0.99), (0.15, 0.985), (0.3, 0.93)]
)
def test_copied_passages_are_found_on_both_sides(rate, least):
    chance = random.Random(11)
    copied = own_text(1, PASSAGES)
    changed = [edited(passage, rate, chance) for passage in copied]
    first = "\n".join(own_text(2) + copied)
    second = "\n".join(changed[::-1] + own_text(3))
    [finding] = compared({"甲": first, "乙": second, "丙": "\n".join(own_text(4))})
    assert set(finding.bidders) == {"甲", "乙"}
    assert finding.strength is Strength.B
    assert finding.legal == "REG 40(4)"
    assert found_share(finding, "甲", first, copied) >= least
    assert found_share(finding, "乙", second, changed) >= least


@pytest.mark.parametrize("seed", range(6))
def test_a_disguised_copy_is_found_where_it_stands_in_the_file(seed):
    chance = random.Random(seed)
    copied = own_text(1, 3)
    hidden = [disguised(passage, chance) for passage in copied]
    first, second = "\n".join(own_text(2) + copied), "\n".join(hidden + own_text(3))
    [finding] = compared({"甲": first, "乙": second})
    assert found_share(finding, "乙", second, hidden) >= 0.99


def test_unrelated_bids_share_nothing():
    assert compared({str(n): "\n".join(own_text(n, 60)) for n in range(6)}) == []


def test_text_of_tender_and_background_does_not_count():
    clauses = own_text(50, 40)
    bids = {str(n): "\n".join(clauses + own_text(n)) for n in range(3)}
    assert compared(bids, ground_of_texts([clauses[0], "\n".join(clauses[1:])])) == []
    assert len(compared(bids)) == 3


@pytest.mark.parametrize("changed", [0.01, 0.03, 0.06])
def test_an_edition_of_the_background_with_words_changed_does_not_count(changed):
    chance = random.Random(3)
    clauses = own_text(50, 40)
    edition = [edited(clause, changed, chance) for clause in clauses]
    bids = {str(n): "\n".join(edition + own_text(n)) for n in range(3)}
    assert compared(bids, ground_of_texts(clauses)) == []


def test_text_that_a_bidder_repeats_counts_neither_alone_nor_again():
    header = Writer(9).paragraph(40)[:40]
    bids = {str(n): "\n".join(p + "\n" + header for p in own_text(n, 60)) for n in range(2)}
    assert compared(bids) == []


@pytest.mark.parametrize("size", [3, 5, 8])
def test_a_passage_that_all_members_of_a_ring_share_is_found_in_every_pair(size):
    draft = own_text(70, 5)
    bids = {f"r{n}": "\n".join(draft + own_text(n)) for n in range(size)}
    bids |= {f"h{n}": "\n".join(own_text(100 + n)) for n in range(4)}
    pairs = {finding.bidders for finding in compared(bids)}
    members = [f"r{n}" for n in range(size)]
    assert pairs == {(a, b) for a in members for b in members if a < b}


def test_a_ring_of_everybody_does_not_hide_itself():
    draft = own_text(70, 10)
    bids = {f"r{n}": "\n".join(draft + own_text(n)) for n in range(12)}
    assert len(compared(bids)) == 12 * 11 / 2


@pytest.mark.parametrize("bidders", [5, 8])
def test_few_bidders_who_each_used_some_of_an_unknown_source_are_no_ring(bidders):
    recipe = Recipe(seed=9, bidders=bidders, length=30_000, rings=(3,), copied=3000)
    for rings in ((), (3,)):
        field = generate(replace(recipe, rings=rings))
        ground = ground_of_texts([field.tender, *field.background])
        strong = {f.bidders for f in compared(field.bids, ground) if f.strength is Strength.B}
        wanted = {pair for ring in field.rings for pair in combinations(ring, 2)}
        assert wanted <= strong
        assert len(strong - wanted) <= 1


@pytest.mark.parametrize("popularity", [0.3, 0.9, 1.0])
@pytest.mark.parametrize("bidders", [6, 10])
def test_an_unknown_tenth_that_few_or_all_bidders_use_makes_no_ring_in_a_small_tender(
    popularity, bidders
):
    recipe = Recipe(seed=21, bidders=bidders, length=30_000, copied=4000, popularity=popularity)
    for rings in ((), (2,), (3,)):
        field = generate(replace(recipe, rings=rings))
        ground = ground_of_texts([field.tender, *field.background])
        strong = {f.bidders for f in compared(field.bids, ground) if f.strength is Strength.B}
        wanted = {pair for ring in field.rings for pair in combinations(ring, 2)}
        assert wanted <= strong
        assert len(strong - wanted) <= 1


def test_a_single_passage_in_a_small_tender_whose_ground_is_known_is_still_told():
    clauses = own_text(50, 40)
    bids = {str(n): "\n".join(clauses + own_text(n)) for n in range(5)}
    copied = own_text(77, 1)[0]
    bids |= {n: f"{bids[n]}\n{copied}\n" for n in "12"}
    [finding] = compared(bids, ground_of_texts(clauses))
    assert finding.bidders == ("1", "2")


def test_members_that_each_rewrote_the_draft_are_paired_through_it():
    chance = random.Random(5)
    draft = own_text(70, 8)
    bids = {"a": "\n".join(draft + own_text(1))}
    for number, name in enumerate("bc"):
        rewritten = [edited(passage, 0.35, chance) for passage in draft]
        bids[name] = "\n".join(own_text(20 + number) + rewritten)
    assert {finding.bidders for finding in compared(bids)} == {("a", "b"), ("a", "c"), ("b", "c")}


@pytest.fixture(scope="module")
def field() -> Field:
    return generate(Recipe(seed=4, bidders=20, length=30_000, rings=(3, 4), copied=3000))


def test_an_unknown_tenth_of_the_common_ground_makes_no_false_pair(field):
    findings = compared(field.bids, ground_of_texts([field.tender, *field.background]))
    wanted = {(a, b) for ring in field.rings for a in ring for b in ring if a < b}
    assert {finding.bidders for finding in findings} == wanted
    assert {finding.strength for finding in findings} == {Strength.B}


def test_the_same_bids_in_another_order_give_the_same_findings(field):
    ground = ground_of_texts([field.tender, *field.background])
    turned = dict(reversed(field.bids.items()))
    assert compared(turned, ground) == compared(field.bids, ground)


@pytest.mark.parametrize(
    "bids", [{}, {"a": "独自一人"}, {"a": "", "b": "甲"}, {"a": "x" * 9999, "b": "x" * 9999}]
)
def test_few_or_empty_or_monotonous_bids_are_no_trouble(bids):
    assert compared(bids) == []


def test_characters_that_fold_to_several_are_counted_where_they_stand():
    chance = random.Random(1)
    copied = "".join(chance.choice("㎡㎞㌔㍿ﷺ㈱工程施工质量安全管理") for _ in range(400))
    [finding] = compared({"a": copied + own_text(1)[0], "b": own_text(2)[0] + copied})
    assert found_share(finding, "a", copied + own_text(1)[0], [copied]) > 0.98
