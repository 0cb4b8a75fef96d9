"""The browser's sealing code against the shared vectors and against Python, in a real Chromium."""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, Page

from keys import encoding
from keys.envelope import seal
from keys.errors import Malformed
from keys.header import build_header, context
from keys.records import CustodianKey, OpeningRecord, Part, Release
from keys.verdict import Judgement, Verdict, judge
from keys.x25519 import public_of
from tests.vectors.pages import ROOT, Harness, harness

pytestmark = pytest.mark.browser
DOCUMENT = json.loads((Path(__file__).parent / "sealed-bid-v1.json").read_bytes())
VECTORS = DOCUMENT["vectors"]
WITH_FILES = [vector for vector in VECTORS if vector["files"]]


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


def test_padme_and_the_encodings_agree_with_the_vectors(page: Page):
    found = run(
        page,
        "return Object.fromEntries(given.map((n) => [n, Number(s.encoding.padme(n))]))",
        list(DOCUMENT["padme"]),
    )
    assert found == DOCUMENT["padme"]
    sizes = [0, 1, 2, 3, 9, 4095, 4097, 2**31 + 1, 2**40 + 12345, 2**53 - 1]
    big = run(page, "return given.map((n) => String(s.encoding.padme(n)))", [str(n) for n in sizes])
    assert big == [str(encoding.padme(n)) for n in sizes]


REFUSED = [
    b'{"a":1.0}', b'{"a":-1}', b'{"a":-0}', b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a": 1}',
    b'{"a":9007199254740992}', b"\xef\xbb\xbf{}", b'{"a":"\\ud800"}', b'"\xff"', b"[1e2]",
    '{"é":1}'.encode(), b"[" * 17 + b"]" * 17, b"[" * 30000, b"", b"nul", b'"\\u0041"',
]  # fmt: skip
ALLOWED = [
    b'{"__proto__":1,"a":[true,null,""]}', '{"a":"\u20ac\\n\u2028\U0001f600\x7f"}'.encode(),
    b'{"a":9007199254740991}', b"[" * 16 + b"]" * 16, b'{"\\u0001":0}',
]  # fmt: skip


def test_only_canonical_json_is_read(page: Page):
    texts = [list(data) for data in REFUSED + ALLOWED]
    found = run(
        page,
        """return given.map((bytes) => {
             try { s.encoding.parse(Uint8Array.from(bytes)); return "allowed"; }
             catch (error) { return error instanceof s.encoding.Malformed ? "refused" : "thrown"; }
           })""",
        texts,
    )
    assert found == ["refused"] * len(REFUSED) + ["allowed"] * len(ALLOWED)
    for data in REFUSED:
        with pytest.raises(Malformed):
            encoding.parse(data)
    for data in ALLOWED:
        encoding.parse(data)


@pytest.mark.parametrize("text", ["A", "AB", "AA=", "A+", "A/", "AA\n", " AA", "AAB"])
def test_base64url_has_one_spelling(page: Page, text: str):
    body = "try { s.encoding.unb64u(given); return false; } catch { return true; }"
    assert run(page, body, text)
    with pytest.raises(Malformed):
        encoding.unb64u(text)


@pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))
def test_the_header_comes_out_byte_for_byte(page: Page, vector: dict[str, Any]):
    found = run(
        page,
        """const e = s.encoding;
           const id = await e.sha256(e.canonical(given.record));
           const context = await s.envelope.contextOf(given.bidder, id, given.sequence);
           const dek = e.unb64u(given.dek);
           const header = await s.envelope.buildHeader(given.record, id, context, dek);
           return { id: e.hex(id), context: e.hex(context), header: e.fromUtf8(header) };""",
        vector,
    )
    wanted = {"id": vector["opening_id"], "context": vector["context"], "header": vector["header"]}
    assert found == wanted


def opened(page: Page, vector: dict[str, Any], **changes: Any) -> dict[str, Any]:
    given = {**vector, "files": None, **changes}
    result: dict[str, Any] = run(page, "return s.openBid(given)", given)
    return result


def hashes(contents: list[bytes]) -> list[str]:
    return [encoding.sha256_hex(each) for each in contents]


@pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))
def test_vector_envelopes_and_files_open(page: Page, server: Harness, vector: dict[str, Any]):
    threshold = vector["record"]["threshold"]
    path = vector["files"] and server.offer("files", encoding.unb64u(vector["files"]))
    for releases in (vector["releases"][:threshold], vector["releases"][-threshold:]):
        found = opened(page, vector, releases=releases, files=path)
        assert (found["verdict"], found["reason"]) == ("opened", None)
        assert found["manifest"] == vector["manifest"]
        assert found["files"] == hashes([encoding.unb64u(each) for each in vector["contents"]])
    few = opened(page, vector, releases=vector["releases"][: threshold - 1] * 2)
    assert few["verdict"] == "not_released"
    assert opened(page, vector, sequence=vector["sequence"] + 1)["verdict"] == "bidder_fault"


def test_one_changed_bit_anywhere_in_an_envelope_is_found(page: Page):
    vector = VECTORS[0]
    raw = bytearray(encoding.unb64u(vector["envelope"]))
    end = raw.index(b"---\n") + 4
    for place in (3, 40, 120, 260, 330, end - 2, end + 5, end + 40, end + 100, len(raw) - 1):
        changed = bytearray(raw)
        changed[place] ^= 1
        found = opened(page, vector, envelope=encoding.b64u(bytes(changed)))
        assert found["verdict"] == "bidder_fault", place
    cut = opened(page, vector, envelope=encoding.b64u(bytes(raw[:-1])))
    assert cut["verdict"] == "bidder_fault"


def python_judges(
    vector: dict[str, Any], found: dict[str, Any], ciphertext: bytes, out: Path
) -> Judgement:
    files = out / "sealed"
    files.write_bytes(ciphertext)
    envelope = encoding.unb64u(found["envelope"])
    return judge(
        OpeningRecord.from_object(vector["record"]),
        [Release.from_object(release) for release in vector["releases"]],
        envelope,
        bidder="browser-1",
        sequence=4,
        sha256=encoding.sha256_hex(envelope),
        size=len(envelope),
        files=files if ciphertext else None,
        files_digest=found["digest"],
        files_size=len(ciphertext),
        out_dir=out,
    )


SIZES = [[], [0], [1, 0, 3], [16384, 65536], [100], [8 * 2**20, 9_000_000, 5]]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_python_opens_what_the_browser_sealed(
    page: Page, server: Harness, tmp_path: Path, sizes: list[int]
):
    vector = VECTORS[1]
    contents = [hashlib.shake_128(bytes([size % 251])).digest(size) for size in sizes]
    files = [
        {"name": f"文件 {i}.pdf", "path": server.offer(f"file{i}", each or b"")}
        for i, each in enumerate(contents)
    ]
    given = {
        "record": vector["record"],
        "bidder": "browser-1",
        "sequence": 4,
        "signed": True,
        "prices": {"1": 98765432100},
        "files": files,
        "out": "/sealed",
    }
    found = run(page, "return s.sealBid(given)", given)
    judgement = python_judges(vector, found, server.incoming["/sealed"], tmp_path)
    assert judgement.verdict == Verdict.OPENED, judgement.reason
    assert judgement.manifest is not None
    assert judgement.manifest.to_object()["prices_fen"] == {"1": 98765432100}
    for number, content in enumerate(contents, start=1):
        assert (tmp_path / f"{number:04d}").read_bytes() == content
    assert found["digest"] == (found["pieces"] if sizes else None)


@pytest.mark.parametrize("sizes", [[], [0, 70_000], [9_000_000]], ids=str)
def test_the_browser_opens_what_python_sealed(page: Page, server: Harness, sizes: list[int]):
    vector = WITH_FILES[0]
    out = BytesIO()
    contents = [hashlib.shake_128(b"python").digest(size) for size in sizes]
    sealed = seal(
        OpeningRecord.from_object(vector["record"]),
        bidder="python-1",
        sequence=9,
        prices_fen={"1": 1},
        terms={"days": "90"},
        files=[(f"方案{i}.docx", BytesIO(each)) for i, each in enumerate(contents)],
        signer=ec.generate_private_key(ec.SECP256R1()),
        out_files=out,
    )
    found = opened(
        page,
        vector,
        bidder="python-1",
        sequence=9,
        envelope=encoding.b64u(sealed.envelope),
        files=server.offer("python", out.getvalue()) if sizes else None,
    )
    assert (found["verdict"], found["reason"]) == ("opened", None)
    assert found["manifest"]["terms"] == {"days": "90"}
    assert found["files"] == hashes(contents)


def test_the_canary_knows_the_answer_that_python_computes(page: Page):
    source = (ROOT / "static" / "sealing" / "canary.js").read_text(encoding="utf-8")
    known = re.search(r'KNOWN_HEADER = "([0-9a-f]{64})"', source)
    assert known
    assert run(page, "return s.canary.knownAnswer()") == known[1] == python_known_answer()
    assert run(page, "await s.canary.canary(given); return 'good'", VECTORS[0]["record"]) == "good"


def identity_of(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def python_known_answer() -> str:
    """Build the canary's header in Python: every private key is one byte, 32 times."""
    custodians = tuple(
        CustodianKey(
            name=f"custodian {n}",
            identity=encoding.b64u(
                Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)
                .public_key()
                .public_bytes_raw()
            ),
            key_id=encoding.b64u(bytes([n]) * 16),
            key=encoding.b64u(public_of(bytes([n]) * 32)),
        )
        for n in (1, 2, 3)
    )
    opens = datetime(2026, 1, 1, tzinfo=UTC)
    record = OpeningRecord("canary", "canary", "1", Part.WHOLE, opens, 3, 2, custodians)
    header = build_header(record, bytes([7]) * 32, context("canary", record.opening_id, 1))
    return hashlib.sha256(header.to_bytes()).hexdigest()


def test_a_canary_that_computes_wrongly_is_caught(page: Page):
    body = """
      const whole = crypto.subtle.deriveBits;
      crypto.subtle.deriveBits = async (...given) => {
        const bits = new Uint8Array(await whole.apply(crypto.subtle, given));
        bits[5] ^= 4;
        return bits.buffer;
      };
      try { await s.canary.canary(given); return "passed"; }
      catch (error) { return error.message; }
      finally { delete crypto.subtle.deriveBits; }"""
    assert run(page, body, VECTORS[0]["record"]) == "the known answer differs"


def test_running_sha256_agrees_with_hashlib_at_every_border(page: Page):
    data = hashlib.shake_128(b"border").digest(300)
    splits = [(n, m) for n in (0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 300) for m in (1, 64, 77)]
    found = run(
        page,
        """return given.splits.map(([n, m]) => {
             const hash = new s.sha256.RunningSha256();
             const bytes = Uint8Array.from(given.data).subarray(0, n);
             for (let at = 0; at < n; at += m) hash.update(bytes.subarray(at, at + m));
             return hash.hexdigest();
           })""",
        {"data": list(data), "splits": splits},
    )
    assert found == [hashlib.sha256(data[:n]).hexdigest() for n, _ in splits]
