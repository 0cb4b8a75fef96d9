"""Checking what strangers bring: a PDF or a receipt, judged in a process of its own.

An uploaded file is hostile until proven otherwise, so it is never parsed here: `python -m keys
check` does it with capped memory, time and no right to write, and this module compares the
answer with the ledger. "Forged", "genuine but an older copy" and "cannot tell" stay apart.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.encoding import parse_timestamp
from keys.entries import is_hex
from keys.errors import Forged, KeysError
from keys.plainfiles import Keys
from tender.accounts.authority import centre
from tender.core.children import child_environment
from tender.core.errors import DomainError, Kind, not_found
from tender.core.files import blob_path
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.ledger.models import LedgerEntry
from tender.ledger.service import entry_of
from tender.ledger.signing import note_key
from tender.publication.models import DocumentStatus, IssuedDocument
from tender.publication.verifying.inclusion import Inclusion, prove_document

ROOT = Path(__file__).resolve().parents[3]
MEMORY = 1024 * 1024 * 1024
PROCESSOR_SECONDS = 20
SECONDS = 40
_turns = threading.BoundedSemaphore(2)  # so that uploads never keep every core busy


class Verdict(StrEnum):
    """What a person is told about a file."""

    GENUINE = "genuine"
    OLDER = "older"
    OTHER = "other"
    SEALED = "sealed"
    FORGED = "forged"
    CANNOT_TELL = "cannot_tell"


WORDS: dict[Verdict, str] = {
    Verdict.GENUINE: N_("Genuine"),
    Verdict.OLDER: N_("Genuine, but an older copy"),
    Verdict.OTHER: N_("Genuine, but another document"),
    Verdict.SEALED: N_("The seal is ours, but the ledger does not list this very file"),
    Verdict.FORGED: N_("Forged or changed"),
    Verdict.CANNOT_TELL: N_("Cannot tell"),
}
REASONS: dict[str, str] = {
    "pdf_genuine": N_("This is the issued document, byte for byte."),
    "pdf_renewed": N_("This is the issued document with a newer timestamp of ours."),
    "pdf_older": N_("This is an earlier state of the issued document. Use the present one."),
    "pdf_other": N_("The seal is ours, but another document was issued under this code."),
    "pdf_sealed": N_(
        "Enter the code that is printed on it, and it is compared with what we issued."
    ),
    "pdf_incomplete": N_("The file is only the beginning of the document. Get it whole and retry."),
    "pdf_changed_after": N_("A document of ours was changed after it was sealed."),
    "pdf_too_large": N_("The file is larger than any document that we issue."),
    "pdf_malformed": N_("This is no PDF, or it was saved again by another program."),
    "pdf_unreadable": N_("The file is damaged, or it is no PDF of ours."),
    "pdf_unsigned": N_("The file bears no seal at all, so nobody can say where it comes from."),
    "receipt_genuine": N_("The platform signed this receipt, and the ledger holds its entry."),
    "receipt_waiting": N_(
        "The platform signed this receipt. Its proof was not in the file yet; save it again."
    ),
    "receipt_missing": N_(
        "The platform signed this receipt, but the ledger holds another entry in its place. "
        "Keep the file safe and inform the supervising department at once."
    ),
    "ledger_missing": N_(
        "The seal is ours, but the ledger does not hold what was issued. "
        "Keep the file safe and inform the supervising department at once."
    ),
    "too_hard": N_("The file could not be examined within the limits of time and memory."),
}
FALLBACK: dict[Verdict, str] = {
    Verdict.FORGED: N_("Its signatures do not fit its content."),
    Verdict.CANNOT_TELL: N_("The file is not built as our documents and receipts are."),
}


@dataclass(frozen=True)
class Checked:
    """The answer about a file; `facts` are what the check printed."""

    verdict: Verdict
    kind: str
    code: str
    facts: dict[str, Any] = field(default_factory=dict)
    issued: IssuedDocument | None = None
    sha256: str = ""
    size: int = 0
    inclusion: Inclusion | None = None

    @property
    def word(self) -> str:
        """The verdict's msgid."""
        return WORDS[self.verdict]

    @property
    def reason(self) -> str:
        """Why, as a msgid."""
        return REASONS.get(self.code) or FALLBACK.get(self.verdict, WORDS[self.verdict])

    @property
    def signed(self) -> dict[str, Any] | None:
        """What the seal says, with moments as times."""
        found = self.facts.get("signed")
        if not isinstance(found, dict):
            return None
        times = ("sealed_at", "dated_at", "sound_until")
        return {**found, **{name: parse_timestamp(found[name]) for name in times}}

    @property
    def time(self) -> datetime | None:
        """When the ledger took in what a receipt is for."""
        text = self.facts.get("time")
        return parse_timestamp(text) if isinstance(text, str) else None


def document_by_code(session: Session, code: str) -> IssuedDocument:
    """The document with a printed code; DomainError `code.unknown` otherwise."""
    found = session.scalar(select(IssuedDocument).where(IssuedDocument.code == tidy_code(code)))
    if found is None:
        raise not_found(
            "code.unknown",
            N_("No document of ours bears this code. Compare it with the paper, letter by letter."),
        )
    return found


def tidy_code(text: str) -> str:
    """A code as people type it: case, spaces and dashes do not count."""
    return "".join(each for each in text.upper() if each.isalnum())[:16]


def check_upload(
    session: Session, settings: Settings, upload: Path, *, sha256: str, code: str = ""
) -> Checked:
    """Judge an uploaded file, beside the document of `code` if one is given.

    `sha256` is the upload's own. Raises DomainError `check.busy` (503) when too many wait.
    """
    by_hash = select(IssuedDocument).where(IssuedDocument.sha256 == sha256)
    issued = document_by_code(session, code) if code else session.scalar(by_hash)
    facts = _examine(settings, upload, issued)
    size = upload.stat().st_size
    verdict, reason = Verdict(facts["answer"]), str(facts["code"])
    if facts["kind"] == "receipt":
        if verdict is Verdict.GENUINE and not _in_ledger(session, facts):
            verdict, reason = Verdict.FORGED, "receipt_missing"
    elif reason == "pdf_sealed":
        verdict = Verdict.SEALED
    inclusion = None
    if verdict is Verdict.GENUINE and issued is not None:
        try:
            inclusion = prove_document(session, issued)
        except Forged:
            verdict, reason = Verdict.FORGED, "ledger_missing"
    return Checked(verdict, str(facts["kind"]), reason, facts, issued, sha256, size, inclusion)


def _in_ledger(session: Session, facts: dict[str, Any]) -> bool:
    """Whether the ledger holds a receipt's entry in its place."""
    entry = session.get(LedgerEntry, facts["seq"])
    return entry is not None and entry.leaf.hex() == facts["leaf"]


def _examine(settings: Settings, upload: Path, issued: IssuedDocument | None) -> dict[str, Any]:
    """Run the check in its own process; whatever happens there is an answer."""
    with tempfile.TemporaryDirectory(prefix="check-") as directory:
        keys = Path(directory) / "keys.json"
        keys.write_bytes(public_keys(settings).to_bytes())
        command = [sys.executable, "-m", "keys", "check", str(upload), "--keys", str(keys)]
        command += ["--memory", str(MEMORY), "--seconds", str(PROCESSOR_SECONDS)]
        if issued is not None and issued.status is DocumentStatus.ISSUED and issued.sha256:
            command += ["--sha256", issued.sha256]
            command += ["--issued", str(blob_path(settings.store, issued.sha256))]
        return _run(command)


def _run(command: list[str]) -> dict[str, Any]:
    hopeless = {"kind": "document", "answer": Verdict.CANNOT_TELL, "code": "too_hard"}
    if not _turns.acquire(timeout=10):
        raise DomainError(
            Kind.UNAVAILABLE,
            "check.busy",
            N_("Too many files are being checked. Wait a minute and try again."),
        )
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=child_environment(), capture_output=True, timeout=SECONDS,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        found = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError):
        return hopeless
    finally:
        _turns.release()
    return found if isinstance(found, dict) and "answer" in found else hopeless


def public_keys(settings: Settings, custodians: dict[str, str] | None = None) -> Keys:
    """Who signs the ledger and certifies documents; a platform without centre has no roots."""
    try:
        roots = centre(settings).roots
    except (KeysError, OSError):
        roots = ()
    return Keys(
        origin=settings.platform,
        platform_name=settings.platform,
        platform=note_key(settings).public,
        custodians=custodians or {},
        roots=tuple(_pem(root) for root in roots),
    )


def _pem(der: bytes) -> str:
    from ssl import DER_cert_to_PEM_cert

    return DER_cert_to_PEM_cert(der)


@dataclass(frozen=True)
class LoggedBid:
    """What the public ledger shows of one bid after its opening was closed."""

    seq: int
    time: datetime
    same: bool


def logged_bid(session: Session, bid: str, sha256: str) -> LoggedBid | None:
    """A bid's entry for the QR code on a receipt; None while it is hidden or if there is none.

    Hidden and missing look the same on purpose: before the closing nobody may learn whether a
    bid came in.
    """
    if not is_hex(bid, 32):
        return None
    query = select(LedgerEntry).where(
        LedgerEntry.event == "bid.submitted",
        LedgerEntry.hidden_by.is_(None),
        LedgerEntry.line.contains(f'"bid":"{bid}"'),
    )
    row = session.scalars(query.limit(1)).first()
    if row is None:
        return None
    entry = entry_of(session, row.seq)
    return LoggedBid(entry.seq, entry.time, entry.fields.get("envelope_sha256") == sha256)
