"""How well `screen` tells rigged tenders from honest ones, on labelled bids that you hold.

    ./manage bench collusion-auc DIRECTORY

DIRECTORY holds NAME.csv or NAME.csv.gz with the columns of `screen --history`. The data stay where
they are; nothing is fitted that outlives the run. Tenders of three or more bids count, one row a
tender. A market with dates is cut into 20 blocks of consecutive dates, dealt in turn to 5 folds;
one with at most 12 dates (years) is left out year by year. Every fold is scored in one run of
`screen --history` on the others. AUC is over all folds' scores together; the intervals are 95 % of
1,000 bootstrap resamples of tenders, for the difference to -CV of the same tenders.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path

import numpy as np

from evaluation.screens.learned import supervised
from evaluation.screens.prices import Floats
from evaluation.screens.scored import unsupervised
from evaluation.screens.table import BidTable, Direction, read_bids
from evaluation.screens.worth import (
    Flags,
    Places,
    auc,
    bids_rule,
    date_blocks,
    held_out,
    interval,
    lead,
    minus_cv,
)

YEARS = 12


def load(path: Path) -> list[BidTable]:
    """Read one market, through the same reader as the command."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.name.removesuffix(".gz")
        data = path.read_bytes()
        plain.write_bytes(gzip.decompress(data) if path.suffix == ".gz" else data)
        tables = read_bids(plain, labelled=True)
    return [table for table in tables if len(table.prices) >= 3]


def folds_of(tables: list[BidTable]) -> Places | None:
    """Return the fold of each tender, None for a market without dates."""
    blocks = date_blocks(tables)
    if blocks is None:
        return None
    dates, place = np.unique([table.day for table in tables], return_inverse=True)
    return np.asarray(place, dtype=np.int64) if len(dates) <= YEARS else blocks


def between(low: float, high: float) -> str:
    """Write an interval."""
    return f"{low:.3f}..{high:.3f}"


def ahead(labels: Flags, one: Floats, other: Floats) -> str:
    """Write the interval of a lead."""
    found = lead(labels, one, other)
    return f"{found.low:+.3f}..{found.high:+.3f}"


def fold_mean(labels: Flags, scores: Floats, folds: Places) -> float:
    """Return the mean AUC inside the folds that hold both kinds."""
    each = [(labels[folds == fold], scores[folds == fold]) for fold in np.unique(folds)]
    return float(np.mean([auc(y, s) for y, s in each if 0 < y.sum() < len(y)]))


def blocked(name: str, tables: list[BidTable], folds: Places) -> None:
    """Print the date-blocked figures of one market."""
    labels = np.array([bool(table.collusive) for table in tables])
    scores = held_out(tables, folds, Direction.PURCHASE)
    plain = minus_cv(tables)
    bids = bids_rule(tables, labels)
    print(
        f"{name:10} {len(tables):5} tenders {labels.sum():5} rigged | "
        f"with history {auc(labels, scores):.3f} ({between(*interval(labels, scores))}), "
        f"in folds {fold_mean(labels, scores, folds):.3f} | "
        f"-CV {auc(labels, plain):.3f} | lead {ahead(labels, scores, plain)} | "
        f"bids {auc(labels, bids):.3f} | lead {ahead(labels, scores, bids)}",
        flush=True,
    )


def left_out(markets: dict[str, list[BidTable]]) -> None:
    """Print the figures of each market scored with the others as history, and without any."""
    leads: dict[str, list[float]] = {"others": [], "label-free": [], "-CV": []}
    dated = [folds_of(tables) is not None for tables in markets.values()]
    for name, tables in markets.items():
        labels = np.array([bool(table.collusive) for table in tables])
        history = [table for other, rows in markets.items() if other != name for table in rows]
        scores = supervised(tables, history, explained=False).anomaly
        free, plain = unsupervised(tables).anomaly, minus_cv(tables)
        for key, values in (("others", scores), ("label-free", free), ("-CV", plain)):
            leads[key].append(auc(labels, values))
        print(
            f"{name:10} history of the others {auc(labels, scores):.3f} "
            f"({between(*interval(labels, scores))}) | label-free {auc(labels, free):.3f} | "
            f"-CV {auc(labels, plain):.3f} | lead {ahead(labels, scores, plain)}",
            flush=True,
        )
    for key, reached in leads.items():
        four = [value for value, keep in zip(reached, dated, strict=True) if keep]
        print(f"mean {key:10} all {np.mean(reached):.3f} | markets with dates {np.mean(four):.3f}")


def main() -> None:
    """Score every market in the directory given."""
    paths = sorted(Path(sys.argv[1]).glob("*.csv*"))
    markets = {path.name.split(".")[0]: load(path) for path in paths}
    print("Date-blocked, one row a tender, at least three bids, prices and estimate only")
    for name, tables in markets.items():
        folds = folds_of(tables)
        if folds is not None:
            blocked(name, tables, folds)
    print("Leave one market out")
    left_out(markets)


if __name__ == "__main__":
    main()
