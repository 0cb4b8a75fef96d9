"""Pictures of findings: made anew and small, seen by the right people only, kept by hash."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from evaluation.compare.extracted import Limits
from evaluation.compare.read_pdf import read_pdf
from evaluation.compare.read_picture import read_picture_file
from evaluation.findings.inputs.exhibits import Cell, Exhibit, Row, Seen
from evaluation.findings.inputs.limited import Child
from evaluation.findings.inputs.pictures import (
    LARGEST,
    held_picture,
    names_in,
    picture_path,
    pictures_of_file,
    with_pictures,
)
from evaluation.findings.inputs.previews import SIDE, make_previews
from evaluation.models import FindingRow
from evaluation.purging import purge_evaluation
from evaluation.screens.finding import Finding, Strength
from tender.core.files import store_blob
from tender.core.reads import AccessRecord
from tender.core.retention import Purge
from tender.procedure.models import Tender
from tender.publication.models import IssuedDocument
from tests.evaluation import county as make
from tests.evaluation.compare.documents import docx, picture

TWINS = ("青石建设", "白水建筑")
SECRET = b"secret words inside the file"


def _large() -> bytes:
    image = Image.open(io.BytesIO(picture(5, (1600, 1200))))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, comment=SECRET)
    return out.getvalue()


def _wanted(path: Path, pictures: Any) -> dict[str, Any]:
    return {"path": str(path), "wanted": {each.pixels: each.page for each in pictures}}


def test_a_copy_is_small_and_holds_nothing_but_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(_large())
    assert SECRET in _large()
    [known] = read_picture_file(_large(), Limits()).pictures
    made = make_previews(_wanted(path, [known]))
    data = base64.b64decode(made[known.pixels])
    assert len(data) <= LARGEST
    assert SECRET not in data
    shown = Image.open(io.BytesIO(data))
    assert (shown.format, shown.size) == ("JPEG", (SIDE, SIDE * 3 // 4))


def test_a_picture_inside_a_pdf_is_found_by_its_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    pages = [Image.open(io.BytesIO(picture(seed))) for seed in (3, 4)]
    pages[0].save(path, "PDF", save_all=True, append_images=pages[1:])
    known = read_pdf(path.read_bytes(), Limits()).pictures
    assert [each.page for each in known] == [1, 2]
    assert set(make_previews(_wanted(path, known[1:]))) == {known[1].pixels}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make.County]:
    made = make.county(tmp_path_factory.mktemp("pictures"))
    yield made
    made.world.platform.database.close()


@pytest.fixture(scope="module")
def tender(place: make.County) -> Tender:
    """Three bids; two hold one picture, in a document and as a file of its own."""
    made = make.works_tender(place)
    bids = {
        TWINS[0]: {"施工方案.docx": docx(["图"], extra={"word/media/image1.png": picture(7)})},
        TWINS[1]: {"现场.png": picture(7)},
        "南山工程": {"现场.png": picture(8)},
    }
    for number, (name, files) in enumerate(bids.items()):
        make.bid_with_files(place, made, name, 300_000_000 + 7_919 * number**2, files)
    make.open_all(place, made)
    make.screen(place)
    return made


def _row(place: make.County) -> FindingRow:
    query = select(FindingRow).where(FindingRow.code == "I1")
    row: FindingRow = place.read(lambda session: session.scalars(query).one())
    return row


def _shown(text: str) -> list[str]:
    return [part.split('"')[0] for part in text.split('<img src="')[1:]]


def test_supervision_sees_both_pictures_and_each_look_is_kept(
    place: make.County, tender: Tender
) -> None:
    row, desk = _row(place), place.client(place.supervisor)
    assert row.strength == "B"
    urls = _shown(desk.get(f"/findings/{tender.id}/{row.id}").get_data(as_text=True))
    assert len(urls) == 2
    for url in urls:
        answer = desk.get(url)
        assert answer.mimetype == "image/jpeg"
        assert Image.open(io.BytesIO(answer.get_data())).size == (400, 300)
    looks = select(AccessRecord.subject).where(AccessRecord.page.in_(urls))
    assert set(place.read(lambda session: session.scalars(looks).all())) == set(row.bidders)
    strangers = (place.clerk, place.bidders[TWINS[0]].actor, place.bidders["南山工程"].actor)
    assert {place.client(who).get(urls[0]).status_code for who in strangers} == {403, 404}
    assert desk.get(f"/findings/{tender.id}/{row.id}/pictures/x.jpg").status_code == 404


def test_a_bidder_that_is_asked_sees_its_own_picture_only(
    place: make.County, tender: Tender
) -> None:
    row = _row(place)
    base = f"/findings/{tender.id}/{row.id}"
    desk = place.client(place.supervisor)
    every = _shown(desk.get(base).get_data(as_text=True))
    assert desk.post(f"{base}/ask").status_code in (303, 409)
    for name in TWINS:
        bidder = place.client(place.bidders[name].actor)
        [own] = _shown(bidder.get(base).get_data(as_text=True))
        assert bidder.get(own).status_code == 200
        [other] = set(every) - {own}
        assert bidder.get(other).status_code == 404


def test_the_paper_holds_both_pictures(place: make.County, tender: Tender) -> None:
    row, auditor = _row(place), place.client(place.auditor)
    make.ok(auditor.post(f"/findings/{tender.id}/{row.id}/paper"))
    query = select(IssuedDocument.context).where(IssuedDocument.kind == "finding_report")
    order = place.read(lambda session: session.scalars(query).all())[-1]
    [told] = order["context"]["findings"]
    shown = [cell["picture"] for cell in told["exhibits"][0]["rows"][0]["cells"]]
    assert set(shown) == {name for name, _ in order["context"]["pictures"]}
    assert len(shown) == 2


def test_a_picture_goes_with_its_file_and_words_take_its_place(
    place: make.County, tender: Tender
) -> None:
    settings, row = place.world.platform.settings, _row(place)
    with place.world.platform.database.read() as session:
        digest = make.judged(session, tender)[0].stored[0]["sha256"]
        purge = Purge(session, settings, place.world.clock.now())
        purge.blobs.add(digest)
        purge_evaluation(purge)
    [kept] = pictures_of_file(settings, digest)
    assert str(kept.relative_to(settings.data)) in purge.paths
    data = kept.read_bytes()
    kept.unlink()
    url = f"/findings/{tender.id}/{row.id}"
    text = place.client(place.supervisor).get(url).get_data(as_text=True)
    assert len(_shown(text)) == 1
    assert "此处无法显示图片" in text
    kept.write_bytes(data)


def test_a_file_that_breaks_the_child_leaves_words_and_is_tried_again_next_time(
    place: make.County, tender: Tender
) -> None:
    settings = place.world.platform.settings
    sha256, _ = store_blob(settings.store, [b"\x89PNG\r\n\x1a\n broken"])
    cells = (Cell(file="a.png", page=1, picture="ab"), Cell())
    exhibit = Exhibit("x", ("one", "other"), (Row(cells),))
    seen = Seen(Finding("I1", Strength.B, ("one", "other"), 1.0), (exhibit,))
    places = {("one", "a.png"): sha256}
    with Child() as child:
        [told] = with_pictures(settings, child, [seen], places, until=None, attempt="1")
    assert names_in(told.exhibits) == {}
    assert held_picture(settings, f"{sha256}-ab") == b""
    assert picture_path(settings, f"{sha256}-ab").read_bytes() == b"1"
