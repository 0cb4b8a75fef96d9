"""Verifying receipts, documents and attachments against the ledger."""

import hashlib
import re
from typing import Any

from keys import encoding, notes
from keys.entries import check_receipt
from keys.errors import Forged, Malformed
from keys.plainfiles import Folder, document_rows, parse_json
from keys.verify_ledger import Ledger, witnesses_of
from keys.verify_report import Report, noting

LARGEST_RECEIPT = 256 * 1024
LARGEST_INDEX = 64 * 1024 * 1024
LARGEST_DOCUMENT = 256 * 1024 * 1024
_RECEIPT = re.compile(r"[0-9a-f]{32}\.json", re.ASCII)
_ATTACHMENT = re.compile(r"([0-9a-f]{64})(\.[a-z0-9]{1,8})?", re.ASCII)


def verify_receipts(report: Report, folder: Folder, ledger: Ledger, counted: set[str]) -> None:
    """Check every receipt (回执); each bid that counted must have one."""
    names = sorted(folder.under("receipts"))
    faults: list[str] = []
    for name in names:
        with noting(faults, f"receipts/{name}"):
            _receipt(folder, name, ledger)
    missing = sorted(counted - {name.removesuffix(".json") for name in names})
    faults += [f"bid {bid} counted but has no receipt" for bid in missing]
    report.outcome(f"receipts: {len(names)}, each proves its bid", faults)
    report.facts["receipts"] = len(names)


def _receipt(folder: Folder, name: str, ledger: Ledger) -> None:
    if not _RECEIPT.fullmatch(name):
        raise Malformed("receipt", "its name is no bid id")
    receipt = parse_json(folder.read(f"receipts/{name}", LARGEST_RECEIPT))
    entry, checkpoint = check_receipt(receipt, ledger.keys.platform, ledger.keys.origin)
    if entry.event != "bid.submitted" or entry.fields["bid"] != name.removesuffix(".json"):
        raise Forged("receipt", "it is not the receipt of the bid that its name says")
    if entry.seq >= ledger.tree.size or ledger.tree.leaf(entry.seq) != entry.leaf:
        raise Forged("receipt", "its entry is not the ledger's line")
    if checkpoint is None or ledger.tree.root(checkpoint.size) != checkpoint.root:
        raise Forged("receipt", "its checkpoint is one of another ledger")
    witnesses_of(notes.parse_note(receipt["inclusion"]["checkpoint"]), ledger.keys)
    if entry.fields["opening"] not in ledger.closings:
        raise Forged("receipt", "it shows a bid before the closing")


def verify_documents(report: Report, folder: Folder, ledger: Ledger) -> None:
    """Check the document index against the ledger, and each PDF's bytes and signatures."""
    wanted = {
        name: {**entry.fields, "seq": entry.seq}
        for name, entry in ledger.documents.items()
        if _in_scope(ledger, entry.fields["tender"])
    }
    public = {name for name, row in wanted.items() if row.pop("public", True)}
    faults: list[str] = []
    rows: dict[str, dict[str, Any]] = {}
    with noting(faults, "documents/index.json"):
        rows = document_rows(parse_json(folder.read("documents/index.json", LARGEST_INDEX)))
    faults += [f"{name} is missing from the index" for name in sorted(public - rows.keys())]
    for name, row in rows.items():
        if row != wanted.get(name):
            faults.append(f"{name} is not in the ledger as the index says")
    report.outcome(f"documents: the index has the {len(public)} public ones of the ledger", faults)
    for name in rows:
        with report.check(f"document {name}: hash, seal and last byte"):
            _document(folder, name, rows[name]["sha256"], ledger)
    report.facts["documents"] = len(rows)


def _in_scope(ledger: Ledger, tender: object) -> bool:
    return ledger.keys.tender is None or ledger.keys.tender == tender


def _document(folder: Folder, name: str, sha256: object, ledger: Ledger) -> None:
    data = folder.read(f"documents/{name}.pdf", LARGEST_DOCUMENT)
    if encoding.sha256_hex(data) != sha256:
        raise Forged("document", "the file is not the one that was issued")
    if not data.rstrip(b"\r\n").endswith(b"%%EOF"):
        raise Forged("document", "bytes follow the last signed revision")
    # pyHanko takes seconds to import: only whoever has a document to check pays for it.
    from keys import pdf

    pdf.verify_issued(data, roots=[root.encode() for root in ledger.keys.roots])


def verify_attachments(report: Report, folder: Folder, ledger: Ledger) -> None:
    """Check that attachments/ holds exactly the files whose hashes the ledger names."""
    wanted = {
        digest
        for digest, tenders in ledger.attachments.items()
        if any(_in_scope(ledger, tender) for tender in tenders)
    }
    faults: list[str] = []
    found: set[str] = set()
    for name in sorted(folder.under("attachments")):
        with noting(faults, f"attachments/{name}"):
            parts = _ATTACHMENT.fullmatch(name)
            if not parts or parts[1] not in wanted:
                raise Malformed("attachment", "it is none that the ledger names")
            if _digest(folder, f"attachments/{name}") != parts[1]:
                raise Forged("attachment", "the file is not the one that was published")
            found.add(parts[1])
    faults += [f"attachment {digest} is missing" for digest in sorted(wanted - found)]
    report.outcome(f"attachments: {len(wanted)}, each as published", faults)


def _digest(folder: Folder, name: str) -> str:
    with folder.path(name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
