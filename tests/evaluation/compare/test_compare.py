"""The command on plain files: what goes in, what comes out, and what the index remembers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import weasyprint

from bench.generate_documents import Writer
from evaluation.compare.background import INDEX_NAME, BackgroundIndex, index_folder
from evaluation.compare.cli import main
from evaluation.compare.extracted import Extracted
from evaluation.compare.extraction import Extractor
from tests.evaluation.compare.documents import docx, scan

ROOT = Path(__file__).resolve().parents[3]


def text(seed: int, paragraphs: int = 12) -> list[str]:
    writer = Writer(seed)
    return [writer.paragraph(200) for _ in range(paragraphs)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    common, copied = text(1), text(2, 4)
    (tmp_path / "tender.txt").write_text("\n".join(common[:4]), encoding="utf-8")
    (tmp_path / "background").mkdir()
    (tmp_path / "background" / "standard.txt").write_text("\n".join(common[4:]), encoding="utf-8")
    bids = tmp_path / "bids"
    (bids / "乙公司").mkdir(parents=True)
    first = "\n".join(common + text(3) + copied)
    (bids / "甲公司.txt").write_text(first, encoding="utf-8")
    (bids / "乙公司" / "技术标.docx").write_bytes(docx([*copied, *common, *text(4)]))
    pages = [*text(5, 3), "", *common, *copied]
    html = "<style>@page { size: A4 } body { font: 12pt 'Noto Sans CJK SC' }</style>"
    weasyprint.HTML(string=html + "".join(f"<p>{p}</p>" for p in pages)).write_pdf(
        bids / "丙公司.pdf"
    )
    (bids / "丁公司.pdf").write_bytes(scan())
    return tmp_path


def run(folder: Path, *more: str) -> dict[str, list[dict[str, Any]]]:
    out = folder / "out" / "findings.json"
    arguments = ["--tender", folder / "tender.txt", "--background", folder / "background",
                 "--bids", folder / "bids", "--out", out]  # fmt: skip
    assert main([*map(str, arguments), *more]) == 0
    loaded: dict[str, list[dict[str, Any]]] = json.loads(out.read_text(encoding="utf-8"))
    return loaded


def test_copies_are_found_across_text_word_and_pdf(folder):
    result = run(folder)
    pairs = {tuple(f["bidders"]): f for f in result["findings"] if f["code"] == "T1"}
    assert set(pairs) == {("丙公司", "乙公司"), ("丙公司", "甲公司"), ("乙公司", "甲公司")}
    finding = pairs["乙公司", "甲公司"]
    assert {"code", "strength", "bidders", "value", "p", "legal", "innocent", "evidence"} <= set(
        finding
    )
    texts = {"甲公司.txt": (folder / "bids" / "甲公司.txt").read_text(encoding="utf-8")}
    texts["乙公司/技术标.docx"] = "".join(line + "\n" for line in [*text(2, 4), *text(1), *text(4)])
    shown = {(e["bidder"], texts[e["file"]][e["start"] : e["end"]]) for e in finding["evidence"]}
    for passage in text(2, 4):
        for bidder in ("甲公司", "乙公司"):
            assert any(bidder == who and passage[3:-3] in what for who, what in shown)
    pages = {e["page"] for e in pairs["丙公司", "甲公司"]["evidence"] if e["bidder"] == "丙公司"}
    assert pages
    assert max(pages) > 1


def test_a_picture_of_text_is_listed_as_unread(folder):
    unread = run(folder)["unread"]
    assert [(row["bidder"], row["file"]) for row in unread] == [("丁公司", "丁公司.pdf")]
    assert "no text layer" in str(unread[0]["why"])


def test_tender_and_background_may_be_left_out(folder):
    out = folder / "findings.json"
    assert main(["--bids", str(folder / "bids"), "--out", str(out)]) == 0
    values = [f["value"] for f in json.loads(out.read_text())["findings"] if f["code"] == "T1"]
    assert min(values) > 2000


def test_a_tender_that_is_named_by_a_link_is_read(folder):
    plain = run(folder)
    (folder / "tender.txt").rename(folder / "v2.txt")
    (folder / "tender.txt").symlink_to("v2.txt")
    assert run(folder) == plain


def test_it_runs_as_a_command_and_refuses_what_is_not_there(folder):
    command = [sys.executable, "-m", "evaluation", "compare", "--out", "x.json", "--bids"]
    done = subprocess.run(
        [*command, str(folder / "none")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "no such file or folder" in done.stderr


def test_the_index_is_kept_used_again_and_follows_the_folder(folder):
    source = folder / "background"
    run(folder)
    index = BackgroundIndex(source / INDEX_NAME)
    assert index.names == ("standard.txt",)
    (source / "more.txt").write_text("新的标准条文", encoding="utf-8")
    (source / "standard.txt").unlink()
    with Extractor() as extractor:
        ground, unread = index_folder(source, extractor)
    assert unread == []
    assert [codes.size for codes in ground.codes] == [6]
    assert BackgroundIndex(source / INDEX_NAME).names == ("more.txt",)


def test_what_somebody_else_wrote_into_the_index_is_read_anew(folder):
    index = folder / "background" / INDEX_NAME
    with Extractor() as extractor:
        plain, _ = index_folder(folder / "background", extractor)
        sound = (index / "index.json").read_text(encoding="utf-8")
        for wrong in ("[]", '{"version": 1, "entries": []}', sound.replace("stamp", "x"),
                      sound.replace("document", "x"), "{", ""):  # fmt: skip
            if wrong:
                (index / "index.json").write_text(wrong)
            else:
                next(index.glob("*.npy")).write_bytes(b"junk")
            ground, unread = index_folder(folder / "background", extractor)
            assert unread == []
            assert [c.tobytes() for c in ground.codes] == [c.tobytes() for c in plain.codes]


def test_names_of_no_known_encoding_stay_apart_and_can_be_written(folder):
    copied = "\n".join(text(9, 3))
    for name in (b"\xff", b"\xfe"):
        odd = os.fsdecode(name + b".txt")
        (folder / "bids" / odd).write_text(copied, encoding="utf-8")
        (folder / "background" / odd).write_text("标准", encoding="utf-8")
    pairs = [f["bidders"] for f in run(folder)["findings"] if f["code"] == "T1"]
    assert ["\\xfe", "\\xff"] in pairs


def test_findings_among_the_bids_are_no_bid_and_no_bid_is_written_over(folder, capsys):
    bids = folder / "bids"
    (folder / "tender.txt").rename(bids / "tender.txt")
    (folder / "background").rename(bids / "background")
    arguments = ["--tender", bids / "tender.txt", "--background", bids / "background",
                 "--bids", bids, "--out"]  # fmt: skip
    answers = []
    for _ in range(2):
        assert main([*map(str, arguments), str(bids / "findings.json")]) == 0
        answers.append((bids / "findings.json").read_text(encoding="utf-8"))
    assert answers[0] == answers[1]
    assert '"findings"' not in answers[0].split("[", 1)[1]
    before = (bids / "甲公司.txt").read_bytes()
    for out in (bids / "甲公司.txt", bids / "tender.txt", bids, bids / "甲公司.txt" / "o.json"):
        assert main([*map(str, arguments), str(out)]) == 2
    assert (bids / "甲公司.txt").read_bytes() == before
    assert capsys.readouterr().err.count("compare: --out ") == 4


def test_no_bids_are_refused_and_one_bid_is_told(folder, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    arguments = ["--out", str(tmp_path / "o.json"), "--bids"]
    assert main([*arguments, str(tmp_path / "empty")]) == 2
    assert "Put one file or folder per bidder there." in capsys.readouterr().err
    assert main([*arguments, str(folder / "bids" / "乙公司")]) == 0
    assert "no other to be compared with" in capsys.readouterr().out


def test_a_tender_that_is_no_file_is_told_as_unread(folder):
    os.mkfifo(folder / "pipe")
    [row] = [r for r in run(folder, "--tender", str(folder / "pipe"))["unread"]
             if r["bidder"] == "(tender)"]  # fmt: skip
    assert row["why"] == "not a plain file"


def test_an_index_of_another_version_or_a_lost_array_is_read_anew(tmp_path):
    index = BackgroundIndex(tmp_path)
    index.add("a", Extracted("标准条文"), "stamp")
    index.save()
    assert BackgroundIndex(tmp_path).holds("a", "stamp")
    assert not BackgroundIndex(tmp_path).holds("a", "newer")
    for array in tmp_path.glob("*.npy"):
        array.unlink()
    assert not BackgroundIndex(tmp_path).holds("a", "stamp")
    (tmp_path / "index.json").write_text('{"version": 0, "entries": {"a": {}}}')
    assert BackgroundIndex(tmp_path).names == ()
