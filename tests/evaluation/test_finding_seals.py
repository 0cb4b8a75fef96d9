"""X1 by seals on the platform: scans are read in slices, the page shows seal and picture."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator

import pytest
from PIL import Image
from sqlalchemy import select

from bench.generate_documents import Writer
from bench.generate_stamps import scanned_page
from evaluation.findings.inputs.limited import Child
from evaluation.findings.inputs.passages import sound
from evaluation.findings.inputs.reading import HeldFile, Later, kept, kept_path, read_files
from evaluation.models import FindingRow
from tender.procedure.models import Tender
from tests.evaluation import county as make
from tests.evaluation.compare.documents import docx

STAMPED = "德清县莫干山建设工程有限公司"
HOLDER = "长兴县恒通市政园林建设有限公司"
HONEST = "安吉县绿城建筑劳务有限公司"


def scans() -> bytes:
    """A PDF of three scanned pages; the second bears another bidder's stamp and its own."""
    pages = []
    for number, names in enumerate(([], [STAMPED, HOLDER], [HOLDER])):
        text = Writer(40 + number).paragraph(120)
        lines = [text[start : start + 34] for start in range(0, len(text), 34)]
        pages.append(Image.open(io.BytesIO(scanned_page(lines, names, seed=5 + number))))
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:])
    return out.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make.County]:
    made = make.county(tmp_path_factory.mktemp("seals"))
    yield made
    made.world.platform.database.close()


@pytest.fixture(scope="module")
def tender(place: make.County) -> Tender:
    """Three bids; one holds a scan with another's stamp."""
    made = make.works_tender(place)
    bids = {
        STAMPED: {"技术标.docx": docx([Writer(1).paragraph(900)])},
        HOLDER: {"资格文件.pdf": scans()},
        HONEST: {"技术标.docx": docx([Writer(2).paragraph(900)])},
    }
    for number, (name, files) in enumerate(bids.items()):
        make.bid_with_files(place, made, name, 300_000_000 + 7_919 * number**2, files)
    make.open_all(place, made)
    make.screen(place)
    return made


def _row(place: make.County) -> FindingRow:
    query = select(FindingRow).where(FindingRow.code == "X1")
    row: FindingRow = place.read(lambda session: session.scalars(query).one())
    return row


def test_a_foreign_stamp_on_a_scanned_page_is_put_before_supervision(
    place: make.County, tender: Tender
) -> None:
    row = _row(place)
    assert {place.bidders[name].organisation.id for name in (STAMPED, HOLDER)} == set(row.bidders)
    page = place.client(place.supervisor).get(f"/findings/{tender.id}/{row.id}")
    text = page.get_data(as_text=True)
    assert "另一投标人的印章" in text
    assert "资格文件.pdf、第2页、机器识别自图片" in text
    [picture] = set(re.findall(r'<img src="([^"]+)"', text))
    shown = place.client(place.supervisor).get(picture)
    assert Image.open(io.BytesIO(shown.get_data())).format == "JPEG"


def test_both_who_are_asked_about_a_seal_learn_what_it_can_mean_and_see_their_own_side(
    place: make.County, tender: Tender
) -> None:
    url = f"/findings/{tender.id}/{_row(place).id}"
    make.ok(place.client(place.supervisor).post(f"{url}/ask"))
    for name, pictures in ((STAMPED, 0), (HOLDER, 1)):
        text = place.client(place.bidders[name].actor).get(url).get_data(as_text=True)
        assert "也可能是其他投标人的文件中出现了您的名称、代码或印章" in text
        assert text.count("<img src=") == pictures
        assert (HOLDER in text) == (name == HOLDER)


def test_that_the_scan_was_read_by_a_machine_is_told(place: make.County, tender: Tender) -> None:
    query = select(FindingRow).where(FindingRow.code == "U")
    row = place.read(lambda session: session.scalars(query).one())
    page = place.client(place.supervisor).get(f"/findings/{tender.id}/{row.id}")
    assert "第1, 2, 3页为图片，文字由机器识别，可能有错。" in page.get_data(as_text=True)


def test_a_scan_is_read_in_slices_and_gives_the_same_as_at_once(
    place: make.County, tender: Tender, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = place.world.platform.settings
    with place.world.platform.database.read() as session:
        [bid] = [bid for bid in make.judged(session, tender) if bid.name == HOLDER]
    [stored] = [each for each in bid.stored if each["name"] == "资格文件.pdf"]
    file = HeldFile(bid.organisation_id, stored["name"], stored["sha256"])
    whole = kept(settings, file.sha256)
    assert whole is not None
    assert [each["page"] for each in whole["extracted"]["writing"]] == [1, 2, 3]
    kept_path(settings, file.sha256).unlink()
    monkeypatch.setattr("evaluation.compare.extraction._AT_ONCE", 0.0)
    slices = 0
    with Child() as child:
        assert read_files(settings, child, [file], writing=False) == 1
        assert (kept(settings, file.sha256) or {})["extracted"]["looked_at"] == 0
        while True:
            try:
                read_files(settings, child, [file], writing=True, until=time.monotonic())
                break
            except Later:
                slices += 1
                content = kept(settings, file.sha256)
                assert content is not None
                assert content["extracted"]["looked_at"] == slices
    assert slices == 2
    again = kept(settings, file.sha256)
    assert again is not None
    assert again["extracted"] == whole["extracted"]


def test_a_page_break_is_shown_as_a_new_line_and_other_controls_as_a_mark() -> None:
    assert sound("甲\f乙\x00") == "甲\n乙\ufffd"
