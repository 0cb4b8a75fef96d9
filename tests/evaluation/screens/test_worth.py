"""A learned score is explained, named, and used only where it beats the plain rules."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from evaluation.screens.cli import main
from evaluation.screens.features import GROUPS, features_of
from evaluation.screens.learned import supervised
from evaluation.screens.scored import unsupervised
from evaluation.screens.table import BidTable
from evaluation.screens.worth import date_blocks, judged, worth
from tests.evaluation.screens.test_screen_command import market, write


def by_gap(seed, tenders):
    """Rings show in the winner's gap alone: all tenders have the same spread."""
    random = np.random.default_rng(seed)
    tables = []
    for number in range(tenders):
        ring = number % 2 == 0
        losers = 1000 * (1.1 + 0.02 * random.random(5))
        winner = losers.min() * (0.9 if ring else 0.996)
        prices = tuple((np.append(losers, winner) * float(random.uniform(1, 9))).tolist())
        tables.append(BidTable(f"{seed}-{number}", prices, day=number, collusive=ring))
    return tables


def unlabelled_noise(tables, seed):
    """The same tenders with labels dealt by chance."""
    flips = np.random.default_rng(seed).permutation(len(tables)) % 2 == 0
    return [replace(table, collusive=bool(flip)) for table, flip in zip(tables, flips, strict=True)]


def test_every_feature_has_one_name_that_people_are_told():
    tables = [BidTable("t", (1.0, 1.2, 1.4, 1.5), estimate=1.3)] * 3
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(set(grouped))
    assert set(features_of(tables).names) <= set(grouped)


def test_what_moved_a_label_free_score_adds_up_to_it():
    scored = unsupervised(market(1, 40))
    odds = sum(scored.moved.values())
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(scored.anomaly)
    assert scored.model == "label-free/1"


def test_a_learned_score_names_what_tells_the_rings_apart():
    tables = by_gap(2, 30)
    scored = supervised(tables, by_gap(1, 80))
    rings = [row for row, table in enumerate(tables) if table.collusive]
    honest = [row for row, table in enumerate(tables) if not table.collusive]
    assert scored.moved["winner"][rings].mean() > 0.5 > -0.5 > scored.moved["winner"][honest].mean()
    assert all(scored.movers(row)[0][0] in {"winner", "spread", "shape"} for row in rings)
    assert abs(scored.moved["digits"]).mean() < abs(scored.moved["winner"]).mean() / 4


def test_a_model_is_named_by_its_version_and_its_history():
    tables, history = market(3, 30), market(4, 60)
    name = supervised(tables, history, explained=False).model
    assert name == supervised(tables, history, explained=False).model
    assert name.startswith("learned/1 history ")
    other = [replace(history[0], collusive=not history[0].collusive), *history[1:]]
    assert supervised(tables, other, explained=False).model != name


def test_a_model_that_beats_both_rules_is_used_and_one_of_chance_is_not():
    tables, history = by_gap(5, 20), by_gap(6, 80)
    scored, found = judged(tables, history)
    assert found is not None
    assert found.better
    assert found.dated
    assert found.learned > 0.9
    assert found.over_bids.low > 0
    assert scored.model.startswith("learned/")
    scored, found = judged(tables, unlabelled_noise(history, 7))
    assert found is not None
    assert not found.better
    assert scored.model == "label-free/1"


def test_blocks_hold_neighbouring_days_together_and_a_history_without_days_says_so():
    tables = market(8, 100)
    folds = date_blocks(tables)
    assert folds is not None
    assert (np.diff(folds) != 0).sum() == 19
    assert date_blocks([replace(table, day=None) for table in tables]) is None
    found = worth([replace(table, day=None) for table in by_gap(9, 60)])
    assert found is not None
    assert not found.dated


def test_too_few_labels_are_not_tried(tmp_path, capsys):
    history = [replace(table, collusive=number < 3) for number, table in enumerate(market(1, 30))]
    assert worth(history) is None
    write(tmp_path / "history.csv", history, labelled=True)
    write(tmp_path / "bids.csv", market(2, 12))
    arguments = ["--bids", str(tmp_path / "bids.csv"), "--out", str(tmp_path / "scores.csv")]
    assert main([*arguments, "--history", str(tmp_path / "history.csv")]) == 0
    assert "too few labelled tenders" in capsys.readouterr().err


def test_the_command_writes_what_moved_each_score_and_says_whether_it_learned(tmp_path, capsys):
    write(tmp_path / "history.csv", by_gap(1, 80), labelled=True)
    write(tmp_path / "bids.csv", by_gap(2, 20))
    arguments = ["--bids", str(tmp_path / "bids.csv"), "--out", str(tmp_path / "scores.csv")]
    assert main([*arguments, "--history", str(tmp_path / "history.csv")]) == 0
    told = capsys.readouterr().err
    assert "blocks of dates" in told
    assert "The learned score is used." in told
    with (tmp_path / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert all(row["model"].startswith("learned/1 history ") for row in rows)
    movers = [each for row in rows for each in row["moved"].split()]
    names = {each.replace("+", " ").replace("-", " ").split()[0] for each in movers}
    assert "winner" in names
    assert names <= set(GROUPS)
