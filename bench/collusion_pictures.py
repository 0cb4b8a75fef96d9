"""Figures of what is read in pictures: `python -m bench.collusion_pictures [--quick]`.

Prints JSON lines, each figure beside its limit. Pages, stamps and tenders are synthetic and seeded,
read by the same process as any bid. Seconds a page stand beside those of drawing it alone.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from PIL import Image
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from bench.collusion_text import figure
from bench.generate_documents import Writer
from bench.generate_stamps import GOOD, POOR, Scan, firm, scanned_page
from evaluation.compare.compare import Result, compare_folders
from evaluation.compare.extracted import Limits, Look
from evaluation.compare.normalise import fold
from evaluation.compare.read_writing import Drawing
from evaluation.compare.stamps import read_stamps
from evaluation.compare.writing import read_page
from evaluation.screens.finding import Strength

_LINE, _PAGE = 34, 700  # Characters.
_OWN = "投标人名称：{name}\n本公司承诺按照招标文件的要求完成全部工程内容。\n"


def main(argv: Sequence[str]) -> int:
    """Run the bench; 0 if every limit was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer pages and tenders")
    many = 4 if parser.parse_args(argv).quick else 20
    met = True
    for each in all_figures(many):
        print(json.dumps(each, ensure_ascii=False), flush=True)
        met &= each.get("met", True)
    return 0 if met else 1


def all_figures(many: int) -> Iterator[dict[str, Any]]:
    """Yield reading, stamps by quality of the scan, foreign stamps, scanned copies."""
    for name, scan in (("150 dots, good", GOOD), ("150 dots, poor", POOR)):
        yield from pages(name, scan, many)
    for dots in (120, 150, 200, 300):
        yield from stamps(f"{dots} dots, good", replace(GOOD, dots=dots), many, 0.85)
    for dots in (200, 300):
        yield from stamps(f"{dots} dots, poor", replace(POOR, dots=dots), many, 0.75)
    yield from foreign_stamps(many)
    yield from scanned_copies(max(2, many // 5))


def pages(name: str, scan: Scan, many: int) -> Iterator[dict[str, Any]]:
    """Yield the share of characters that are read right, and processor seconds a page."""
    wrong = length = 0
    reading = drawing = 0.0
    for seed in range(many):
        text = Writer(seed).paragraph(_PAGE)
        data = scanned_page(lines_of(text), [firm(random.Random(seed))], scan, seed)
        image = Image.open(io.BytesIO(data)).convert("RGB")
        start = time.process_time()
        read = read_page(image)
        reading += time.process_time() - start
        drawing += drawn_alone(image)
        wrong += Levenshtein.distance(fold(text).tolist(), fold(read).tolist())
        length += fold(text).size
    yield figure(f"{name}: characters read", 1 - wrong / length, 0.95, least=True)
    yield figure(
        f"{name}: processor seconds a page", reading / many, 3.0, least=False,
        drawing_alone=round(drawing / many, 3),
    )  # fmt: skip


def drawn_alone(image: Image.Image) -> float:
    """Return the processor seconds of drawing a page and looking for stamps, reading nothing."""
    out = io.BytesIO()
    image.save(out, "PDF")
    start = time.process_time()
    Drawing(out.getvalue(), Limits()).read(Look(1))
    return time.process_time() - start


def stamps(name: str, scan: Scan, many: int, least: float) -> Iterator[dict[str, Any]]:
    """Yield the share of stamps, two a page, that are read nearly, and letter for letter."""
    nearly = whole = 0
    for seed in range(many):
        chance = random.Random(f"{name} {seed}")
        names = [firm(chance), firm(chance)]
        data = scanned_page(lines_of(Writer(seed).paragraph(_PAGE)), names, scan, seed)
        read = read_stamps(Image.open(io.BytesIO(data)))
        for each in names:
            best = max((fuzz.partial_ratio(each, text) for text in read), default=0.0)
            nearly, whole = nearly + (best >= 80), whole + (best == 100)
    share = nearly / (2 * many)
    yield figure(f"{name}: stamps read", share, least, least=True, whole=whole / (2 * many))


def foreign_stamps(many: int) -> Iterator[dict[str, Any]]:
    """Yield how many foreign stamps are found, and honest pairs that stamps bring together.

    Tenders of five bidders; each shows a scan with its own stamp and one of a client. In every
    tender one bidder also shows the stamp of another.
    """
    found = false_b = false_c = 0
    for seed in range(many):
        chance = random.Random(f"foreign {seed}")
        firms = list(dict.fromkeys(firm(chance) for _ in range(30)))
        names, clients = firms[:5], firms[5:10]
        pair = tuple(sorted(names[:2]))
        bids = {name: [name, client] for name, client in zip(names, clients, strict=True)}
        bids[names[0]] += [names[1]]
        for finding in compared(bids, seed).findings:
            if finding.code == "X1" and finding.bidders == pair:
                found += 1
            elif finding.code == "X1":
                false_b += finding.strength is not Strength.C
                false_c += finding.strength is Strength.C
    yield figure("foreign stamps found", found / many, 0.75, least=True)
    yield figure("X1 B between others, a tender", false_b / many, 0.0, least=False)
    yield figure("X1 C between others, a tender", false_c / many, 0.05, least=False)


def compared(bids: dict[str, list[str]], seed: int) -> Result:
    """Return the comparison of bids of a text and one scan with stamps each."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, marks) in enumerate(bids.items()):
            writer = Writer(1000 * seed + number)
            place = Path(folder, name)
            place.mkdir()
            text = _OWN.format(name=name) + writer.paragraph(2000)
            (place / "bid.txt").write_text(text, encoding="utf-8")
            page = scanned_page(lines_of(writer.paragraph(300)), marks, GOOD, seed)
            (place / "scan.jpg").write_bytes(page)
        return compare_folders(Path(folder))


def scanned_copies(many: int) -> Iterator[dict[str, Any]]:
    """Yield pairs of scanned bids with copied chapters that are found, others, and what is told."""
    found = others = told = 0
    for seed in range(many):
        ring = [f"bidder-{number}" for number in range(3)]
        copied = Writer(70 + seed).paragraph(2 * _PAGE)
        with tempfile.TemporaryDirectory() as folder:
            for number in range(6):
                name, own = f"bidder-{number}", Writer(100 * seed + number).paragraph(2 * _PAGE)
                save_scan(Path(folder, f"{name}.pdf"), own + copied if name in ring else own, seed)
            result = compare_folders(Path(folder))
        pairs = {finding.bidders for finding in result.findings if finding.code == "T1"}
        wanted = set(combinations(ring, 2))
        found, others = found + len(pairs & wanted), others + len(pairs - wanted)
        told += len({row.bidder for row in result.unread if "no text layer" in row.why})
    yield figure("scanned bids: pairs found", found / (3 * many), 1.0, least=True)
    yield figure("scanned bids: other pairs found", others, 0, least=False)
    yield figure("scanned bids: told that they are pictures", told / (6 * many), 1.0, least=True)


def save_scan(path: Path, text: str, seed: int) -> None:
    """Write a PDF of scanned pages."""
    parts = [text[start : start + _PAGE] for start in range(0, len(text), _PAGE)]
    first, *rest = (
        Image.open(io.BytesIO(scanned_page(lines_of(part), [], GOOD, seed))) for part in parts
    )
    first.save(path, "PDF", save_all=True, append_images=rest)


def lines_of(text: str) -> list[str]:
    """Return a text as the lines of a page."""
    return [text[start : start + _LINE] for start in range(0, len(text), _LINE)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
