"""Figures of the document screens: `python -m bench.collusion_text [--quick] [--calibrate]`.

Prints JSON lines, each figure beside its limit. Every tender is synthetic and seeded; the truth is
known to the character. Times are processor seconds of one core, after extraction.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.generate_documents import Field, Plant, Recipe, Writer, generate, slips, synonyms
from evaluation.compare.background import Ground, ground_of_texts
from evaluation.compare.compare import Document, Options, compare_documents
from evaluation.compare.corpus import Text, build_corpus
from evaluation.compare.extracted import Extracted
from evaluation.compare.images import NEAR, bits_of, distances
from evaluation.compare.normalise import fold
from evaluation.compare.read_picture import describe
from evaluation.compare.seeds import shared_entries
from evaluation.compare.similarity import find_overlap
from evaluation.compare.text_findings import text_findings
from evaluation.screens.finding import Finding, Strength

Pair = tuple[str, ...]
_FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"


def main(argv: Sequence[str]) -> int:
    """Run the benches; 0 if every limit was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller tenders")
    parser.add_argument("--calibrate", action="store_true", help="only the quantiles of the honest")
    options = parser.parse_args(argv)
    figures = calibration() if options.calibrate else all_figures(quick=options.quick)
    met = True
    for figure in figures:
        print(json.dumps(figure, ensure_ascii=False), flush=True)
        met &= figure.get("met", True)
    return 0 if met else 1


def figure(name: str, value: float, limit: float, *, least: bool, **more: Any) -> dict[str, Any]:
    """Return one figure beside its limit; `least` tells that it has to reach it."""
    met = value >= limit if least else value <= limit
    return {"figure": name, "value": round(value, 4), "limit": limit, "met": met, **more}


def all_figures(*, quick: bool) -> Iterator[dict[str, Any]]:
    """Yield speed, recall, pairs and false pairs over edits, disguises and tender sizes."""
    small = Recipe(bidders=20, length=60_000, rings=(3, 5), copied=5000)
    large = small if quick else Recipe()
    for edits, least in ((0.0, 0.99), (0.05, 0.99), (0.15, 0.99), (0.30, 0.95)):
        yield from edited_copies(replace(large, seed=1, edits=edits), least)
    for popularity in (0.15, 0.3, 1.0):
        recipe = replace(small, seed=2, popularity=popularity)
        yield from pairs(f"clauses that {popularity:.0%} of the bidders use", recipe)
    yield from pairs("disguised copies", replace(small, seed=3, disguise=True))
    yield from rewritten(replace(small, seed=4, edits=0.0))
    yield from pairs("writers with few words", replace(small, seed=6, poor=True))
    yield from pairs("no ring at all", replace(small, seed=5, rings=()))
    yield from small_tenders()
    yield from shared_slips()


def edited_copies(recipe: Recipe, least: float) -> Iterator[dict[str, Any]]:
    """Yield time, recall and pairs of one tender whose rings edited what they copied."""
    field = generate(recipe)
    findings, seconds = timed_text(field)
    name = f"{recipe.bidders} x {recipe.length} characters, {recipe.edits:.0%} edits"
    yield figure(f"{name}: processor seconds", seconds, 1.0, least=False)
    yield figure(f"{name}: character recall", recall(field.plants, findings), least, least=True)
    direct = [plant for plant in field.plants if plant.ranges]
    original = recall(direct, findings, only_with_author=authors(field))
    yield figure(f"{name}: recall between original and copy", original, least, least=True)
    yield from counted_pairs(name, field, findings)


def timed_text(field: Field) -> tuple[list[Finding], float]:
    """Return the T1 findings and the processor seconds, from extracted text to findings."""
    fold("表")  # The folding table is built once per process.
    ground = ground_of_texts([field.tender, *field.background])
    texts = [Text(bidder, f"{bidder}.txt", text) for bidder, text in field.bids.items()]
    start = time.process_time()
    corpus = build_corpus(texts, ground.known_grams())
    findings = text_findings(corpus, find_overlap(corpus, shared_entries(corpus)))
    return findings, time.process_time() - start


def pairs(name: str, recipe: Recipe) -> Iterator[dict[str, Any]]:
    """Yield pairs found, false pairs and recall of one tender."""
    field = generate(recipe)
    findings, _ = timed_text(field)
    if field.plants:
        yield figure(f"{name}: character recall", recall(field.plants, findings), 0.99, least=True)
    yield from counted_pairs(name, field, findings)


def counted_pairs(name: str, field: Field, findings: list[Finding]) -> Iterator[dict[str, Any]]:
    """Yield the share of pairs of rings that were found, and the number of false pairs."""
    wanted = {pair for ring in field.rings for pair in combinations(sorted(ring), 2)}
    found = {finding.bidders for finding in findings if finding.strength is Strength.B}
    weak = {finding.bidders for finding in findings} - wanted
    if wanted:
        share = len(wanted & found) / len(wanted)
        yield figure(f"{name}: pairs of rings found", share, 1.0, least=True, of=len(wanted))
    yield figure(f"{name}: false pairs", len(found - wanted), 0, least=False, weak=len(weak))


def small_tenders() -> Iterator[dict[str, Any]]:
    """Yield pairs found and false pairs over tenders of three to eight bidders.

    With a tenth of the common ground unknown, few bidders who each took some of it look much like
    a ring, so there the limit is a share of the pairs.
    """
    for known, least, most in ((1.0, 1.0, 0.0), (0.9, 0.95, 0.05)):
        hit = wanted = false = others = 0
        for bidders in (3, 4, 5, 6, 8):
            for ring in ((), (2,), (3,), (bidders,)):
                for seed in range(2):
                    recipe = Recipe(
                        seed=100 + seed, bidders=bidders, length=30_000, rings=ring, copied=3000
                    )
                    field = generate(replace(recipe, known=known))
                    strong = {f.bidders for f in timed_text(field)[0] if f.strength is Strength.B}
                    rings = {p for ring in field.rings for p in combinations(sorted(ring), 2)}
                    hit, wanted = hit + len(strong & rings), wanted + len(rings)
                    false += len(strong - rings)
                    others += bidders * (bidders - 1) // 2 - len(rings)
        name = f"tenders of 3 to 8 bidders, {known:.0%} of the background known"
        yield figure(f"{name}: pairs of rings found", hit / wanted, least, least=True, of=wanted)
        yield figure(f"{name}: false pairs, share", false / others, most, least=False, of=others)


def authors(field: Field) -> set[str]:
    """Return the member of each ring whose text the others copied."""
    return {ring[0] for ring in field.rings}


def recall(
    plants: Sequence[Plant], findings: Sequence[Finding], only_with_author: set[str] | None = None
) -> float:
    """Return the share of planted characters, of both sides of each pair, that evidence covers."""
    by_pair = {finding.bidders: finding for finding in findings}
    hit = total = 0
    for plant in plants:
        for pair in combinations(sorted(plant.ranges), 2):
            if only_with_author and not set(pair) & only_with_author:
                continue
            for bidder in pair:
                start, end = plant.ranges[bidder]
                hit += int(marked(by_pair.get(pair), bidder, start, end).sum())
                total += end - start
    return hit / max(1, total)


def marked(finding: Finding | None, bidder: str, start: int, end: int) -> np.ndarray[Any, Any]:
    """Return which characters of [start, end) the evidence of a bidder covers."""
    inside = np.zeros(end - start, np.bool_)
    for piece in finding.evidence if finding else ():
        if piece.bidder == bidder and piece.start is not None and piece.end is not None:
            inside[max(0, piece.start - start) : max(0, piece.end - start)] = True
    return inside


def rewritten(recipe: Recipe) -> Iterator[dict[str, Any]]:
    """Yield pairs found when members replaced words by synonyms, as a rewriting tool does."""
    field = generate(recipe)
    chance = random.Random(6)
    bids = {bidder: synonyms(text, chance, 0.3) for bidder, text in field.bids.items()}
    changed = Field(field.tender, field.background, bids, field.rings, [])
    findings, _ = timed_text(changed)
    yield from counted_pairs("domain words replaced by synonyms", changed, findings)


def shared_slips() -> Iterator[dict[str, Any]]:
    """Yield T2 on the same slips of the pen in two bids, and on bids without."""
    field = generate(Recipe(seed=8, bidders=20, length=60_000, rings=(), known=1.0))
    pair = tuple(sorted(field.bids)[:2])
    bids = dict(field.bids) | slips(field, pair, 5, random.Random(9))
    for name, texts, wanted in (("slips", bids, {pair}), ("honest", field.bids, set[Pair]())):
        documents = [Document(b, f"{b}.txt", Extracted(text)) for b, text in texts.items()]
        ground = ground_of_texts([field.tender, *field.background])
        findings = compare_documents(documents, ground, Options())
        found = {finding.bidders for finding in findings if finding.code == "T2"}
        if wanted:
            share = len(found & wanted) / len(wanted)
            yield figure(f"T2, {name}: pairs found", share, 1.0, least=True)
        yield figure(f"T2, {name}: false pairs", len(found - wanted), 0, least=False)


def text_page(text: str) -> Image.Image:
    """Return a page that shows a text."""
    page = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(page)
    font = ImageFont.truetype(_FONT, 30)
    for row in range(0, len(text), 35):
        draw.text((90, 100 + row // 35 * 52), text[row : row + 35], fill=0, font=font)
    return page


def calibration() -> Iterator[dict[str, Any]]:
    """Yield what unrelated bids and pages reach, behind the floors of T1 and I1."""
    for name, poor in (("rich", False), ("poor", True)):
        shared: list[int] = []
        for seed in range(3):
            recipe = Recipe(
                seed=50 + seed, bidders=60, length=60_000, rings=(), known=1.0, poor=poor
            )
            shared += unrelated_values(generate(recipe))
        values = np.array(shared)
        tail = values[values >= np.quantile(values, 0.99)]
        beyond = float(tail.min() + (tail.mean() - tail.min()) * np.log(0.01 / 1e-4))
        yield {
            "figure": f"T1: characters that unrelated pairs share, writers with {name} words",
            "pairs": values.size,
            "quantiles": quantiles(values, (0.5, 0.9, 0.99, 0.999)),
            "largest": int(values.max()),
            "quantile 1e-4, exponential tail": round(beyond, 1),
        }
    writer = Writer(77)
    pages = [text_page(writer.paragraph(900)) for _ in range(150)]
    bits = bits_of([describe(page, 1) for page in pages])
    near = distances(bits, bits)[np.triu_indices(len(pages), 1)]
    copies = bits_of([describe(recompressed(page), 1) for page in pages[:30]])
    yield {
        "figure": "I1: bits of 256 in which unrelated pages of text differ",
        "pairs": near.size,
        "quantiles": quantiles(near, (1e-4, 1e-3, 1e-2, 0.5)),
        "least": int(near.min()),
        "largest between a page and its JPEG": int(distances(bits[:30], copies).diagonal().max()),
        "limit in use": NEAR,
    }


def recompressed(page: Image.Image) -> Image.Image:
    """Return a page as a rescan or a messenger leaves it: smaller, and JPEG of low quality."""
    out = io.BytesIO()
    page.resize((page.width * 3 // 5, page.height * 3 // 5)).save(out, "JPEG", quality=50)
    return Image.open(out)


def unrelated_values(field: Field) -> list[int]:
    """Return the shared characters of every pair of an honest tender, 0 where there are none."""
    ground: Ground = ground_of_texts([field.tender, *field.background])
    texts = [Text(bidder, f"{bidder}.txt", text) for bidder, text in field.bids.items()]
    corpus = build_corpus(texts, ground.known_grams())
    total: list[int] = find_overlap(corpus, shared_entries(corpus)).total.tolist()
    count = len(field.bids) * (len(field.bids) - 1) // 2
    return total + [0] * (count - len(total))


def quantiles(values: np.ndarray[Any, Any], at: Sequence[float]) -> Mapping[str, float]:
    """Return quantiles by name."""
    return {str(share): round(float(np.quantile(values, share)), 1) for share in at}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
