"""Every document is set in both languages, and nothing that a person types breaks one."""

from __future__ import annotations

import dataclasses
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from tender.core import i18n
from tender.publication.papers.documents import Document, DocumentKind, job, require_fields
from tender.publication.papers.parts import Block, Party
from tender.publication.papers.press import ROOT, TEMPLATES
from tender.publication.papers.sealart import seal_svg
from tender.publication.papers.typesetting import Pictures, day, environment, moment, typeset
from tests.tender.publication import workshop
from tests.tender.publication.samples import (
    AWARD_LETTER,
    FINDING_REPORT,
    OPENING_RECORD,
    PLAIN_NOTICE,
    SAMPLES,
    TENDER_NOTICE,
    UNSUCCESSFUL_LETTER,
    VILLAGE_SHEET,
    opening_record_text,
)

CHINESE = re.compile(r"[\u3400-\u9fff]")
HOSTILE = (
    "<script>alert(1)</script><img src='http://evil.example/x'>{{ 7*7 }} {% raw %} & \" '",
    "</td></table><style>@import url(file:///etc/passwd)</style>",
    "𠮷野家 𪚥 㛃 龘 🏗️ \u202e反向 \ufeff\u200d\x7f",
    "无空格" * 1000,
    "W" * 20_000,
)


def pages(pdf: bytes) -> Iterator[str]:
    """The text of each page, as a reader's program extracts it."""
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        yield page.get_textpage().get_text_range()
    document.close()


def html(document: Document, language: str) -> str:
    order = job(document, language)
    return typeset(environment(TEMPLATES), document.document, language, order["context"]).html


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("document", SAMPLES, ids=lambda document: document.document.value)
def test_every_document_is_set_and_names_what_it_is(document: Document, language: str) -> None:
    pdf = workshop.rendered(document, language)
    text = "".join(pages(pdf))
    head = document.head
    for word in (head.tender_no, head.verify_code, head.issuer):
        assert word in text.replace("\r\n", "")
    root = PdfFileReader(io.BytesIO(pdf), strict=True).root
    assert root["/Lang"] == ("zh-CN" if language == "zh" else "en")
    assert root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    assert "/StructParent" in root["/AcroForm"]["/Fields"][0]
    for standard in (b"pdfaid:part", b"pdfuaid:part"):
        assert standard in root["/Metadata"].data


@pytest.mark.parametrize("document", SAMPLES, ids=lambda document: document.document.value)
def test_english_pages_hold_no_chinese_of_our_own(document: Document) -> None:
    """With plain data in place of the sample's Chinese, nothing Chinese is left but capitals."""
    order = job(document, "en")
    context = _plain(order["context"])
    page = typeset(environment(TEMPLATES), document.document, "en", context).html
    capitals = re.compile(r"[零壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分整]")
    assert not CHINESE.search(capitals.sub("", page))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str) and CHINESE.search(value):
        return "data"
    return value


def test_every_msgid_of_the_templates_has_its_chinese() -> None:
    known = i18n.catalogue("zh")
    found = set()
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text()
        # Chinese numerals number the parts and are the only Chinese that a template may hold.
        assert not CHINESE.search(re.sub(r'"[一二三四五六七八九十]+"|、|{#.*?#}', "", text)), path
        found |= {match[2] for match in re.finditer(r"_\(([\"'])(.*?)\1", text)}
    assert len(found) > 80
    assert sorted(found - set(known)) == []


def test_a_lease_letter_states_the_amount_in_digits_and_capitals() -> None:
    text = "".join(pages(workshop.rendered(AWARD_LETTER, "zh")))
    assert "¥163,002.50" in text
    assert "人民币壹拾陆万叁仟零贰元伍角整" in text
    assert "成交确认书" in text


def test_a_purchase_letter_is_called_by_its_own_name() -> None:
    purchase = dataclasses.replace(AWARD_LETTER, direction="purchase")
    assert "中标通知书" in html(purchase, "zh")


def test_the_notice_prints_half_of_the_opening_id_and_carries_all_of_the_record() -> None:
    page = html(TENDER_NOTICE, "zh")
    opening_id = TENDER_NOTICE.sealed_for[0].opening_id
    printed = re.sub(r"\s", "", page)
    assert opening_id[:32] in printed
    assert opening_id not in printed
    assert page.count('src="asset:') == 2


def test_a_record_too_long_for_one_code_is_split_and_not_cut() -> None:
    pictures = Pictures()
    assert len(pictures.qr(opening_record_text())) == 1
    assert len(pictures.qr(opening_record_text() * 4)) == 4


def test_the_village_sheet_is_one_sheet_of_either_size() -> None:
    for paper, width in (("A4", 595), ("A3", 842)):
        pdf = workshop.rendered(dataclasses.replace(VILLAGE_SHEET, paper=paper), "zh")
        document = pypdfium2.PdfDocument(pdf)
        assert len(document) == 1
        assert round(document[0].get_width()) == width
        document.close()


def test_fewer_bidders_than_the_minimum_are_recorded_without_names() -> None:
    page = html(OPENING_RECORD, "zh")
    assert "共收到投标文件1份，不足法定的3份，不予开标" in page


@pytest.mark.parametrize("text", HOSTILE, ids=["script", "style", "rare", "long", "unbroken"])
def test_hostile_text_is_printed_as_text_and_fetches_nothing(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    document = dataclasses.replace(
        PLAIN_NOTICE,
        title=text[:200],
        head=dataclasses.replace(PLAIN_NOTICE.head, project=text[:300], number=text[:80]),
        blocks=(Block(heading=text[:200], paragraphs=(text,), rows=((text[:50], text),)),),
        contacts=(Party(role=text[:50], name=text[:500], phone=text[:90]),),
    )
    order = job(document, "zh")
    made = workshop.typesetter().render(document.document, "zh", order["context"])
    assert made.pages >= 1
    assert "not its own" not in caplog.text
    if "script" in text:
        assert "alert(1)" in "".join(pages(made.pdf))


def test_an_address_inside_a_page_is_denied(caplog: pytest.LogCaptureFixture) -> None:
    from tender.publication.papers.typesetting import Page

    page = Page('<html lang="en"><p>x<img alt="y" src="file:///etc/hostname">', {})
    workshop.typesetter().render_page(page)
    assert "not its own" in caplog.text


def test_a_missing_or_unknown_field_is_an_error_before_anything_is_sealed() -> None:
    order = job(PLAIN_NOTICE, "zh")
    context = order["context"]
    require_fields(DocumentKind.PLAIN_NOTICE, context)
    for wrong in ({**context, "more": 1}, {k: v for k, v in context.items() if k != "title"}):
        with pytest.raises(ValueError, match="plain_notice"):
            require_fields(DocumentKind.PLAIN_NOTICE, wrong)


def test_text_beyond_all_measure_is_refused_not_cut() -> None:
    context = job(PLAIN_NOTICE, "zh")["context"]
    for wrong in ({"title": "长" * 20_001}, {"blocks": context["blocks"] * 30_000}):
        with pytest.raises(ValueError, match="too long"):
            typeset(environment(TEMPLATES), DocumentKind.PLAIN_NOTICE, "zh", {**context, **wrong})


def test_a_picture_handed_over_stands_in_the_archival_form_with_its_words() -> None:
    pdf = workshop.rendered(FINDING_REPORT, "zh")
    document = pypdfium2.PdfDocument(pdf)
    images = [each for page in document for each in page.get_objects(filter=[3])]
    assert [each.get_px_size() for each in images] == [(40, 30)]
    document.close()
    assert b"/Interpolate false" in pdf
    assert b"/Interpolate true" not in pdf


def test_only_small_jpegs_are_taken_over_into_a_document() -> None:
    context = job(FINDING_REPORT, "zh")["context"]
    for wrong in ("PHN2Zz4=", "/9j/" + "A" * 6_000_000):
        with pytest.raises(ValueError, match="picture"):
            typeset(
                environment(TEMPLATES), DocumentKind.FINDING_REPORT, "zh",
                {**context, "pictures": [["one", wrong]]},
            )  # fmt: skip


def test_marks_that_turn_the_writing_round_are_made_visible() -> None:
    turned = dataclasses.replace(PLAIN_NOTICE, title="总价\u202e00.001\u202c元")
    assert "总价\ufffd00.001\ufffd元" in html(turned, "zh")


def test_days_and_moments_are_those_of_china() -> None:
    with i18n.speaking("zh"):
        assert day("2026-12-08") == "2026年12月8日"
        assert moment("2026-12-08T16:30:00Z") == "2026年12月9日（周三）00:30"
        assert moment("以公告为准") == "以公告为准"
    with i18n.speaking("en"):
        assert day("2026-12-08") == "8 Dec 2026"


def test_the_seal_stands_red_over_the_date() -> None:
    pdf = workshop.seal_with(workshop.keys(), now=workshop.NOW)
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    image = document[0].render(scale=1, may_draw_forms=True).to_pil().convert("RGB")
    document.close()
    red = [
        (x, y)
        for x in range(image.width)
        for y in range(image.height // 4, image.height)
        if image.getpixel((x, y))[0] > 150 and sum(image.getpixel((x, y))[1:]) < 150
    ]
    left, right = min(x for x, _ in red), max(x for x, _ in red)
    top, bottom = min(y for _, y in red), max(y for _, y in red)
    assert 110 <= right - left <= 122
    assert 110 <= bottom - top <= 122
    assert left > image.width / 2


def test_the_seal_is_drawn_from_any_name() -> None:
    for name in ("", "县", "青禾县公共资源交易中心", "<&>" * 30):
        assert seal_svg(name, "电子印章").count("<text") == max(1, len(name[:40]) + 1)
    assert "<&>" not in seal_svg("<&>", "x")


def test_ordering_a_document_loads_no_layout_engine() -> None:
    code = (
        "import tender.publication.papers.press, tender.publication.papers.documents, sys;"
        "sys.exit(any(m.split('.')[0] in ('weasyprint', 'pyhanko') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_loser_without_a_winner_is_told_so() -> None:
    letter = dataclasses.replace(UNSUCCESSFUL_LETTER, winner="", winner_total_fen=None)
    assert "本次无中标（成交）人" in html(letter, "zh")
