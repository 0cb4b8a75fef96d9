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
import numpy.typing as npt
from scipy.stats import rankdata

from evaluation.screens.anomaly import unsupervised
from evaluation.screens.learned import supervised
from evaluation.screens.prices import price_screens
from evaluation.screens.table import BidTable, read_bids

Floats = npt.NDArray[np.float64]
BLOCKS, FOLDS, YEARS, RESAMPLES = 20, 5, 12, 1000


def load(path: Path) -> list[BidTable]:
    """Read one market, through the same reader as the command."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.name.removesuffix(".gz")
        data = path.read_bytes()
        plain.write_bytes(gzip.decompress(data) if path.suffix == ".gz" else data)
        tables = read_bids(plain, labelled=True)
    return [table for table in tables if len(table.prices) >= 3]


def folds_of(tables: list[BidTable]) -> npt.NDArray[np.int64] | None:
    """Return the fold of each tender, None for a market without dates."""
    days = [table.day for table in tables]
    known = [day for day in days if day is not None]
    if len(known) < len(days) or len(set(known)) < 2:
        return None
    dates, place, counts = np.unique(known, return_inverse=True, return_counts=True)
    if len(dates) <= YEARS:
        return np.asarray(place, dtype=np.int64)
    middle = (np.cumsum(counts) - counts / 2) / len(tables)
    block = np.minimum((middle * BLOCKS).astype(np.int64), BLOCKS - 1)
    return np.asarray(block[place] % FOLDS, dtype=np.int64)


def auc(labels: npt.NDArray[np.bool_], scores: Floats) -> float:
    """Return the chance that a rigged tender scores above an honest one."""
    rank = rankdata(scores)
    rigged = int(labels.sum())
    return float(
        (rank[labels].sum() - rigged * (rigged + 1) / 2) / (rigged * (len(labels) - rigged))
    )


def interval(labels: npt.NDArray[np.bool_], one: Floats, other: Floats | None = None) -> str:
    """Return the bootstrap interval of an AUC, or of its lead over another score's."""
    random = np.random.default_rng(0)
    seen = []
    for _ in range(RESAMPLES):
        pick = random.integers(0, len(labels), len(labels))
        if 0 < labels[pick].sum() < len(pick):
            lead = auc(labels[pick], one[pick])
            seen.append(lead if other is None else lead - auc(labels[pick], other[pick]))
    low, high = np.quantile(seen, [0.025, 0.975])
    return f"{low:.3f}..{high:.3f}" if other is None else f"{low:+.3f}..{high:+.3f}"


def minus_cv(tables: list[BidTable]) -> Floats:
    """Return the plain rule that every score must beat: an unusually low CV."""
    return np.array([-(price_screens(table.prices).cv or 0.0) for table in tables])


def fold_mean(labels: npt.NDArray[np.bool_], scores: Floats, folds: npt.NDArray[np.int64]) -> float:
    """Return the mean AUC inside the folds that hold both kinds."""
    each = [(labels[folds == fold], scores[folds == fold]) for fold in np.unique(folds)]
    return float(np.mean([auc(y, s) for y, s in each if 0 < y.sum() < len(y)]))


def blocked(name: str, tables: list[BidTable], folds: npt.NDArray[np.int64]) -> None:
    """Print the date-blocked figures of one market."""
    labels = np.array([bool(table.collusive) for table in tables])
    scores = np.zeros(len(tables))
    for fold in np.unique(folds):
        batch = [table for table, place in zip(tables, folds, strict=True) if place == fold]
        rest = [table for table, place in zip(tables, folds, strict=True) if place != fold]
        scores[folds == fold] = supervised(batch, rest)
    plain = minus_cv(tables)
    bids = np.array([float(len(table.prices)) for table in tables])
    print(
        f"{name:10} {len(tables):5} tenders {labels.sum():5} rigged | "
        f"with history {auc(labels, scores):.3f} ({interval(labels, scores)}), "
        f"in folds {fold_mean(labels, scores, folds):.3f} | "
        f"-CV {auc(labels, plain):.3f} | lead {interval(labels, scores, plain)} | "
        f"bids {auc(labels, bids):.3f}",
        flush=True,
    )


def left_out(markets: dict[str, list[BidTable]]) -> None:
    """Print the figures of each market scored with the others as history, and without any."""
    leads: dict[str, list[float]] = {"others": [], "label-free": [], "-CV": []}
    dated = [folds_of(tables) is not None for tables in markets.values()]
    for name, tables in markets.items():
        labels = np.array([bool(table.collusive) for table in tables])
        history = [table for other, rows in markets.items() if other != name for table in rows]
        scores = supervised(tables, history)
        free, plain = unsupervised(tables), minus_cv(tables)
        for key, values in (("others", scores), ("label-free", free), ("-CV", plain)):
            leads[key].append(auc(labels, values))
        print(
            f"{name:10} history of the others {auc(labels, scores):.3f} "
            f"({interval(labels, scores)}) | label-free {auc(labels, free):.3f} | "
            f"-CV {auc(labels, plain):.3f} | lead {interval(labels, scores, plain)}",
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
