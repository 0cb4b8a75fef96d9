"""`python -m evaluation screen`: price screens over a table of bids, without the platform."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from evaluation.screens.anomaly import Screened, screened, unsupervised
from evaluation.screens.answers import why_not_writable
from evaluation.screens.prices import SCREENS, Floats
from evaluation.screens.signs import raised
from evaluation.screens.steps import steps_p
from evaluation.screens.table import BidTable, Direction, UnreadableTable, read_bids
from tender.core.i18n import speaking


def main(argv: list[str]) -> int:
    """Read the table, write one line a tender, and return the exit status: 0, or 2 if refused."""
    options = _options(argv)
    direction = Direction(options.direction)
    try:
        tables = read_bids(options.bids)
        history = read_bids(options.history, labelled=True) if options.history else None
    except UnreadableTable as refusal:
        with speaking("en"):
            return _refuse(refusal.text())
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}. Name a table that can be read.")
    why = why_not_writable(options.out, [options.bids, options.history])
    if why:
        return _refuse(f"--out {options.out}: {why}")
    write_scores(options.out, tables, history, direction)
    return 0


def _refuse(why: str) -> int:
    sys.stderr.write(f"screen: {why}\n")
    return 2


def _options(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation screen",
        description="Price screens, one line a tender. A score is a reason to look, not a finding.",
    )
    parser.add_argument("--bids", type=Path, required=True, help="CSV: tender, price, ...")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    parser.add_argument("--history", type=Path, help="CSV with the column tender_collusive")
    parser.add_argument("--direction", choices=[d.value for d in Direction], default="purchase")
    return parser.parse_args(argv)


def write_scores(
    out: Path, tables: list[BidTable], history: list[BidTable] | None, direction: Direction
) -> None:
    """Write tender, bids, every screen, its percentile, and the anomaly.

    A screen that needs more bids than there are is left empty; a ratio over nothing is `inf`.
    With a history, `anomaly` has learned from it and `anomaly_unsupervised` stands beside it.
    """
    plain = unsupervised(tables, direction)
    scores = plain if history is None else _learned(tables, history, direction)
    rows = screened(tables, history or (), direction)
    extra = ["anomaly"] if history is None else ["anomaly", "anomaly_unsupervised"]
    percentiles = [f"{name}_percentile" for name in SCREENS]
    others = len(rows) - 1 + len(history or ())
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["tender", "bids", *SCREENS, "steps_p", *percentiles, "signs", *extra])
        for row, entry in enumerate(rows):
            ends = [f"{scores[row]:.6f}", f"{plain[row]:.6f}"][: len(extra)]
            writer.writerow([*_cells(entry, others, direction), *ends])


def _learned(tables: list[BidTable], history: list[BidTable], direction: Direction) -> Floats:
    # The learning library takes longer to load than a county's table to screen.
    from evaluation.screens.learned import supervised

    return supervised(tables, history, direction)


def _cells(entry: Screened, others: int, direction: Direction) -> list[str]:
    """Return the cells of one tender up to the signs that it raises beside `others` more."""
    chance = steps_p(entry.table.prices, direction)
    values = [getattr(entry.screens, name) for name in SCREENS]
    places = [entry.percentiles[name] for name in SCREENS]
    shown = ["" if n is None else f"{n:.6g}" for n in [*values, chance, *places]]
    signs = " ".join(raised(entry, others, chance))
    return [entry.table.tender, str(entry.screens.n), *shown, signs]
