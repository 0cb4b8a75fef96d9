"""Tables of strangers are read whole or refused with what is wrong and the next step."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from evaluation.screens.cli import main
from evaluation.screens.table import UnreadableTable, read_bids


def table(folder: Path, text: str, name: str = "bids.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def screen(folder: Path, text: str, out: str = "scores.csv", *more: str) -> int:
    return main(["--bids", str(table(folder, text)), "--out", str(folder / out), *more])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tender,price,price\n1,5,6\n", "price twice"),
        ("tender,price\n1,5\n2,1,234.50\n", "Line 3"),
        ('tender,price\n1,5\n"2,6\n3,7\n', "Line 4"),
        ("tender,price\n" + "x" * 200_000 + ",5\n", "Line 2"),
        ('tender,price\n"a\nb",5\n\n"a\nb",x\n', "Line 6"),
        ("tender,price\n1,5\n,6\n", "Line 3 .*tender"),
        ('tender,price\n1,"1.234,50"\n', "price"),
        ('tender,price\n1,"1,5"\n', "price"),
        ("tender,price\n1,1_000\n", "price"),
        ("tender,price\n1,1e308\n", "price"),
        ("tender,price\n1,1e-308\n", "price"),
        ("tender,price,date\n1,5,nan\n", "date"),
        ("tender,price,date\n1,5,inf\n", "date"),
    ],
)
def test_what_would_be_misread_is_refused_with_its_line(tmp_path, text, words):
    with pytest.raises(UnreadableTable, match=words):
        read_bids(table(tmp_path, text))


def test_empty_lines_and_thousands_are_read(tmp_path):
    text = '\r\n\r\n"tender", price\r\n\r\n甲, "1,234.50"\r\n,\r\n甲,1，235\r\n甲,\uff11236.5\r\n'
    [one] = read_bids(table(tmp_path, text))
    assert one.prices == (1234.5, 1235.0, 1236.5)


def test_every_tender_stands_in_the_answer_once_also_without_a_usable_price(tmp_path):
    text = "tender,price\nnone,0\na,3\na,4\nnone,\nb,1\na,5\nb,-2\n"
    assert screen(tmp_path, text) == 0
    with (tmp_path / "scores.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["tender"], row["bids"]) for row in rows] == [("none", "0"), ("a", "3"), ("b", "1")]
    assert (rows[0]["anomaly"], rows[0]["cv"], rows[0]["signs"]) == ("0.000000", "", "")


def test_a_refusal_is_a_sentence_with_the_next_step(tmp_path, capsys):
    assert screen(tmp_path, "tender,amount\n1,5\n") == 2
    assert capsys.readouterr().err == (
        "screen: The table bids.csv has no column price. Add it and run again.\n"
    )


@pytest.mark.parametrize("out", ["", "bids.csv/scores.csv", "bids.csv"])
def test_an_answer_that_cannot_be_written_is_refused_and_the_input_kept(tmp_path, capsys, out):
    text = "tender,price\n1,5\n1,6\n1,8\n"
    assert screen(tmp_path, text, out) == 2
    assert capsys.readouterr().err.startswith("screen: --out ")
    assert (tmp_path / "bids.csv").read_text(encoding="utf-8") == text


def test_the_folder_of_the_answer_is_made(tmp_path):
    assert screen(tmp_path, "tender,price\n1,5\n1,6\n1,8\n", "new/scores.csv") == 0
    assert (tmp_path / "new" / "scores.csv").is_file()
