"""`python -m evaluation screen` on plain files: its columns, its scores, its refusals."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evaluation.screens.anomaly import screened
from evaluation.screens.cli import main
from evaluation.screens.learned import supervised
from evaluation.screens.scored import unsupervised
from evaluation.screens.table import BidTable, Direction, UnreadableTable, read_bids


def market(seed, tenders, ring_share=0.3, scale=1.0):
    """Honest tenders of 6 % spread, and rings whose covers lie close above the winner."""
    random = np.random.default_rng(seed)
    tables = []
    for number in range(tenders):
        cost = scale * float(np.exp(random.normal(13, 1)))
        bids = int(random.integers(4, 10))
        ring = bool(random.random() < ring_share)
        spread = 0.015 if ring else 0.06
        prices = cost * np.exp(spread * random.normal(size=bids))
        if ring:
            prices[prices.argmin()] *= 0.97
        tables.append(
            BidTable(
                tender=f"{seed}-{number}",
                prices=tuple(prices.round(2).tolist()),
                day=number,
                collusive=ring,
            )
        )
    return tables


def write(path: Path, tables, labelled=False):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["tender", "date", "price", *(["tender_collusive"] if labelled else [])])
        for table in tables:
            for price in table.prices:
                tail = [int(table.collusive)] if labelled else []
                writer.writerow([table.tender, int(table.day), price, *tail])


def auc(scores, tables):
    labels = np.array([table.collusive for table in tables])
    higher = scores[labels][:, None] - scores[~labels][None, :]
    return ((higher > 0) + 0.5 * (higher == 0)).mean()


def test_command_writes_every_screen_and_an_anomaly_for_every_tender(tmp_path):
    write(tmp_path / "bids.csv", market(1, 40))
    command = [sys.executable, "-m", "evaluation", "screen", "--bids", tmp_path / "bids.csv"]
    done = subprocess.run(
        [*command, "--out", tmp_path / "scores.csv"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    with (tmp_path / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40
    wanted = {"tender", "cv", "spd", "diffp", "rd", "rdalt", "rdnor", "skew", "kurt", "ks"}
    assert wanted <= rows[0].keys()
    assert all(0 <= float(row["anomaly"]) <= 1 for row in rows)


def test_honest_tenders_raise_few_signs_and_a_ladder_of_totals_raises_b4(tmp_path):
    random = np.random.default_rng(4)
    honest = [
        BidTable(f"t{n}", tuple((1000 * np.exp(0.06 * random.normal(size=6))).tolist()), day=n)
        for n in range(200)
    ]
    ladder = BidTable("ladder", (1000.0, 1010.0, 1020.0, 1030.0, 1043.7), day=0)
    write(tmp_path / "bids.csv", [*honest, ladder])
    arguments = ["--bids", str(tmp_path / "bids.csv"), "--out", str(tmp_path / "scores.csv")]
    assert main(arguments) == 0
    with (tmp_path / "scores.csv").open() as file:
        signs = {row["tender"]: row["signs"].split() for row in csv.DictReader(file)}
    assert "B4" in signs.pop("ladder")
    assert sum(map(len, signs.values())) <= 10


def test_anomaly_without_history_ranks_rings_above_honest_tenders():
    tables = market(2, 120)
    assert auc(unsupervised(tables).anomaly, tables) > 0.9


def test_history_of_the_same_market_is_learned_from_and_the_scores_repeat():
    history, tables = market(3, 80), market(4, 80)
    scores = supervised(tables, history).anomaly
    assert auc(scores, tables) > 0.9
    assert (scores == supervised(tables, history).anomaly).all()


def test_labels_turned_round_in_another_market_do_not_turn_the_scores_round():
    random = np.random.default_rng(5)
    history = [
        BidTable(f"h{n}", tuple(random.uniform(1, 40, 25).tolist()), collusive=n % 2 == 0)
        for n in range(80)
    ]
    tables = market(6, 80)
    assert supervised(tables, history).anomaly == pytest.approx(
        unsupervised(tables).anomaly, abs=1e-6
    )


def test_history_with_one_kind_of_label_falls_back_to_the_label_free_anomaly():
    history = [BidTable(t.tender, t.prices, collusive=True) for t in market(7, 60)]
    tables = market(8, 30)
    assert supervised(tables, history).anomaly == pytest.approx(unsupervised(tables).anomaly)


def test_tender_of_one_or_two_bids_is_listed_with_no_suspicion():
    tables = [*market(9, 30), BidTable("one", (5.0,)), BidTable("two", (5.0, 6.0))]
    assert unsupervised(tables).anomaly[-2:].tolist() == [0.0, 0.0]
    assert screened(tables)[-1].screens.cv is not None


def test_disposal_mirrors_the_scores(tmp_path):
    tables = market(10, 60)
    mirrored = [
        BidTable(t.tender, tuple(max(t.prices) + min(t.prices) - p for p in t.prices))
        for t in tables
    ]
    low = [entry.screens.rd for entry in screened(tables)]
    high = [entry.screens.rd for entry in screened(mirrored, direction=Direction.DISPOSAL)]
    assert low == pytest.approx(high)


def test_disposal_mirrors_what_lies_beside_the_estimate():
    """A purchase at its control price and a disposal at its reserve price are alike."""
    random = np.random.default_rng(12)
    tables, mirrored = [], []
    for number, table in enumerate(market(12, 60)):
        cost = float(np.median(table.prices))
        near = float(random.uniform(0.8, 1.0))
        tables.append(BidTable(f"{number}", table.prices, estimate=table.prices[0] / near))
        prices = tuple(cost * cost / price for price in table.prices)
        mirrored.append(BidTable(f"{number}", prices, estimate=prices[0] * near))
    bought = [entry.percentiles["estimate"] for entry in screened(tables)]
    sold = screened(mirrored, direction=Direction.DISPOSAL)
    assert [entry.percentiles["estimate"] for entry in sold] == pytest.approx(bought, abs=1e-3)
    scores = unsupervised(tables).anomaly, unsupervised(mirrored, Direction.DISPOSAL).anomaly
    assert np.corrcoef(*scores)[0, 1] > 0.99


def test_table_may_have_iso_dates_a_mark_gb18030_and_lines_without_a_price(tmp_path):
    text = (
        "\ufefftender,date,price,bidder,estimate\n"
        '甲,2025-03-01,"1,000.50",张三,1200\n'
        "甲,2025-03-01,,李四,\n"
    )
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    (tmp_path / "b.csv").write_bytes(text.lstrip("\ufeff").encode("gb18030"))
    for name in ("a.csv", "b.csv"):
        (table,) = read_bids(tmp_path / name)
        assert (table.tender, table.prices, table.estimate) == ("甲", (1000.5,), 1200.0)
        assert table.bidders == ("张三",)
        assert table.day == 739311.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tender,amount\n1,5\n", "no column price"),
        ("tender,price\n1,five\n", "Line 2"),
        ("tender,price,date\n1,5,yesterday\n", "date"),
    ],
)
def test_wrong_table_is_refused_with_what_is_wrong(tmp_path, text, words):
    path = tmp_path / "bids.csv"
    path.write_text(text)
    with pytest.raises(UnreadableTable, match=words):
        read_bids(path)


def test_history_without_labels_is_refused_by_the_command(tmp_path, capsys):
    write(tmp_path / "bids.csv", market(11, 5))
    path = str(tmp_path / "bids.csv")
    assert main(["--bids", path, "--history", path, "--out", str(tmp_path / "o.csv")]) == 2
    assert "tender_collusive" in capsys.readouterr().err
