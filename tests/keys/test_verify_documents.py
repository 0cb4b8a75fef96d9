"""Verify and sealed PDFs: genuine ones pass, and each way of spoiling one fails."""

import io
import shutil
from datetime import UTC, datetime

import pytest
from weasyprint import HTML

from keys import encoding
from keys.centre import create_centre
from keys.verify import verify
from keys.verify_report import Report
from tender.publication.papers.sealart import seal_page
from tender.publication.papers.sealfields import add_seal_field
from tender.publication.papers.sealing import open_keys, seal_pdf
from tests.keys.plain_county import County

WHEN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def failures(folder):
    report = Report(out=io.StringIO())
    verify(folder, report)
    return report.failures


@pytest.fixture(scope="module")
def true_folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("documents")
    centre = create_centre(root / "centre", "County Centre", "a passphrase", now=WHEN)
    keys = open_keys(centre)
    page = HTML(string="<html lang=en><title>Notice</title><h1>Notice</h1></html>").write_pdf(
        finisher=add_seal_field, pdf_variant="pdf/ua-1"
    )
    artwork = HTML(string=seal_page("County Centre", "Seal")).write_pdf()
    county = County()
    county.roots = tuple(
        f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
        for body in (pem_body(der) for der in centre.roots)
    )
    for name, public in (("notice-1", True), ("award-1", True), ("letter-1", False)):
        data = seal_pdf(page, keys, artwork=artwork, now=WHEN)
        county.documents[name] = data
        extra = {} if public else {"public": False}
        county.add(
            "document.issued",
            name=name,
            kind=name.split("-")[0],
            tender="tender-1",
            sha256=encoding.sha256_hex(data),
            **extra,
        )
    folder = county.export(root / "true")
    assert failures(folder) == []
    return folder


def pem_body(der):
    import base64
    import textwrap

    return "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64)) + "\n"


@pytest.fixture
def folder(true_folder, tmp_path):
    return shutil.copytree(true_folder, tmp_path / "copy")


def index(folder, change):
    path = folder / "documents/index.json"
    path.write_bytes(encoding.canonical(change(encoding.parse(path.read_bytes()))))


@pytest.mark.parametrize("name", ["notice-1", "award-1", "letter-1"])
@pytest.mark.parametrize("fault", ["missing", "tail", "changed", "cut", "other", "text"])
def test_a_spoilt_document_fails(folder, name, fault):
    path = folder / f"documents/{name}.pdf"
    data = path.read_bytes()
    if fault == "missing":
        path.unlink()
    else:
        path.write_bytes(
            {
                "tail": data + b"\n% more",
                "changed": data[:900] + bytes([data[900] ^ 1]) + data[901:],
                "cut": data[: data.rindex(b"%%EOF", 0, -10) + 6],
                "other": b"%PDF-1.7\n%%EOF\n",
                "text": b"no document",
            }[fault]
        )
    assert any(line.startswith(f"document {name}") for line in failures(folder))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "../../etc/passwd"),
        ("name", "other"),
        ("kind", "award"),
        ("tender", "tender-2"),
        ("sha256", "0" * 64),
        ("seq", 5),
        ("more", 1),
    ],
)
def test_an_index_that_differs_from_the_ledger_fails(folder, field, value):
    index(folder, lambda rows: [{**rows[0], field: value}, *rows[1:]])
    assert any(line.startswith("documents:") for line in failures(folder))


def test_a_document_missing_from_the_index_fails(folder):
    index(folder, lambda rows: rows[1:])
    found = failures(folder)
    assert any("missing from the index" in line for line in found)
    assert any("notice-1.pdf is not part of the layout" in line for line in found)


def test_a_letter_to_one_party_may_be_left_out_of_a_public_export(folder):
    index(folder, lambda rows: rows[:2])
    (folder / "documents/letter-1.pdf").unlink()
    assert failures(folder) == []


def test_a_genuine_seal_under_another_root_fails(folder, tmp_path):
    other = create_centre(tmp_path / "centre", "County Centre", "a passphrase", now=WHEN)
    path = folder / "ledger/keys.json"
    keys = encoding.parse(path.read_bytes())
    pem = f"-----BEGIN CERTIFICATE-----\n{pem_body(other.roots[0])}-----END CERTIFICATE-----\n"
    path.write_bytes(encoding.canonical({**keys, "roots": [pem]}))
    assert sum(line.startswith("document ") for line in failures(folder)) == 3


def test_an_index_that_is_missing_or_doubled_fails(folder):
    index(folder, lambda rows: [*rows, rows[0]])
    assert any(line.startswith("documents:") for line in failures(folder))
    (folder / "documents/index.json").unlink()
    assert any("index.json is missing" in line for line in failures(folder))
