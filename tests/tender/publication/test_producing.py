"""From the order to the sealed PDF in the ledger, and what the verify page says of copies."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

import wsgi
from keys.entries import parse_entry
from tender.accounts.authority import ensure_centre
from tender.accounts.models import Organisation, OrganisationKind
from tender.core.actor import Role
from tender.core.files import blob_path
from tender.core.jobs import perform_due
from tender.ledger.models import LedgerEntry
from tender.ledger.ticking import sign_if_grown
from tender.publication.models import DocumentStatus, IssuedDocument
from tender.publication.papers import producing
from tender.publication.papers.press import ROOT, Made
from tender.publication.verifying.checking import Verdict, check_upload
from tests.tender import factories as make
from tests.tender.publication.public_county import county


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make.World]:
    """A county whose first document is issued and whose second is a private letter, issued too."""
    made, _ = county(tmp_path_factory.mktemp("producing"))
    platform = made.platform
    ensure_centre(platform.settings, "清源县公共资源交易中心", now=platform.clock.now())
    with platform.database.write() as session:
        letter = _documents(session)[1]
        letter.public = False
        letter.recipient_id = make.bidder(session, "收信的公司").organisation.id
    assert perform_due(platform, wsgi.HANDLERS, limit=2) == 2
    producing.rest()
    yield made
    platform.database.close()


def _documents(session: Session) -> list[IssuedDocument]:
    query = select(IssuedDocument).order_by(IssuedDocument.created_at, IssuedDocument.name)
    return list(session.scalars(query))


@pytest.fixture
def issued(world: make.World) -> list[IssuedDocument]:
    """The two issued ones: the public one first."""
    with world.platform.database.read() as session:
        found = [each for each in _documents(session) if each.status is DocumentStatus.ISSUED]
    return sorted(found, key=lambda each: not each.public)


@pytest.fixture
def pdf(world: make.World, issued: list[IssuedDocument]) -> bytes:
    """The public one's bytes."""
    return blob_path(world.platform.settings.store, issued[0].sha256 or "").read_bytes()


@pytest.fixture
def client(world: make.World) -> FlaskClient:
    """A stranger's browser."""
    app = wsgi.create_app(world.platform)
    app.config.update(WTF_CSRF_ENABLED=False)
    return app.test_client()


def test_an_issued_document_stands_in_the_ledger_with_its_hash(
    world: make.World, issued: list[IssuedDocument], pdf: bytes
) -> None:
    assert [each.public for each in issued] == [True, False]
    assert hashlib.sha256(pdf).hexdigest() == issued[0].sha256
    with world.platform.database.read() as session:
        for document in issued:
            row = session.get_one(LedgerEntry, document.ledger_seq)
            fields = parse_entry(row.line.encode()).fields
            assert fields["sha256"] == document.sha256
            assert fields["name"] == document.name
            assert fields.get("public", True) is document.public


def test_a_second_run_changes_nothing(world: make.World, issued: list[IssuedDocument]) -> None:
    producing.produce_document(world.platform, {"document": issued[0].id})
    made = Made(b"%PDF-other", "0" * 64, 1, 0, 0)
    with world.platform.database.write() as session:
        now = world.clock.now()
        assert producing.issue(session, issued[0].id, made, now=now) is False
        assert session.get_one(IssuedDocument, issued[0].id).sha256 == issued[0].sha256
    with world.platform.database.read() as session:
        rows = select(LedgerEntry).where(LedgerEntry.event == "document.issued")
        assert len(session.scalars(rows).all()) == 2


def test_a_letter_is_for_its_recipient_and_for_staff_in_scope_only(
    world: make.World, issued: list[IssuedDocument]
) -> None:
    with world.platform.database.write() as session:
        rows = _documents(session)
        letter = next(each for each in rows if not each.public)
        company = session.get(Organisation, letter.recipient_id)
        assert company is not None
        other = make.organisation(session, OrganisationKind.TOWNSHIP, "邻镇")
        people = {
            "own": make.member(session, Role.BIDDER, company),
            "rival": make.bidder(session, "别的公司").actor,
            "neighbour": make.member(session, Role.TOWNSHIP_AGENT, other),
            "finance": make.member(session, Role.FINANCE, world.village),
        }
    app = wsgi.create_app(world.platform)
    app.extensions["identify"] = lambda session, token, now: {**people, "agent": world.agent}[token]
    answers = {}
    for name in (*people, "agent", None):
        browser = app.test_client()
        if name:
            browser.set_cookie("sid", name)
        answers[name] = browser.get(f"/documents/{issued[1].name}.pdf", buffered=True).status_code
        assert browser.get(f"/documents/{issued[0].name}.pdf", buffered=True).status_code == 200
    assert answers == {
        "own": 200, "agent": 200, "rival": 404, "neighbour": 404, "finance": 404, None: 404,
    }  # fmt: skip


def _verdict(world: make.World, tmp_path: Path, data: bytes, code: str = "") -> tuple[Verdict, str]:
    path = tmp_path / "upload"
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    with world.platform.database.read() as session:
        found = check_upload(session, world.platform.settings, path, sha256=sha256, code=code)
    return found.verdict, found.code


def test_copies_are_told_apart(
    world: make.World, issued: list[IssuedDocument], pdf: bytes, tmp_path: Path
) -> None:
    code = issued[0].code
    assert _verdict(world, tmp_path, pdf) == (Verdict.GENUINE, "pdf_genuine")
    assert _verdict(world, tmp_path, pdf, f" {code[:6]}-{code[6:].lower()} ")[0] is Verdict.GENUINE
    assert _verdict(world, tmp_path, pdf, issued[1].code)[0] is Verdict.OTHER
    changed = pdf.replace(b"/Pages", b"/Pagez", 1)
    assert _verdict(world, tmp_path, changed)[0] in (Verdict.FORGED, Verdict.CANNOT_TELL)
    at = len(pdf) // 2
    flipped = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
    assert _verdict(world, tmp_path, flipped)[0] is Verdict.FORGED
    assert _verdict(world, tmp_path, pdf + b"\n%%EOF\n")[0] is Verdict.FORGED
    end = pdf.rfind(b"%%EOF", 0, pdf.rfind(b"%%EOF")) + 6
    assert _verdict(world, tmp_path, pdf[:end], code)[0] is Verdict.OLDER
    assert _verdict(world, tmp_path, pdf[: end // 2], code)[0] is Verdict.CANNOT_TELL
    assert _verdict(world, tmp_path, b"%PDF-1.7\nnothing\n%%EOF\n")[0] is Verdict.CANNOT_TELL


def test_a_genuine_seal_is_not_enough_when_the_ledger_names_another_file(
    world: make.World, issued: list[IssuedDocument], pdf: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(pdf)
    sign_if_grown(world.platform)
    found = []
    for seq in (issued[0].ledger_seq, issued[1].ledger_seq):
        with world.platform.database.read() as session:  # the planted row is rolled back
            session.get_one(IssuedDocument, issued[0].id).ledger_seq = seq
            sha256 = issued[0].sha256 or ""
            found.append(check_upload(session, world.platform.settings, path, sha256=sha256))
    assert [each.verdict for each in found] == [Verdict.GENUINE, Verdict.FORGED]
    assert found[0].inclusion is not None
    assert found[0].inclusion.seq == issued[0].ledger_seq
    assert found[1].code == "ledger_missing"


@pytest.mark.parametrize(
    "data", [b"{}", b"[" * 100_000, b'{"v":"receipt/v1"}', b'{"receipt":1e400}', b"\xff\xfe{"]
)
def test_rubbish_is_an_answer_and_never_a_crash(
    world: make.World, tmp_path: Path, data: bytes
) -> None:
    assert _verdict(world, tmp_path, data)[0] is Verdict.CANNOT_TELL


def test_the_pages_say_it_in_plain_words(
    client: FlaskClient, issued: list[IssuedDocument], pdf: bytes
) -> None:
    code = issued[0].code
    assert issued[0].title in client.get(f"/v/{code}").get_data(as_text=True)
    letter = client.get(f"/v/{issued[1].code}").get_data(as_text=True)
    assert issued[1].title not in letter
    assert "收信的公司" not in letter
    assert client.get("/v/NOSUCHCODE22").status_code == 404
    asked = client.get(f"/verify?code={code.lower()}")
    assert asked.headers["Location"].endswith(f"/v/{code}")
    upload = {"file": (io.BytesIO(pdf), "通知书.pdf")}
    said = client.post("/verify", data=upload, content_type="multipart/form-data")
    assert "真实" in said.get_data(as_text=True)
    assert client.post("/verify", data={}).status_code == 422


def test_a_receipts_code_tells_nothing_before_the_closing(client: FlaskClient) -> None:
    texts = {
        client.get(f"/verify?bid={bid}&sha256={'0' * 64}").get_data(as_text=True).count("◷")
        for bid in ("0" * 32, "f" * 32, "x", "%")
    }
    assert len(texts) == 1


def test_the_keys_page_gives_the_file_that_checks_a_document_offline(
    client: FlaskClient, pdf: bytes, tmp_path: Path
) -> None:
    (tmp_path / "keys.json").write_bytes(client.get("/api/ledger/keys").data)
    (tmp_path / "a.pdf").write_bytes(pdf)
    done = subprocess.run(
        [sys.executable, "-m", "keys", "check", "a.pdf", "--keys", "keys.json"],
        capture_output=True, check=False, timeout=60, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["signed"]["level"] == "PAdES B-LTA"
