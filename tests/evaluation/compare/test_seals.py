"""Seals and writing in pictures: what a machine reads there, and what rests on it."""

from __future__ import annotations

import io
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import weasyprint
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509.oid import NameOID
from PIL import Image, ImageDraw
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.stamp import StaticStampStyle
from rapidfuzz import fuzz

from bench.generate_documents import Writer
from bench.generate_stamps import GOOD, POOR, firm, scanned_page, stamp
from evaluation.compare.background import ground_of_texts
from evaluation.compare.cli import main
from evaluation.compare.compare import Document, Options, Result, compare_documents, compare_folders
from evaluation.compare.extracted import DOUBT, Extracted, Limits, Look, Seal, Writing, bounded
from evaluation.compare.extraction import Extractor
from evaluation.compare.innocent import PRINTED
from evaluation.compare.signers import names_in
from evaluation.compare.stamps import read_stamps, stamp_lines
from evaluation.compare.writing import read_page
from evaluation.screens.finding import Finding, Strength
from tests.evaluation.compare.documents import docx, picture

ONE, TWO, THREE = (
    "德清县莫干山建设工程有限公司",
    "长兴县恒通市政园林建设有限公司",
    "安吉县绿城建筑劳务有限公司",
)
OWN_WORDS = "投标人名称：{name}。本公司承诺按照招标文件的要求完成全部工程内容。"


def lines_of(text: str) -> list[str]:
    return [text[start : start + 34] for start in range(0, len(text), 34)]


def test_the_names_on_tilted_stamps_over_print_are_read():
    found = 0
    for seed in range(10):
        names = [firm(random.Random(10 * seed + n)) for n in range(2)]
        page = scanned_page(lines_of(Writer(seed).paragraph(500)), names, GOOD, seed)
        read = read_stamps(Image.open(io.BytesIO(page)))
        found += sum(any(name[:6] in text for text in read) for name in names)
    assert found >= 16


def test_stamps_that_overlap_are_read_one_by_one():
    found = 0
    for seed in range(6):
        names = [firm(random.Random(10 * seed + n)) for n in range(2)]
        page = Image.new("RGB", (1000, 600), "white")
        for number, name in enumerate(names):
            mark = stamp(name, 330, tilt=140 * number + 30 * seed)
            page.paste(mark, (100 + 240 * number, 100 + 40 * number), mark)
        read = read_stamps(page)
        found += sum(any(fuzz.partial_ratio(name, text) >= 75 for text in read) for name in names)
    assert found >= 10


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_lies_on_its_side_or_its_head_is_read_top_down(degrees):
    text = Writer(1).paragraph(160)
    page = Image.open(io.BytesIO(scanned_page(lines_of(text), [], GOOD, 1)))
    top = page.crop((0, 0, page.width, 300))
    assert fuzz.ratio(text, read_page(top.rotate(degrees, expand=True))) > 95


def test_red_things_that_are_no_stamps_say_nothing():
    page = Image.new("RGB", (1200, 1600), "white")
    draw = ImageDraw.Draw(page)
    draw.ellipse((100, 100, 400, 400), fill=(210, 30, 40))
    draw.rectangle((500, 100, 900, 300), outline=(210, 30, 40), width=8)
    draw.line((0, 700, 1200, 720), fill=(210, 30, 40), width=9)
    assert read_stamps(page) == []
    assert read_stamps(Image.open(io.BytesIO(picture(2)))) == []
    assert read_stamps(Image.new("RGB", (3, 2), "red")) == []


def signed(text: str, name: str, *, mark: Image.Image | None = None) -> bytes:
    """Return a PDF with an electronic signature of a firm, with its stamp if there is one."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
            x509.NameAttribute(NameOID.COMMON_NAME, f"040@{name}@00000001"),
        ]
    )
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Some CA")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .sign(key, hashes.SHA256())
    )
    held = pkcs12.serialize_key_and_certificates(b"firm", key, certificate, None, NoEncryption())
    signer = SimpleSigner.load_pkcs12_data(held, other_certs=[])
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf(text)))
    style, box = None, None
    if mark is not None:
        style = StaticStampStyle(background=PdfImage(mark), background_opacity=1.0, border_width=0)
        box = (300, 300, 420, 420)
    fields.append_signature_field(writer, fields.SigFieldSpec("Seal", box=box, on_page=0))
    metadata = PdfSignatureMetadata(field_name="Seal", md_algorithm="sha256")
    out = PdfSigner(metadata, signer, stamp_style=style).sign_pdf(writer)
    return bytes(out.getbuffer())


def pdf(text: str) -> bytes:
    page = weasyprint.HTML(string=f"<p style='font-family: Noto Sans CJK SC'>{text}")
    made: bytes = page.write_pdf()
    return made


def test_whom_an_electronic_signature_names_is_read(tmp_path):
    (tmp_path / "bid.pdf").write_bytes(signed(Writer(1).paragraph(300), ONE))
    with Extractor() as extractor:
        held = extractor.read(tmp_path / "bid.pdf")
    [seal] = [seal for seal in held.seals if seal.electronic]
    assert ONE in seal.text.split("\n")
    assert f"040@{ONE}@00000001" in seal.text


def test_a_seal_that_is_drawn_over_a_page_by_a_signature_is_read_on_that_page(tmp_path):
    mark = stamp(TWO, 600)
    (tmp_path / "bid.pdf").write_bytes(signed(Writer(1).paragraph(300), ONE, mark=mark))
    with Extractor() as extractor:
        held = extractor.read(tmp_path / "bid.pdf")
    stamps = [seal for seal in held.seals if not seal.electronic]
    assert [seal.page for seal in stamps] == [1]
    assert TWO[:6] in stamps[0].text


def test_names_that_are_cut_short_or_no_text_are_no_names():
    assert names_in(b"\x06\x03\x55\x04\x03\x0c\x7fshort") == ()
    assert names_in(b"\x06\x03\x55\x04\x03\x04\x03abc") == ()
    wide = "公司".encode("utf-16-be")
    assert names_in(b"\x06\x03\x55\x04\x0a\x1e\x04" + wide) == ("公司",)


def seals_in(seals: dict[str, list[Seal]], *names: str) -> list[Finding]:
    """Return the X1 findings of bids that hold seals, each bid of one text file."""
    documents = [
        Document(
            name,
            f"{name}.pdf",
            Extracted(OWN_WORDS.format(name=name), seals=tuple(seals.get(name, ()))),
        )
        for name in names or (ONE, TWO, THREE)
    ]
    findings = compare_documents(documents, ground_of_texts([OWN_WORDS]), Options())
    return [finding for finding in findings if finding.code == "X1"]


def test_another_bidders_seal_is_a_mixed_document():
    for seal, record in (
        (Seal(f"1 {ONE}", 3), f"stamp: 1 {ONE}"),
        (Seal(f"Some CA\n{ONE}", electronic=True), f"signature: Some CA / {ONE}"),
    ):
        [finding] = seals_in({TWO: [seal]})
        assert finding.bidders == tuple(sorted((ONE, TWO)))
        assert finding.strength is Strength.B
        places = [place for place in finding.evidence if place.bidder == TWO]
        assert [(place.page, place.record) for place in places] == [(seal.page or None, record)]


def test_a_stamp_that_is_nearly_read_is_a_weaker_sign_and_only_of_the_nearest_name():
    nearly = ONE.replace("莫", "其").replace("程", "理")
    [finding] = seals_in({TWO: [Seal(nearly, 1)]})
    assert finding.strength is Strength.C
    twin = ONE.replace("莫干山", "莫干溪")
    assert seals_in({TWO: [Seal(ONE.replace("山", "x"), 1)]}, ONE, TWO, twin) == []


def test_a_letter_that_was_clearly_read_as_another_makes_it_another_firms_stamp():
    read = ONE.replace("莫", "其")
    assert seals_in({TWO: [Seal(read, 1, clear=read)]}) == []
    [finding] = seals_in({TWO: [Seal(read, 1, clear=read.replace("其", DOUBT))]})
    assert finding.strength is Strength.C
    page = Image.new("RGB", (800, 800), "white")
    mark = stamp(ONE, 600)
    page.paste(mark, (100, 100), mark)
    [line] = stamp_lines(page)
    assert len(line.text) == len(ONE)
    assert all(letter in (DOUBT, own) for letter, own in zip(line.clear, ONE, strict=True))
    assert line.clear.count(DOUBT) <= 3


def test_a_clients_seal_of_the_same_trade_is_no_bidders_and_a_longer_name_is_its_own():
    for client in (ONE.replace("德清", "长兴"), ONE.replace("莫干山", "下渚湖")):
        assert seals_in({TWO: [Seal(client, 1)]}) == []
        assert seals_in({TWO: [Seal(client.replace("限", "眼"), 1)]}) == []
    short, long = "建设工程有限公司", "莫干山建设工程有限公司"
    [finding] = seals_in({short: [Seal(long)], TWO: [Seal(TWO)]}, short, long, TWO)
    assert finding.bidders == tuple(sorted((short, long)))
    parted = Seal("德清县莫干山\n建设工程有限公司", electronic=True)
    assert seals_in({TWO: [parted]}) == []


def test_a_seal_on_a_contract_or_a_joint_agreement_is_a_weak_sign():
    def strength(title: str) -> Strength:
        document = Extracted(
            OWN_WORDS.format(name=TWO), seals=(Seal(ONE, 2),), writing=(Writing(2, title + "甲"),)
        )
        others = [
            Document(name, "bid.txt", Extracted(OWN_WORDS.format(name=name)))
            for name in (ONE, THREE)
        ]
        ground = ground_of_texts([OWN_WORDS])
        found = compare_documents([Document(TWO, "bid.pdf", document), *others], ground, Options())
        [finding] = [finding for finding in found if finding.code == "X1"]
        return finding.strength

    assert strength("德清县某某路建设工程施工合同\n发包人") is Strength.C
    assert strength("附件三\n联合体协议书（格式）\n") is Strength.C
    assert strength("投标函\n我方愿意按合同约定实施和完成承包工程\n") is Strength.B


def test_own_and_strangers_seals_say_nothing():
    branch = ONE + "德清分公司"
    stranger = "湖州市天目水利水电工程有限责任公司"
    seals = [Seal(TWO), Seal(stranger), Seal("有限公司"), Seal(TWO[:-2], 2), Seal("")]
    assert seals_in({TWO: seals}) == []
    assert seals_in({TWO: [Seal(f"Some CA\n{stranger}", electronic=True)]}) == []
    assert seals_in({branch: [Seal(branch)]}, ONE, TWO, branch) == []


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Return what is found in four bids: a draft, its scan, a scan that is stamped twice, a text.

    The third bears its own stamp and that of the first.
    """
    bids = tmp_path_factory.mktemp("bids")
    draft = Writer(3).paragraph(1500)
    (bids / f"{ONE}.txt").write_text(Writer(4).paragraph(2000) + draft, encoding="utf-8")
    pages = [Image.open(io.BytesIO(scanned_page(lines_of(draft[:700]), [TWO], GOOD, 1)))]
    pages += [Image.open(io.BytesIO(scanned_page(lines_of(draft[700:]), [], GOOD, 2)))]
    pages[0].save(bids / f"{TWO}.pdf", "PDF", save_all=True, append_images=pages[1:])
    own = scanned_page(lines_of(Writer(5).paragraph(600)), [THREE, ONE], GOOD, 5)
    (bids / f"{THREE}.docx").write_bytes(
        docx([Writer(6).paragraph(2000)], extra={"word/media/image1.jpg": own})
    )
    (bids / "四方建设.txt").write_text(Writer(7).paragraph(3000), encoding="utf-8")
    return compare_folders(bids)


def test_a_scanned_copy_is_found_with_its_pages(scanned):
    [copied] = [finding for finding in scanned.findings if finding.code == "T1"]
    assert copied.bidders == tuple(sorted((ONE, TWO)))
    assert copied.value > 1000
    assert {place.page for place in copied.evidence if place.bidder == TWO} == {1, 2}


def test_another_bidders_stamp_on_a_scan_is_found(scanned):
    found = [finding for finding in scanned.findings if finding.code == "X1"]
    assert [finding.bidders for finding in found] == [tuple(sorted((ONE, THREE)))]
    assert any("stamp: " in str(place.record) for place in found[0].evidence)


def test_that_a_machine_read_the_pages_is_told(scanned):
    told = {row.bidder: row.why for row in scanned.unread}
    assert told[TWO] == "no text layer: page 1, 2 shows a picture; a machine read it, with mistakes"
    assert "a machine reads with mistakes" in told[THREE]


def test_what_a_machine_misread_is_no_error_of_two_bidders():
    clauses = [Writer(n).paragraph(80).replace("，", "") for n in range(12)]
    wrong = [c[:20] + "瓯" + c[21:] if n < 4 else c for n, c in enumerate(clauses)]

    def errors(*, pictured: bool) -> list[str]:
        bids = {str(n): "".join(wrong if n > 3 else clauses) for n in range(6)}
        documents = [
            Document(
                bidder,
                "bid.pdf",
                Extracted(
                    Writer(60 + int(bidder)).paragraph(3000) + ("" if pictured else text),
                    writing=(Writing(9, text),) if pictured else (),
                ),
            )
            for bidder, text in bids.items()
        ]
        found = compare_documents(documents, ground_of_texts(clauses), Options())
        return [finding.code for finding in found if finding.code == "T2"]

    assert errors(pictured=False) == ["T2"]
    assert errors(pictured=True) == []


def test_text_that_was_read_in_pictures_stands_behind_the_files_own():
    held = Extracted("甲\f乙", (0, 2), writing=(Writing(7, "图中"), Writing(2, "文字")))
    text = Document("x", "x.pdf", held).text()
    assert text.text == "甲\f乙\f图中\f文字"
    assert [text.page_at(text.text.index(c)) for c in "甲乙图文"] == [1, 2, 7, 2]
    assert [text.is_pictured(text.text.index(c)) for c in "甲乙图文"] == [False, False, True, True]
    assert Extracted.from_json(held.to_json()) == held


def test_only_so_many_pages_are_read():
    looks = [Look(n, whole=n % 2 == 0) for n in range(1, 9)]
    kept = bounded(looks, Limits(stamped=6, scanned=2))
    assert [look.number for look in kept] == [1, 2, 3, 4, 5, 6]
    assert [look.number for look in kept if look.whole] == [2, 4]


def test_a_file_keeps_its_text_where_its_pictures_are_too_much(tmp_path):
    page = scanned_page(lines_of(Writer(5).paragraph(600)), [ONE], POOR, 5)
    own = Writer(6).paragraph(500)
    path: Path = tmp_path / "bid.docx"
    path.write_bytes(docx([own], extra={"word/media/image1.jpg": page}))
    with Extractor(Limits(memory=800 << 20)) as extractor:
        held = extractor.read(path)
    assert held.text.strip() == own
    assert any("was not all read" in why for why in held.missed)


def test_how_many_scanned_pages_are_read_is_the_callers_choice(tmp_path):
    bids = tmp_path / "bids"
    bids.mkdir()
    pages = [
        Image.open(io.BytesIO(scanned_page(lines_of(Writer(n).paragraph(60)), [], GOOD, n)))
        for n in range(3)
    ]
    pages[0].save(bids / f"{ONE}.pdf", "PDF", save_all=True, append_images=pages[1:])
    out = tmp_path / "out.json"
    arguments = ["--bids", str(bids), "--out", str(out), "--scanned-pages"]
    assert main([*arguments, "-1"]) == 2
    for most, how in (("0", "no writing could be read there"), ("2", "a machine read it")):
        assert main([*arguments, most]) == 0
        whys = [row["why"] for row in json.loads(out.read_text())["unread"]]
        assert any(how in why for why in whys)
        assert "only the first pictures were looked at for writing and stamps" in whys


def test_printed_certificates_that_two_bids_show_are_a_weak_sign_and_a_scanned_chapter_is_not():
    def sign(length: int) -> tuple[Strength, bool]:
        shared = Writer(9).paragraph(length)
        documents = [
            Document(
                str(n),
                "bid.pdf",
                Extracted(
                    Writer(60 + n).paragraph(3000),
                    writing=(Writing(9, shared),) if n < 2 else (),
                ),
            )
            for n in range(4)
        ]
        [found] = compare_documents(documents, ground_of_texts([]), Options())
        return found.strength, PRINTED in found.innocent

    assert sign(500) == (Strength.C, True)
    assert sign(1500) == (Strength.B, True)
