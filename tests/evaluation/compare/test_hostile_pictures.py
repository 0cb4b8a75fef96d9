"""Pictures and signatures made to break the reading of seals and writing, or to hide from it."""

from __future__ import annotations

import io
import json
import sys
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bench.generate_stamps import stamp
from evaluation.compare import extraction
from evaluation.compare.extracted import SOME_LOOKED_AT, Extracted, Limits, Look
from evaluation.compare.extraction import NOT_ALL_READ, Extractor
from evaluation.compare.signers import names_in
from tests.evaluation.compare.documents import docx, picture

ONE = "德清县莫干山建设工程有限公司"
OWN = "Own text of the bid, which stays whatever its pictures do. " * 3
EXTRACTED = json.dumps(asdict(Extracted("own", looks=tuple(Look(n) for n in range(1, 7)))))
# A reader that dies of some looks, and sees nothing in the fourth.
DYING = """
import json, os, sys
for line in sys.stdin:
    number = json.loads(line).get("look", {}).get("number")
    if number in %s:
        os._exit(1)
    seal = {"text": "seal", "page": number, "electronic": False}
    written = {"seals": [seal], "writing": [], "drawn": number != 4}
    extracted = json.loads(sys.argv[1])
    print(json.dumps({"written": written} if number else {"extracted": extracted}), flush=True)
"""


def read_by(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Extracted:
    monkeypatch.setattr(extraction, "READER", (sys.executable, "-c", program, EXTRACTED))
    (tmp_path / "bid.pdf").write_bytes(b"%PDF")
    with Extractor() as extractor:
        return extractor.read(tmp_path / "bid.pdf")


def test_a_picture_that_is_too_much_costs_itself_alone(tmp_path, monkeypatch):
    held = read_by(DYING % "{2}", tmp_path, monkeypatch)
    assert (held.text, held.looked_at) == ("own", 6)
    assert [seal.page for seal in held.seals] == [1, 3, 4, 5, 6]
    assert held.missed == (
        f"{extraction.NOT_ALL_READ}page 2: the file brought the reading process down",
        "a picture on page 4 is damaged and was not read",
    )


def test_a_file_of_pictures_that_are_too_much_is_let_be(tmp_path, monkeypatch):
    held = read_by(DYING % "{2, 3, 5}", tmp_path, monkeypatch)
    assert [seal.page for seal in held.seals] == [1, 4]
    assert (held.looked_at, len(held.missed)) == (6, 4)


def pdf(objects: Mapping[int, bytes]) -> bytes:
    """Return a PDF of these objects, the first of which is its catalog."""
    out, places = io.BytesIO(), {}
    out.write(b"%PDF-1.7\n")
    for number, content in objects.items():
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, content))
    table, size = out.tell(), max(objects) + 1
    rows = (b"%010d 00000 n \n" % places.get(number, 0) for number in range(1, size))
    out.write(b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, b"".join(rows)))
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, table))
    return out.getvalue()


def stream(entries: bytes, data: bytes) -> bytes:
    packed = zlib.compress(data)
    head = b"<<%b/Filter/FlateDecode/Length %d>>stream\n" % (entries, len(packed))
    return head + packed + b"\nendstream"


def outlines(words: str) -> bytes:
    """Return a PDF page on which words are drawn as small squares, and none is text."""
    plain = Image.new("L", (560, 40), 0)
    ImageDraw.Draw(plain).text((10, 5), words, 255, font_size=26)
    black = np.argwhere(np.asarray(plain) > 127).tolist()
    squares = b"".join(b"%d %d 1 1 re " % (x, 700 - y) for y, x in black)
    return pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
            4: stream(b"", squares + b"f"),
        }
    )


def page(
    *, box: bytes = b"[0 0 595 842]", more: bytes = b"", root: bytes = b"", shown: bool = True,
    objects: Mapping[int, bytes] | None = None,
) -> bytes:  # fmt: skip
    """Return a PDF of one page with a text and the stamp of a firm."""
    picture = Image.new("RGB", (400, 400), "white")
    mark = stamp(ONE, 380)
    picture.paste(mark, (10, 10), mark)
    drawn = shown * b"q 200 0 0 200 50 150 cm /I Do Q " + b"BT /F 8 Tf 10 50 Td (%b) Tj ET" % (
        OWN.encode()
    )
    kind = (
        b"/Type/XObject/Subtype/Image/Width 400/Height 400/ColorSpace/DeviceRGB/BitsPerComponent 8"
    )
    return pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R%b>>" % root,
            2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox%b/Contents 5 0 R%b"
            b"/Resources<</Font<</F 4 0 R>>/XObject<</I 6 0 R>>>>>>" % (box, more),
            4: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            5: stream(b"", drawn),
            6: stream(kind, picture.tobytes()),
            **(objects or {}),
        }
    )


@pytest.fixture(scope="module")
def extractor():
    with Extractor() as each:
        yield each


def read(extractor: Extractor, path: Path, data: bytes) -> Extracted:
    path.write_bytes(data)
    held = extractor.read(path)
    assert held.looked_at == len(held.looks)
    return held


@pytest.mark.parametrize(
    "box",
    [
        b"[0 0 0 0]",
        b"[0 0 nan inf]",
        b"[0 0 1e38 1e38]",
        b"[595 842 0 0]",
        b"[a b]",
        b"[0 0 1 99999]",
    ],
)
def test_a_page_of_no_size_keeps_its_text(extractor, tmp_path, box):
    held = read(extractor, tmp_path / "bid.pdf", page(box=box))
    assert held.text.strip() == OWN.strip()
    assert held.missed == ()


def certificate(*names: str) -> bytes:
    coded = [name.encode() for name in names]
    return b"".join(b"\x06\x03\x55\x04\x03\x0c" + bytes([len(c)]) + c for c in coded)


def signature(content: bytes) -> bytes:
    return b"<</Type/Sig/Filter/X/SubFilter/Y/ByteRange[0 1 2 3]/Contents<%b>>>" % (
        content.hex().encode()
    )


def electronic(held: Extracted) -> list[str]:
    return [seal.text for seal in held.seals if seal.electronic]


def test_a_signature_stands_out_among_thousands_of_fields_broken_ones_and_circles(
    extractor, tmp_path
):
    fields = {10 + n: b"<</FT/Sig/T(s%d)/V 9 0 R>>" % n for n in range(3000)}
    fields[11] = b"<</FT/Sig/T(a)/Kids[11 0 R 12 0 R]/Parent 12 0 R>>"
    fields[12] = b"<</FT/Sig/T(b)/Kids[11 0 R]/V<</Contents 5 0 R>>>>"
    listed = b" ".join(b"%d 0 R" % n for n in fields)
    root = b"/AcroForm<</SigFlags 3/Fields[null 7 (x) %b]>>" % listed
    objects = {9: signature(certificate(ONE) + bytes(3 << 20)), **fields}
    held = read(extractor, tmp_path / "bid.pdf", page(root=root, objects=objects))
    assert electronic(held) == [ONE]
    assert SOME_LOOKED_AT in held.remarks


def test_names_are_of_one_line_and_can_be_shown_and_not_without_end():
    assert names_in(
        certificate(
            "甲\n公司",
            "a\0b\u2028c",
            "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
            " ",
        )
    ) == ("甲 公司", "ab c", "í")
    many = certificate(*(f"name {n}" for n in range(5000)))
    assert 10 < len(names_in(many)) < 100


def test_a_stamp_behind_hundreds_of_links_is_looked_for(extractor, tmp_path):
    links = b"<</Type/Annot/Subtype/Link/Rect[0 0 5 5]>>" * 300
    last = b"<</Type/Annot/Subtype/Stamp/Rect[0 0 5 5]>>"
    data = page(more=b"/Annots[%b%b]" % (links, last), shown=False)
    assert read(extractor, tmp_path / "bid.pdf", data).looks == (Look(1),)


def encoded(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def test_writing_is_read_on_a_clear_ground_in_sixteen_bits_and_turned_by_the_camera(
    extractor, tmp_path
):
    clear = Image.new("RGBA", (900, 300), (0, 0, 0, 0))
    ImageDraw.Draw(clear).text((20, 100), "This is black writing", "black", font_size=60)
    paper = Image.new("RGBA", clear.size, "white")
    paper.alpha_composite(clear)
    deep = paper.convert("I").point(lambda value: value * 200 + 9000).convert("I;16")
    turned, tag = io.BytesIO(), Image.Exif()
    tag[0x0112] = 3
    paper.convert("RGB").rotate(180).save(turned, "JPEG", exif=tag)
    for data in (encoded(clear, "PNG"), encoded(deep, "PNG"), turned.getvalue()):
        [written] = read(extractor, tmp_path / "bid.png", data).writing
        assert written.text == "This is black writing"


def test_letters_that_were_turned_into_outlines_are_read(extractor, tmp_path):
    held = read(extractor, tmp_path / "bid.pdf", outlines("drawn and not written"))
    assert held.text.strip() == ""
    assert [(each.page, each.text) for each in held.writing] == [(1, "drawn and not written")]


def test_a_file_whose_pictures_take_too_long_keeps_its_text_and_says_so(tmp_path):
    path = tmp_path / "bid.docx"
    path.write_bytes(docx(["投标文件正文"], extra={"word/media/image1.png": picture(2)}))
    with Extractor(Limits(looking_seconds=-1.0)) as extractor:
        held = extractor.read(path)
    assert held.text.strip() == "投标文件正文"
    assert held.looked_at == len(held.looks) == 1
    assert [why.startswith(NOT_ALL_READ) for why in held.missed] == [True]
