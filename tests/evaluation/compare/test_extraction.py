"""Files of strangers are read, or become an unread row with the reason; nothing crashes."""

from __future__ import annotations

import base64
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest
import weasyprint
from PIL import Image

from bench.collusion_text import text_page
from bench.generate_documents import Writer
from evaluation.compare.extracted import PICTURED_TEXT, Limits, Unreadable
from evaluation.compare.extraction import Extractor, extract_all, list_bids
from tests.evaluation.compare.documents import docx, packed, picture, scan, xlsx

SMALL = Limits(seconds=20, unpacked=4 << 20, characters=200_000, pixels=4_000_000)


@pytest.fixture(scope="module")
def extractor():
    with Extractor(SMALL) as running:
        yield running


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def why_not(extractor: Extractor, path: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        extractor.read(path)
    return str(caught.value)


def test_plain_text_is_kept_code_point_for_code_point(extractor, tmp_path):
    text = "\ufeff投标\u200b文件\r\n𠀀 末行"
    assert extractor.read(written(tmp_path, "a.txt", text.encode())).text == text


def test_word_paragraphs_become_lines_and_properties_are_taken(extractor, tmp_path):
    data = docx(["第一章 总则", "混凝土 <强度>"], author="张三", created="2024-05-01T08:00:00Z",
                rsids=["00A1", "00B2"])  # fmt: skip
    held = extractor.read(written(tmp_path, "a.docx", data))
    assert held.text == "第一章 总则\n混凝土 <强度>\n"
    assert held.properties.author == "张三"
    assert held.properties.created == "2024-05-01T08:00:00+00:00"
    assert held.properties.rsids == ("00A1", "00B2")


def test_workbook_rows_become_lines(extractor, tmp_path):
    held = extractor.read(written(tmp_path, "a.xlsx", xlsx([["项目", "单价"], ["挖土方", "12.5"]])))
    assert held.text == "项目\t单价\n挖土方\t12.5\n"


def test_a_picture_has_the_same_pixels_in_every_format(extractor, tmp_path):
    as_png = extractor.read(written(tmp_path, "a.png", picture(1)))
    as_bmp = extractor.read(written(tmp_path, "b.bmp", picture(1, kind="BMP")))
    in_word = docx(["图"], extra={"word/media/image1.png": picture(1)})
    inside = extractor.read(written(tmp_path, "c.docx", in_word))
    assert as_png.pictures[0].pixels == as_bmp.pictures[0].pixels == inside.pictures[0].pixels


def test_a_scanned_page_is_told_to_have_no_text_layer(tmp_path):
    written(tmp_path, "甲.pdf", scan())
    [(_, held, remarks)] = list(extract_all(list_bids(tmp_path), SMALL))
    assert held is not None
    assert held.blind_pages == (1,)
    assert len(held.pictures) == 1
    assert "no text layer" in remarks[0].why


def test_further_pages_of_a_picture_file_are_told(extractor, tmp_path):
    pages = [Image.open(io.BytesIO(picture(seed))) for seed in (1, 2)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    held = extractor.read(tmp_path / "a.tif")
    assert len(held.pictures) == 1
    assert held.remarks == ("only the first pictures were compared, the file holds too many",)


def written_page() -> bytes:
    """Return a picture of a page of text."""
    out = io.BytesIO()
    text_page(Writer(5).paragraph(800)).save(out, "PNG")
    return out.getvalue()


def test_a_scanned_page_with_running_heads_has_no_text_layer(tmp_path):
    page = base64.b64encode(written_page()).decode()
    weasyprint.HTML(
        string="<style>@page { size: A4; margin: 12mm; @top-center { content: '某某工程投标文件' }"
        "@bottom-center { content: '第 ' counter(page) ' 页 共 2 页' } }"
        "body { font: 11pt 'Noto Sans CJK SC' } img { width: 100% }</style>"
        f"<img src='data:image/png;base64,{page}'><p>{Writer(6).paragraph(600)}</p>"
    ).write_pdf(tmp_path / "甲.pdf")
    [(_, held, remarks)] = list(extract_all(list_bids(tmp_path), SMALL))
    assert held is not None
    assert held.blind_pages == (1,)
    assert [row.why for row in remarks] == [
        "no text layer: page 1 shows a picture; a machine read it, with mistakes"
    ]
    assert [each.page for each in held.writing] == [1]


def test_writing_that_is_a_picture_inside_a_text_is_told_and_a_photograph_is_not(tmp_path):
    for name, shown in (("甲.docx", written_page()), ("乙.docx", picture(1))):
        held = docx(["技术方案如下"] * 20, extra={"word/media/image1.png": shown})
        written(tmp_path, name, held)
    remarks = [row for _, _, rows in extract_all(list_bids(tmp_path), SMALL) for row in rows]
    assert [(row.file, row.why[:12]) for row in remarks] == [("甲.docx", PICTURED_TEXT[:12])]


@pytest.mark.parametrize(
    "broken", ["docProps/core.xml", "docProps/app.xml", "word/settings.xml", "word/footer1.xml"]
)
def test_a_broken_part_beside_the_body_does_not_hide_the_bid(extractor, tmp_path, broken):
    held = extractor.read(written(tmp_path, "a.docx", docx(["正文"], extra={broken: "<x"})))
    assert held.text == "正文\n"
    assert [remark.split()[:3] for remark in held.remarks] == [["the", "part", broken]]


def test_a_part_whose_packing_is_damaged_does_not_hide_the_bid(extractor, tmp_path):
    data = bytearray(docx(["正文"], author="张三" * 200))
    at = data.index(b"docProps/core.xml") + len(b"docProps/core.xml")
    data[at : at + 8] = b"\xff" * 8
    held = extractor.read(written(tmp_path, "a.docx", bytes(data)))
    assert held.text == "正文\n"
    assert held.remarks == ("the part docProps/core.xml is damaged",)


def test_an_embedded_bomb_does_not_hide_the_bid(extractor, tmp_path):
    held = docx(["正文"], extra={"word/embeddings/object.ole": b"\0" * (8 << 20)})
    read = extractor.read(written(tmp_path, "a.docx", held))
    assert read.text == "正文\n"
    assert read.remarks == ("the archive unpacks to more than the limit (zip bomb)",)


def test_a_broken_cell_or_sheet_does_not_hide_the_workbook(extractor, tmp_path):
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cells = "".join(f'<c t="s"><v>{value}</v></c>' for value in ("²", "٣", "9" * 5000, "0"))
    parts = {
        "xl/workbook.xml": f"<workbook {space}/>",
        "xl/sharedStrings.xml": f"<sst {space}><si><t>土方</t></si></sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet {space}><row>{cells}</row></worksheet>",
        "xl/worksheets/sheet2.xml": "<worksheet",
        "xl/worksheets/清单.xml": f"<worksheet {space}><row><c><v>7</v></c></row></worksheet>",
    }
    held = extractor.read(written(tmp_path, "a.xlsx", packed(parts)))
    assert held.text == "土方\n7\n"
    assert len(held.page_starts) == 3
    assert "sheet2" in held.remarks[0]


def test_text_in_comments_is_read_and_in_other_formats_is_told(extractor, tmp_path):
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = "<w:p><w:t>前<!-- x -->后</w:t></w:p>"
    data = docx(
        ["正文"],
        extra={
            "word/document.xml": f"<w:document {space}>{body}</w:document>",
            "word/comments.xml": f"<w:comments {space}><w:p><w:t>批注</w:t></w:p></w:comments>",
            "word/afchunk1.mht": "html",
            "word/diagrams/data1.xml": "<a:x xmlns:a='a'><a:t>图示</a:t></a:x>",
            "word/diagrams/data2.xml": "<a:x xmlns:a='a'/>",
        },
    )
    held = extractor.read(written(tmp_path, "a.docx", data))
    assert held.text == "前后\n批注\n"
    assert [remark.split()[2] for remark in held.remarks] == [
        "word/afchunk1.mht",
        "word/diagrams/data1.xml",
    ]


def encrypted_docx() -> bytes:
    data = bytearray(docx(["秘密"]))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 4)
    return bytes(data)


def deep_xml() -> bytes:
    depth = 50_000
    return packed({"word/document.xml": "<a>" * depth + "</a>" * depth})


def laughs() -> bytes:
    entities = '<!DOCTYPE a [<!ENTITY x "haha"><!ENTITY y "&x;&x;&x;&x;">]>'
    return packed({"word/document.xml": f"{entities}<a>&y;</a>"})


def bomb() -> bytes:
    return packed({"word/document.xml": b"<a>" + b" " * (64 << 20) + b"</a>"})


def lying_bomb() -> bytes:
    """An archive whose directory says that the part is small."""
    data = bytearray(bomb())
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 10)
    return bytes(data)


def huge_picture() -> bytes:
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    return out.getvalue()


def locked_pdf() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"3 0 obj<</Filter/Standard/V 1/R 2/O("
        + b"o" * 32
        + b")/U("
        + b"u" * 32
        + b")/P -4>>endobj\n"
        b"trailer<</Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]>>\n%%EOF"
    )


def endless_pages() -> bytes:
    """A PDF whose tree of pages holds itself and counts a million."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.docx", encrypted_docx(), "encrypted"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "encrypted or of an old"),
        ("a.docx", deep_xml(), "no sound XML"),
        ("a.docx", laughs(), ""),
        ("a.docx", bomb(), "zip bomb"),
        ("a.docx", lying_bomb(), ""),
        ("a.docx", docx(["x"])[:300], "damaged"),
        ("a.docx", packed({"readme": "x"}), "neither docx nor xlsx"),
        ("a.pdf", b"%PDF-1.7\n" + b"\0garbage" * 50, "damaged"),
        ("a.pdf", locked_pdf(), "PDF"),
        ("a.png", huge_picture(), "larger than the limit"),
        ("a.png", picture(1)[:200], "damaged"),
        ("a.txt", "投标".encode("gb18030"), "UTF-8"),
        ("a.bin", b"\0\1\2" * 9, "unknown format"),
        ("a.docx", b"", "empty"),
        ("a.txt", b"", "empty"),
        ("a.rtf", rb"{\rtf1\ansi \u25237?\u26631?}", "unknown format"),
        ("a.pdf", endless_pages(), "pages, more than the limit"),
        ("a.txt", "长".encode() * 200_001, "more text than the limit"),
    ],
)
def test_a_hostile_file_is_unread_with_the_reason(extractor, tmp_path, name, content, word):
    assert word in why_not(extractor, written(tmp_path, name, content))


def test_the_reader_goes_on_after_a_hostile_file(extractor, tmp_path):
    why_not(extractor, written(tmp_path, "a.docx", bomb()))
    assert extractor.read(written(tmp_path, "b.docx", docx(["好"]))).text == "好\n"


def test_a_file_that_takes_too_long_is_given_up(tmp_path):
    path = written(tmp_path, "a.docx", docx(["慢"]))
    with Extractor(Limits(seconds=0.0)) as hurried:
        assert "longer than the limit" in why_not(hurried, path)


def test_a_file_that_takes_too_much_memory_is_given_up(tmp_path):
    data = packed({"word/document.xml": b"<a>" + b" " * (300 << 20) + b"</a>"})
    with Extractor(Limits(memory=400 << 20)) as narrow:
        why = why_not(narrow, written(tmp_path, "a.docx", data))
    assert "memory" in why or "process down" in why


def test_a_link_is_not_followed(extractor, tmp_path):
    (tmp_path / "a.txt").symlink_to("/etc/hostname")
    assert why_not(extractor, tmp_path / "a.txt") == "not a plain file"


def test_bidders_are_named_by_their_stem(tmp_path):
    (tmp_path / "乙公司").mkdir()
    written(tmp_path / "乙公司", "技术标.docx", b"")
    written(tmp_path, "甲公司.pdf", b"")
    written(tmp_path, "甲公司.xlsx", b"")
    written(tmp_path, ".hidden", b"")
    files = [(file.bidder, file.name) for file in list_bids(tmp_path)]
    assert files == [
        ("乙公司", "乙公司/技术标.docx"),
        ("甲公司", "甲公司.pdf"),
        ("甲公司", "甲公司.xlsx"),
    ]


def test_nothing_in_a_folder_of_bids_is_passed_over_in_silence(tmp_path):
    bids = tmp_path / "bids"
    (bids / "空文件夹").mkdir(parents=True)
    (bids / "乙公司").mkdir()
    os.mkfifo(bids / "乙公司" / "管道")
    (bids / "乙公司" / "回路").symlink_to(bids)
    written(bids, "甲公司.docx", docx([]))
    written(bids, os.fsdecode("丙公司".encode("gb18030")) + ".txt", "投标".encode("gb18030"))
    rows = [row for _, _, remarks in extract_all(list_bids(bids), SMALL) for row in remarks]
    told = {row.file: row.why for row in rows}
    assert told.pop("空文件夹") == "the folder is empty or cannot be opened"
    assert told.pop("乙公司/管道") == told.pop("乙公司/回路") == "not a plain file"
    assert told.pop("甲公司.docx") == "no text was found in the file"
    [(name, why)] = told.items()
    assert name.endswith(".txt")
    assert name.startswith("\\xb1\\xfb")
    assert "UTF-8" in why


def test_word_files_of_the_strict_standard_and_with_a_numbered_body_are_read(extractor, tmp_path):
    strict = 'xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"'
    body = "<w:body><w:p><w:r><w:t>严格</w:t></w:r></w:p></w:body>"
    path = written(
        tmp_path,
        "a.docx",
        packed({"word/document2.xml": f"<w:document {strict}>{body}</w:document>"}),
    )
    assert extractor.read(path).text == "严格\n"


def test_zip_writer_of_the_tests_makes_real_archives():
    assert zipfile.ZipFile(io.BytesIO(docx(["x"]))).testzip() is None
