"""Screens over real files: what was copied is found where it stands, honest bids are left alone."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Iterator
from datetime import datetime

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.generate_documents import Writer
from evaluation.compare.extracted import Extracted
from evaluation.findings.inputs.exhibits import Cell, seen_from
from evaluation.findings.inputs.limited import Child
from evaluation.findings.inputs.reading import VERSION, HeldFile, kept, kept_path, read_files
from evaluation.findings.inputs.unread import SENTENCES, unread_words
from evaluation.models import FindingRow, ScreenRun
from evaluation.purging import purge_evaluation
from tender.core.files import keep_upload
from tender.core.i18n import speaking
from tender.core.retention import Purge
from tender.procedure.models import Tender, TenderDocument
from tests.evaluation import county as make
from tests.evaluation.compare.documents import docx, packed
from tests.evaluation.compare.test_extraction import locked_pdf
from tests.house import ROOT

COPIED = ("青石建设", "白水建筑")
HONEST = "南山工程"
TROUBLED = "北岭路桥"
SLIP = ("混凝土", "混泥土")


def text(seed: int, paragraphs: int) -> list[str]:
    writer = Writer(seed)
    return [writer.paragraph(180) for _ in range(paragraphs)]


def passage() -> list[str]:
    """What one firm wrote and another took over, slip of the pen and all."""
    first, *rest = text(2, 5)
    return [f"{SLIP[1]}浇筑前应当清理模板。{first}", *rest]


def bill(factor: float, seed: int, noise: float = 0.0) -> bytes:
    """A priced bill of sixty items as a spreadsheet, honest where there is noise."""
    costs, own = random.Random(7), random.Random(seed)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["项目编码", "项目名称", "计量单位", "综合单价"])
    for number in range(60):
        price = costs.uniform(20, 900) * factor * (1 + own.gauss(0, noise))
        sheet.append([f"0101{number:05d}", f"清单项目{number}", "m3", round(price, 2)])
    book.properties.created = datetime(2026, 11, seed, 9, 0)  # noqa: DTZ001 - as the format has it
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def bomb() -> bytes:
    return packed({"word/document.xml": b"<a>" + b" " * (420 << 20) + b"</a>"})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make.County]:
    made = make.county(tmp_path_factory.mktemp("files"))
    yield made
    made.world.platform.database.close()


@pytest.fixture(scope="module")
def tender(place: make.County) -> Tender:
    """Four bids: two with passages and prices from one hand, one honest, one unreadable."""
    made, common = make.works_tender(place), text(1, 6)

    def attach(session: Session) -> None:
        file = keep_upload(
            session, place.world.platform.settings.store, name="招标文件.docx",
            chunks=[docx(common)], actor_id="x", now=place.world.clock.now(),
        )  # fmt: skip
        session.add(
            TenderDocument(
                tender_id=made.id, file_id=file.id, title="招标文件", kind="tender_documents",
                public=True, added_at=place.world.clock.now(),
            )
        )  # fmt: skip

    place.write(attach)
    bids = {
        COPIED[0]: {
            "技术标.docx": docx([*text(3, 8), *passage(), *common], author="王工"),
            "清单.xlsx": bill(1.0, 1),
        },
        COPIED[1]: {
            "技术标.docx": docx([*common, *passage(), *text(4, 8)], author="王工"),
            "清单.xlsx": bill(1.037, 2),
        },
        HONEST: {"技术标.docx": docx([*text(5, 9), *common]), "清单.xlsx": bill(1.01, 3, 0.06)},
        TROUBLED: {"加密.pdf": locked_pdf(), "压缩.docx": bomb()},
    }
    for number, (name, files) in enumerate(bids.items()):
        make.bid_with_files(place, made, name, 300_000_000 + 7_919 * number**2, files)
    make.open_all(place, made)
    make.screen(place)
    return made


def _run(session: Session) -> ScreenRun:
    return session.scalars(select(ScreenRun)).one()


def _rows(place: make.County) -> list[FindingRow]:
    rows: list[FindingRow] = place.read(lambda session: session.scalars(select(FindingRow)).all())
    return rows


def _one(place: make.County, code: str) -> FindingRow:
    [row] = [row for row in _rows(place) if row.code == code]
    return row


def _ids(place: make.County, *names: str) -> set[str]:
    return {place.bidders[name].organisation.id for name in names}


def test_every_screen_finishes(place: make.County, tender: Tender) -> None:
    run = place.read(_run)
    assert [step for step in run.progress if step.get("failed")] == []
    assert run.status.value == "done"


def test_a_copied_passage_is_found_where_it_stands_in_both_bids(
    place: make.County, tender: Tender
) -> None:
    row = _one(place, "T1")
    assert row.strength == "B"
    assert set(row.bidders) == _ids(place, *COPIED)
    whole, settings = "\n".join(passage()), place.world.platform.settings
    files = {
        bid.organisation_id: bid.stored[0]["sha256"]
        for bid in place.read(lambda session: make.judged(session, tender))
    }
    covered = dict.fromkeys(row.bidders, 0)
    for piece in seen_from(row.content).finding.evidence:
        held = kept(settings, files[piece.bidder]) or {}
        inside = Extracted.from_json(held["extracted"]).text[piece.start : piece.end]
        assert inside.strip() in whole
        covered[piece.bidder] += len(inside)
    assert min(covered.values()) >= 0.9 * len(whole)


def test_both_passages_are_kept_with_their_surroundings_and_what_agrees_marked(
    place: make.County, tender: Tender
) -> None:
    exhibit = seen_from(_one(place, "T1").content).exhibits[0]
    cells = [cell for row in exhibit.rows for cell in row.cells]
    assert any(SLIP[1] in _marked(cell) for cell in cells)
    assert all(cell.file == "技术标.docx" and cell.page == 1 for cell in cells)
    assert any(not piece.mark and len(piece.text) > 20 for cell in cells for piece in cell.pieces)


def _marked(cell: Cell) -> str:
    return "".join(piece.text for piece in cell.pieces if piece.mark == "same")


def test_one_price_list_under_a_factor_is_found_with_its_cells(
    place: make.County, tender: Tender
) -> None:
    row = _one(place, "B2")
    assert set(row.bidders) == _ids(place, *COPIED)
    cells = [cell for line in seen_from(row.content).exhibits[0].rows for cell in line.cells]
    assert cells[0].cell == "Sheet!D2"
    assert cells[0].file == "清单.xlsx"


def test_one_author_is_found_by_the_files_properties(place: make.County, tender: Tender) -> None:
    row = _one(place, "M1")
    assert set(row.bidders) == _ids(place, *COPIED)
    assert any(line.same for line in seen_from(row.content).exhibits[0].rows)


def test_an_honest_bid_stands_in_no_finding(place: make.County, tender: Tender) -> None:
    accused = {bidder for row in _rows(place) for bidder in row.bidders}
    assert not accused & _ids(place, HONEST)


def test_locked_and_exploding_files_are_told_as_unread_and_stop_nothing(
    place: make.County, tender: Tender
) -> None:
    row = _one(place, "U")
    assert set(row.bidders) == _ids(place, TROUBLED)
    lines = seen_from(row.content).exhibits[0].rows
    told = {line.cells[0].pieces[0].text: line.cells[1].pieces[0].text for line in lines}
    assert "encrypted" in told["加密.pdf"]
    assert "zip bomb" in told["压缩.docx"]


def test_every_reason_of_the_reader_has_its_words() -> None:
    said = set()
    for path in (ROOT / "evaluation" / "compare").glob("*.py"):
        said |= set(re.findall(r'Unreadable\("([^"]+)"\)', path.read_text(encoding="utf-8")))
    assert said
    assert said <= set(SENTENCES)
    with speaking("zh"):
        for why in (*said, "page 3 is damaged and was not read", "the part a.xml is damaged"):
            assert unread_words(why) != why


def test_a_file_that_was_too_much_for_the_reader_is_tried_again_once_in_each_screening(
    place: make.County, tender: Tender
) -> None:
    settings = place.world.platform.settings
    with place.world.platform.database.read() as session:
        bids = {bid.name: bid for bid in make.judged(session, tender)}
    files = [
        HeldFile(bid.organisation_id, stored["name"], stored["sha256"])
        for name, bid in bids.items()
        for stored in bid.stored
        if name in (HONEST, TROUBLED)
    ]
    late = kept_path(settings, files[0].sha256)
    before = late.read_bytes()
    why = "reading the file takes longer than the limit"
    late.write_text(json.dumps({"v": VERSION, "unread": why, "attempt": "first"}))
    with Child() as child:
        assert read_files(settings, child, files, writing=True) == 0
        assert read_files(settings, child, files, writing=True, attempt="first") == 0
        assert read_files(settings, child, files, writing=True, attempt="second") == 1
    assert json.loads(late.read_bytes())["extracted"] == json.loads(before)["extracted"]


def test_what_was_read_of_a_file_goes_with_it(place: make.County, tender: Tender) -> None:
    settings = place.world.platform.settings
    with place.world.platform.database.read() as session:
        digest = make.judged(session, tender)[0].stored[0]["sha256"]
        purge = Purge(session, settings, place.world.clock.now())
        purge.blobs.add(digest)
        purge_evaluation(purge)
    assert str(kept_path(settings, digest).relative_to(settings.data)) in purge.paths
