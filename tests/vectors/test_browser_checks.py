"""What the sealing page checks agrees with `keys/`: records and receipts; and chosen files."""

import io
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pydyf
import pytest
from playwright.sync_api import Browser, Page

from keys import encoding, entries, merkle, notes, records
from keys.errors import KeysError
from keys.pins import Pins
from keys.statements import sign_ed25519
from tender.core import money
from tests.vectors.pages import Harness, harness
from tests.walks.sealing.faulty_platform import ORIGIN, Platform, key_of

pytestmark = pytest.mark.browser
PUBLIC = notes.public_bytes(key_of(99))
LOW_ORDER = "4Ot6fDtBuK4WVuP68Z_EatoJjeucMrH9hmIFFl9JuAA"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with harness(tmp_path_factory.mktemp("harness")) as served:
        yield served


@pytest.fixture(scope="module")
def page(browser: Browser, server: Harness) -> Iterator[Page]:
    opened = browser.new_page()
    opened.goto(server.address)
    opened.wait_for_function("() => window.sealing")
    yield opened
    opened.close()


def run(page: Page, body: str, given: Any = None) -> Any:
    return page.evaluate(f"async (given) => {{ const s = window.sealing; {body} }}", given)


def trusted_by_page(page: Page, context: dict[str, Any]) -> bool:
    body = """
      const platformKey = s.encoding.unb64u(given.platform_key);
      try {
        await s.record.verifyRecord({ ...given, signature: given.record_signature, platformKey });
        return true;
      } catch (error) {
        const known = [s.record.Distrust, s.encoding.Malformed];
        if (known.some((kind) => error instanceof kind)) return false;
        throw error;
      }"""
    return bool(run(page, body, context))


def resigned(context: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The context with a changed record that the platform and all custodians signed again."""
    record = {**context["record"], **fields}
    data = encoding.canonical(record)
    opening = encoding.sha256_hex(data)
    accepts = []
    for number, each in enumerate(record["custodians"], start=1):
        accept = {
            "v": "accept/v1",
            "opening": opening,
            "key_id": each["key_id"],
            "key": each["key"],
        }
        accepts.append(sign_ed25519(accept, key_of(number)))
    signature = encoding.b64u(key_of(99).sign(data))
    return {**context, "record": record, "record_signature": signature, "accepts": accepts}


def custodians(context: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    first, *rest = context["record"]["custodians"]
    return [{**first, **fields}, *rest]


CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "threshold of one": lambda c: resigned(c, threshold=1),
    "threshold over n": lambda c: resigned(c, threshold=6),
    "no minimum": lambda c: resigned(c, minimum=0),
    "empty lot": lambda c: resigned(c, lot=""),
    "lot not ASCII": lambda c: resigned(c, lot="标段一"),
    "no such day": lambda c: resigned(c, not_before="2026-02-30T00:00:00Z"),
    "other version": lambda c: resigned(c, v="opening/v2"),
    "unknown part": lambda c: resigned(c, part="all"),
    "whole with after": lambda c: resigned(
        c, after={"opening": "0" * 64, "lockers": [encoding.b64u(PUBLIC)], "threshold": 1}
    ),
    "extra key": lambda c: resigned(c, note=""),
    "key of low order": lambda c: resigned(c, custodians=custodians(c, key=LOW_ORDER)),
    "key not canonical": lambda c: resigned(
        c, custodians=custodians(c, key=encoding.b64u(b"\xff" * 32))
    ),
    "same key twice": lambda c: resigned(
        c, custodians=custodians(c, key=c["record"]["custodians"][1]["key"])
    ),
    "nameless": lambda c: resigned(c, custodians=custodians(c, name="")),
    "one custodian": lambda c: resigned(c, custodians=c["record"]["custodians"][:1]),
    "unsigned by the platform": lambda c: {**c, "record_signature": encoding.b64u(bytes(64))},
    "accepted twice": lambda c: {**c, "accepts": [*c["accepts"], c["accepts"][0]]},
    "one missing": lambda c: {**c, "accepts": c["accepts"][1:]},
    "another's signature": lambda c: {
        **c,
        "accepts": [
            {**c["accepts"][0], "signature": c["accepts"][1]["signature"]},
            *c["accepts"][1:],
        ],
    },
    "pinned for another platform": lambda c: {**c, "pins": {**c["pins"], "platform": "other"}},
    "not pinned": lambda c: {
        **c,
        "pins": {**c["pins"], "custodians": c["pins"]["custodians"][1:]},
    },
}  # fmt: skip


def trusted_by_python(context: dict[str, Any]) -> bool:
    names = {each["identity"]: each["name"] for each in context["pins"]["custodians"]}
    try:
        record = records.OpeningRecord.from_object(context["record"])
        accepts = [records.Acceptance.from_object(each) for each in context["accepts"]]
        records.check_acceptances(record, accepts, Pins(context["pins"]["platform"], names))
    except KeysError:
        return False
    return True


@pytest.mark.parametrize("name", CHANGES)
def test_a_record_with_any_fault_is_refused(page: Page, name: str):
    context = Platform().context()
    assert trusted_by_page(page, context)
    assert trusted_by_python(context)
    changed = CHANGES[name](context)
    assert not trusted_by_page(page, changed)
    # The platform's signature is checked elsewhere in Python; all other faults by the same rule.
    assert trusted_by_python(changed) == (name == "unsigned by the platform")


def test_a_price_record_may_wait_for_locked_scores(page: Page):
    after = {"opening": "0" * 64, "lockers": [encoding.b64u(PUBLIC)], "threshold": 1}
    context = resigned(Platform().context(), part="price", after=after)
    assert trusted_by_page(page, context)
    assert trusted_by_python(context)


def test_inclusion_proofs_agree_for_every_place_in_small_trees(page: Page):
    cases: list[tuple[str, int, int, list[str], str]] = []
    for size in range(1, 18):
        leaves = [merkle.leaf_hash(bytes([n])) for n in range(size)]
        for index in range(size):
            proof = [encoding.b64u(step) for step in merkle.inclusion_proof(leaves, index)]
            top = encoding.b64u(merkle.root(leaves))
            cases.append((encoding.b64u(leaves[index]), index, size, proof, top))
    good = """
      const check = ([leaf, index, size, proof, root]) => s.receipt.verifyInclusion(
        s.encoding.unb64u(leaf), index, size, proof.map((p) => s.encoding.unb64u(p)),
        s.encoding.unb64u(root)).then(() => true, () => false);
      return Promise.all(given.map(check))"""
    assert run(page, good, cases) == [True] * len(cases)
    moved = [(leaf, (at + 1) % size, size, *rest) for leaf, at, size, *rest in cases[1:]]
    assert run(page, good, moved) == [False] * len(moved)
    longer = [[*case[:3], [*case[3], case[4]], case[4]] for case in cases]
    assert run(page, good, longer) == [False] * len(longer)


def complete_receipt() -> dict[str, Any]:
    entry = entries.build_entry(
        seq=2,
        time=datetime(2026, 11, 1, tzinfo=UTC),
        event="bid.submitted",
        subject="bidder",
        actor="person",
        nonce=bytes(16),
        fields={
            "opening": "0" * 64,
            "bid": "1" * 32,
            "bidder": "bidder",
            "sequence": 1,
            "envelope_sha256": "2" * 64,
            "envelope_size": 5000,
            "files_digest": None,
            "files_size": 0,
            "certificate_sha256": "3" * 64,
        },
    )
    leaves = [merkle.leaf_hash(each) for each in (b"a", b"b", entry.line, b"c")]
    note = notes.sign_checkpoint(ORIGIN, 4, merkle.root(leaves), key_of(99))
    proof = merkle.inclusion_proof(leaves, 2)
    return entries.with_inclusion(entries.make_receipt(entry, key_of(99)), note, proof)


def receipt_accepted(page: Page, receipt: dict[str, Any], **expected: Any) -> bool:
    given = {
        "receipt": receipt,
        "expected": {"bidder": "bidder", "sequence": 1, **expected},
        "platform": encoding.b64u(PUBLIC),
        "note": str(notes.platform_key(ORIGIN, PUBLIC)),
    }
    body = """
      const platformKey = s.encoding.unb64u(given.platform);
      const noteKey = await s.receipt.parseNoteKey(given.note);
      return s.receipt.checkReceipt(given.receipt, given.expected, { platformKey, noteKey })
        .then((found) => found.checkpoint.size === 4, () => false)"""
    return bool(run(page, body, given))


def test_a_receipt_is_accepted_whole_and_refused_with_any_part_changed(page: Page):
    receipt = complete_receipt()
    entries.check_receipt(receipt, PUBLIC, ORIGIN)
    assert receipt_accepted(page, receipt)
    assert not receipt_accepted(page, receipt, sequence=2)
    entry, inclusion = receipt["entry"], receipt["inclusion"]
    other = notes.sign_checkpoint(ORIGIN, 4, bytes(32), key_of(99))
    foreign = notes.sign_checkpoint("other/ledger", 4, bytes(32), key_of(99))
    forged = inclusion["checkpoint"].replace("\n4\n", "\n5\n")
    changed = [
        {**receipt, "entry": {**entry, "files_size": 1}},
        {**receipt, "signature": encoding.b64u(bytes(64))},
        {**receipt, "v": "receipt/v2"},
        {**receipt, "more": 1},
        {**receipt, "inclusion": {**inclusion, "checkpoint": other}},
        {**receipt, "inclusion": {**inclusion, "checkpoint": foreign}},
        {**receipt, "inclusion": {**inclusion, "checkpoint": forged}},
        {**receipt, "inclusion": {**inclusion, "proof": inclusion["proof"][::-1]}},
        {**receipt, "inclusion": {**inclusion, "proof": []}},
    ]
    for each in changed:
        assert not receipt_accepted(page, each), each
        with pytest.raises(KeysError):
            entries.check_receipt(each, PUBLIC, ORIGIN)


def test_a_cosigned_checkpoint_is_accepted(page: Page):
    receipt = complete_receipt()
    note = notes.parse_note(receipt["inclusion"]["checkpoint"])
    line = notes.cosign(note.text, key_of(1), datetime(2026, 11, 1, tzinfo=UTC))
    receipt["inclusion"]["checkpoint"] += f"{line}\n"
    assert receipt_accepted(page, receipt)


def pdf(pages: int, *, compress: bool, text: bool = True, pad: int = 0) -> bytes:
    """A PDF, with its pages inside object streams if `compress`."""
    made, out = pydyf.PDF(), io.BytesIO()
    if pad:
        made.add_object(pydyf.Stream([b"%" + b"x" * pad]))
    resources: dict[str, str] = {}
    if text:
        font = pydyf.Dictionary({"Type": "/Font", "Subtype": "/Type1", "BaseFont": "/Helvetica"})
        made.add_object(font)
        resources = {"Font": f"<</F {font.reference.decode()}>>"}
    for _ in range(pages):
        made.add_page(
            pydyf.Dictionary(
                {
                    "Type": "/Page",
                    "Parent": made.pages.reference,
                    "MediaBox": pydyf.Array([0, 0, 200, 200]),
                    "Resources": pydyf.Dictionary(resources),
                }
            )
        )
    made.write(out, version=b"1.7", compress=compress)
    return out.getvalue()


FEN_PARTS = list(itertools.product((1, 7, 105, 1010, 20001, 10010001), range(7), (0, 5, 40100)))
FILES = [
    ("a.pdf", pdf(7, compress=False), 7, []),
    ("b.pdf", pdf(120, compress=True), 120, []),
    ("c.pdf", pdf(3, compress=False, pad=5_000_000), 3, []),
    ("blank.pdf", pdf(2, compress=True, text=False), 2, ["file_blank"]),
    ("locked.pdf", pdf(1, compress=False) + b"<</Encrypt 9 0 R>>", 1, ["file_encrypted"]),
    ("broken.pdf", b"%PDF-1.7\nnothing", None, ["file_no_pages"]),
    ("word.pdf", b"PK\3\4" + b"x" * 100, None, ["file_kind"]),
    ("a.docx", b"PK\3\4" + b"x" * 100, None, []),
    ("a.xlsx", pdf(1, compress=False), None, ["file_kind"]),
    ("empty.pdf", b"", None, ["file_empty"]),
    ("spaces.txt", b" \n" * 50, None, ["file_blank"]),
    ("zeros.dat", bytes(70_000), None, ["file_blank"]),
    ("words.txt", "施工方案".encode(), None, []),
]


def test_page_counts_and_warnings_of_chosen_files(page: Page, server: Harness):
    given = [
        {"name": name, "path": server.offer(f"chosen{number}", content)}
        for number, (name, content, _, _) in enumerate(FILES)
    ]
    found = run(
        page,
        """return Promise.all(given.map(async ({ name, path }) => s.inspect.inspect(
             new File([await (await fetch(path)).arrayBuffer()], name))))""",
        given,
    )
    wanted = [{"pages": pages, "warnings": warnings} for _, _, pages, warnings in FILES]
    for (name, *_), one, other in zip(FILES, found, wanted, strict=True):
        assert one == other, name


def test_amounts_are_exact_and_in_the_capitals_of_the_documents(page: Page):
    fens = {0, 1, 10, 11, 29, 10**15 - 1} | {a * 10**b + c for a, b, c in FEN_PARTS}
    texts = [f"{fen // 100}.{fen % 100:02d}" for fen in sorted(fens)]
    body = """return given.map((text) => {
      const fen = s.amount.parseYuan(text);
      return [fen, s.amount.formatFen(fen), s.amount.capitals(fen)];
    })"""
    wanted = [[fen, f"{Decimal(fen) / 100:,.2f}", money.capitals(fen)] for fen in sorted(fens)]
    assert run(page, body, texts) == wanted
    parse = "return given.map((text) => s.amount.parseYuan(text))"
    bad = ["", "1.234", "-1", "1e5", "1.", ".5", "0x10", "12,34a", "99999999999999"]
    assert run(page, parse, bad) == [None] * len(bad)
    assert run(page, parse, ["１，２３４", " ¥1,234.5 ", "0.29"]) == [123400, 123450, 29]
