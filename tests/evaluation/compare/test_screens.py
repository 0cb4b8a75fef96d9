"""Errors, pictures, file properties and mixed documents: found, and the honest left alone."""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image

from bench.generate_documents import Writer
from evaluation.compare.background import ground_of_texts
from evaluation.compare.compare import Document, Options, compare_documents
from evaluation.compare.corpus import Text
from evaluation.compare.extracted import Extracted, Limits, Picture, Properties
from evaluation.compare.images import Shown, image_findings
from evaluation.compare.metadata import Made, identifier_findings, metadata_findings
from evaluation.compare.mixed import identities_of, mixed_findings, with_own_side
from evaluation.compare.normalise import fold
from evaluation.compare.read_picture import describe_bytes
from evaluation.screens.finding import Finding, Strength
from tests.evaluation.compare.documents import picture

CODE, OTHER_CODE = "91350211M000100Y46", "91110108MA01ABCD0B"


def errors_in(bids: dict[str, str], clauses: list[str]) -> list[Finding]:
    documents = [
        Document(bidder, f"{bidder}.txt", Extracted(text)) for bidder, text in bids.items()
    ]
    findings = compare_documents(documents, ground_of_texts(clauses), Options())
    return [finding for finding in findings if finding.code == "T2"]


def slipped(clause: str, place: int) -> str:
    """Return the clause with one character of a plain stretch replaced by a wrong one."""
    return clause[:place] + "瓯" + clause[place + 1 :]


def with_slips() -> tuple[list[str], list[str]]:
    clauses = [Writer(n).paragraph(80).replace("，", "") for n in range(12)]
    return clauses, [slipped(clause, 20) if n < 4 else clause for n, clause in enumerate(clauses)]


def test_the_same_slips_in_known_text_are_shared_errors():
    clauses, wrong = with_slips()
    own = {n: Writer(60 + n).paragraph(3000) for n in range(6)}
    bids = {str(n): "".join(clauses) + own[n] for n in range(4)}
    bids |= {str(n): "".join(wrong) + own[n] for n in (4, 5)}
    [finding] = errors_in(bids, clauses)
    assert finding.bidders == ("4", "5")
    assert finding.strength is Strength.B
    assert {piece.bidder for piece in finding.evidence} == {"4", "5"}
    for piece in finding.evidence:
        assert bids[piece.bidder][piece.start : piece.end] == "瓯"


def test_an_error_of_the_tender_itself_is_nobodys():
    clauses, wrong = with_slips()
    bids = {str(n): "".join(wrong) + Writer(60 + n).paragraph(3000) for n in range(6)}
    assert errors_in(bids, [*clauses, *wrong]) == []


def test_a_misspelling_that_two_bidders_use_throughout_is_found():
    wrong = {"混凝土": "混泥土", "负责人": "负贵人", "挖掘机": "挖拙机"}
    bids = {str(n): Writer(n).paragraph(60_000) for n in range(6)}
    for number in "25":
        for right, misspelt in wrong.items():
            bids[number] = bids[number].replace(right, misspelt)
    [finding] = errors_in(bids, [Writer(99).paragraph(60_000)])
    assert finding.bidders == ("2", "5")


def shown(bidder: str, data: bytes) -> Shown:
    return Shown(bidder, f"{bidder}.docx", describe_bytes(data, 1, Limits()))


def recompressed(data: bytes) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").resize((300, 225)).save(out, "JPEG", quality=60)
    return out.getvalue()


def test_equal_pixels_are_a_strong_sign_and_a_recompressed_copy_a_weak_one():
    found = image_findings(
        [shown("a", picture(1)), shown("b", picture(1, kind="BMP")), shown("c", picture(2)),
         shown("d", recompressed(picture(2)))], []
    )  # fmt: skip
    assert {(f.bidders, f.strength) for f in found} == {
        (("a", "b"), Strength.B),
        (("c", "d"), Strength.C),
    }


def test_pictures_of_the_tender_blank_pages_and_logos_are_left_out():
    blank = io.BytesIO()
    Image.new("RGB", (600, 800), "white").save(blank, "PNG")
    logo = picture(7, (80, 60))
    drawing = picture(5)
    both = [shown(bidder, data) for bidder in "ab" for data in (blank.getvalue(), logo, drawing)]
    known: list[Picture] = [describe_bytes(drawing, 1, Limits())]
    assert image_findings(both, known) == []


def made(bidder: str, properties: Properties) -> Made:
    return Made(bidder, f"{bidder}.docx", properties)


def test_equal_authors_and_revision_identifiers_are_strong_signs():
    found = metadata_findings(
        [made("a", Properties(author="李四", rsids=("1", "2", "3", "4"))),
         made("b", Properties(author=" 李四 ")),
         made("c", Properties(rsids=("2", "3", "4", "9")))], []
    )  # fmt: skip
    assert {(f.bidders, f.strength) for f in found} == {
        (("a", "b"), Strength.B),
        (("a", "c"), Strength.B),
    }
    assert [[e.record for e in f.evidence] for f in found] == [
        ["author: 李四", "author:  李四 "],
        ["revision identifiers: 2 3 4"] * 2,
    ]


def test_default_names_and_what_the_tender_carries_say_nothing():
    form = Properties(author="代理机构", template="投标格式.dotx", rsids=("1", "2", "3"),
                      created="2024-05-01T08:00:00+00:00")  # fmt: skip
    files = [
        made(bidder, Properties(author="代理机构", editor="Administrator", template="投标格式.dotx",
             software="Word 16", rsids=("1", "2", "3"), created="2024-05-01T08:00:00+00:00"))
        for bidder in "ab"
    ]  # fmt: skip
    assert metadata_findings(files, [form]) == []


def test_the_template_of_a_document_library_says_nothing():
    rsids = ("00B47730", "00034616", "0006063C", "0015074B", "0029639D")
    library = Properties(
        author="python-docx", created="2013-12-23T23:15:00+00:00",
        identifiers=("word:24062061",), rsids=rsids,
    )  # fmt: skip
    files = [made(bidder, library) for bidder in "ab"]
    assert metadata_findings(files, []) == identifier_findings(files, [], local_rule=True) == []
    own = [made(f.bidder, replace(library, rsids=(*rsids, "1", "2", "3"))) for f in files]
    [finding] = metadata_findings(own, [])
    assert finding.evidence[0].record == "revision identifiers: 1 2 3"


def test_files_made_within_a_minute_are_weak_alone_and_strong_with_a_common_template():
    first, second = "2024-05-01T08:00:00+00:00", "2024-05-01T08:00:40+00:00"
    [alone] = metadata_findings(
        [made("a", Properties(created=first)), made("b", Properties(created=second))], []
    )
    assert alone.strength is Strength.C
    [together] = metadata_findings(
        [made("a", Properties(created=first, template="咨询公司.dotx", software="W")),
         made("b", Properties(created=second, template="咨询公司.dotx", software="W"))], []
    )  # fmt: skip
    assert together.strength is Strength.B


def test_equal_file_identifiers_are_strength_a_only_under_a_local_rule():
    files = [made(bidder, Properties(identifiers=("pdf:0011223344556677",))) for bidder in "ab"]
    strengths = [
        identifier_findings(files, [], local_rule=rule)[0].strength for rule in (False, True)
    ]
    assert strengths == [Strength.B, Strength.A]
    known = [Properties(identifiers=("pdf:0011223344556677",))]
    assert identifier_findings(files, known, local_rule=True) == []


def bid(name: str, body: str) -> Text:
    return Text(name, f"{name}.txt", f"投标人：{name}（盖章）\n{body}")


ONE, TWO = "七里建设工程有限公司", "绿水市政工程有限公司"


def test_another_bidders_name_inside_a_bid_is_found_where_it_stands():
    texts = [bid(ONE, "本项目由绿水市政工程\u200b有限公司组织施工。"), bid(TWO, "施工方案")]
    [finding] = mixed_findings(texts, [])
    assert finding.bidders == (ONE, TWO)
    assert finding.legal == "REG 40(5)"
    [piece] = finding.evidence
    assert texts[0].text[piece.start : piece.end] == "绿水市政工程\u200b有限公司"


def test_another_bidders_credit_code_inside_a_bid_is_found():
    texts = [
        bid(ONE, f"统一社会信用代码：{CODE}"),
        bid(TWO, f"统一社会信用代码：{OTHER_CODE}\n营业执照编号 {CODE}"),
    ]
    [finding] = mixed_findings(texts, [])
    assert finding.bidders == (ONE, TWO)
    [piece] = finding.evidence
    assert (piece.bidder, texts[1].text[piece.start : piece.end]) == (TWO, CODE)


def test_the_place_where_the_named_bidder_names_itself_stands_last():
    texts = [bid(ONE, f"本项目由{TWO}施工。"), bid(TWO, "施工方案")]
    known = identities_of(texts)
    [finding] = mixed_findings(texts, [], known)
    foreign, own = with_own_side(finding, texts, known).evidence
    assert (foreign.bidder, own.bidder) == (ONE, TWO)
    assert texts[1].text[own.start : own.end] == TWO


def test_references_consortia_the_tender_and_the_own_branch_are_no_mixed_documents():
    branch = f"{ONE}第二分公司"
    texts = [
        bid(ONE, f"类似项目业绩：与{TWO}共同完成道路工程。"),
        bid(TWO, f"联合体成员：{ONE}"),
        bid(branch, f"本公司全称{branch}，负责施工。"),
    ]
    assert mixed_findings(texts, []) == []
    plain = [bid(ONE, f"由{TWO}施工。"), bid(TWO, "方案")]
    assert mixed_findings(plain, [fold(f"招标代理 {TWO}")]) == []
