"""`python -m evaluation screen`: price screens over a table of bids, without the platform."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from evaluation.screens.anomaly import Screened, screened
from evaluation.screens.out_file import why_not_writable
from evaluation.screens.prices import SCREENS
from evaluation.screens.scored import Scored, unsupervised
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
    """Write tender, bids, every screen, its percentile, the anomaly and what moved it.

    A screen that needs more bids than there are is left empty; a ratio over nothing is `inf`.
    With a history, `anomaly` has learned from it and `anomaly_unsupervised` stands beside it.
    """
    plain = unsupervised(tables, direction)
    scored = plain if history is None else _learned(tables, history, direction)
    rows = screened(tables, history or (), direction)
    extra = ["anomaly"] if history is None else ["anomaly", "anomaly_unsupervised"]
    percentiles = [f"{name}_percentile" for name in SCREENS]
    others = len(rows) - 1 + len(history or ())
    head = ["tender", "bids", *SCREENS, "steps_p", *percentiles, "signs", *extra, "moved", "model"]
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        for row, entry in enumerate(rows):
            ends = [f"{scored.anomaly[row]:.6f}", f"{plain.anomaly[row]:.6f}"][: len(extra)]
            moved = " ".join(f"{group}{by:+.2f}" for group, by in scored.movers(row))
            writer.writerow([*_cells(entry, others, direction), *ends, moved, scored.model])


def _learned(tables: list[BidTable], history: list[BidTable], direction: Direction) -> Scored:
    # The learning library takes longer to load than a county's table to screen.
    from evaluation.screens.worth import judged

    scored, found = judged(tables, history, direction)
    if found is None:
        sys.stderr.write("screen: the history has too few labelled tenders to try a model on it.\n")
        return scored
    parts = "blocks of dates" if found.dated else "random parts, which prove less than dates"
    sys.stderr.write(
        f"screen: AUC on {parts} of the history: learned {found.learned:.3f}, -CV {found.cv:.3f} "
        f"(lead {found.over_cv.low:+.3f} to {found.over_cv.high:+.3f}), number of bids "
        f"{found.bids:.3f} (lead {found.over_bids.low:+.3f} to {found.over_bids.high:+.3f}). "
        f"{'The learned score is used.' if found.better else 'It is not ahead and is not used.'}\n"
    )
    return scored


def _cells(entry: Screened, others: int, direction: Direction) -> list[str]:
    """Return the cells of one tender up to the signs that it raises beside `others` more."""
    chance = steps_p(entry.table.prices, direction)
    values = [getattr(entry.screens, name) for name in SCREENS]
    places = [entry.percentiles[name] for name in SCREENS]
    shown = ["" if n is None else f"{n:.6g}" for n in [*values, chance, *places]]
    signs = " ".join(raised(entry, others, chance))
    return [entry.table.tender, str(entry.screens.n), *shown, signs]
