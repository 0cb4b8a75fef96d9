"""What the sealing page needs of a platform, on the real keys, with faults to order.

The rooms of the real platform stand far above the page's script; this stands in for them only in
transport: records, acceptances, receipts, checkpoints and verdicts come from `keys/`.
"""

import hashlib
import json
import threading
import time
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from jinja2 import Environment, FileSystemLoader

from keys import encoding, entries, merkle, notes, records
from keys.envelope import check_header_for
from keys.statements import check_ecdsa, p256_point, p256_public
from keys.verdict import Judgement, judge
from keys.x25519 import public_of
from tender.bids.sealing_messages import sealing_messages
from tender.core.i18n import gettext, speaking
from tests.vectors.pages import ROOT, Pages

ORIGIN = "county.example/ledger"
BIDDER = "bidder-7f3a"
PATHS = {
    "upload_url": "/uploads",
    "seal_url": "/seal",
    "enrol_url": "/keys",
    "kit_url": "/kit",
    "verify_url": "/verify",
}


def key_of(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def custodian(number: int) -> records.CustodianKey:
    return records.CustodianKey(
        name=f"第{number}保管单位",
        identity=encoding.b64u(notes.public_bytes(key_of(number))),
        key_id=encoding.b64u(bytes([number]) * 16),
        key=encoding.b64u(public_of(bytes([number]) * 32)),
    )


def point_in(certificate: bytes) -> bytes:
    key = x509.load_der_x509_certificate(certificate).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return p256_point(key)


@dataclass
class Upload:
    """One upload and every (offset, length) that was tried."""

    length: int
    data: bytearray = field(default_factory=bytearray)
    tried: list[tuple[int, int]] = field(default_factory=list)


class Platform:
    """A tender with five custodians, one bidder, a ledger, and a list of faults to commit."""

    def __init__(self, part: records.Part = records.Part.WHOLE) -> None:
        self.key = key_of(99)
        opens = datetime(2026, 12, 1, 1, tzinfo=UTC)
        keys = tuple(custodian(number) for number in range(1, 6))
        self.record = records.OpeningRecord("county.example", "T-1", "1", part, opens, 3, 3, keys)
        self.certificate = b""
        self.certified: list[bytes] = []
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget all bids, uploads and faults; the bidder stays enrolled."""
        self.lines = [b"one", b"two", b"three"]
        self.uploads: list[Upload] = []
        self.bids: dict[str, dict[str, Any]] = {}
        self.faults: list[str] = []
        self.changes: dict[str, Any] = {}
        self.seals = 0
        self.hang_from: int | None = None  # slices from this offset on are never answered

    def fault(self, name: str) -> bool:
        """Take a fault off the list, if it is the next one of its kind."""
        with self.lock:
            if name in self.faults:
                self.faults.remove(name)
                return True
            return False

    def certify(self, statement: dict[str, Any]) -> None:
        """Check enrol/v1 and give a certificate for its key."""
        public = encoding.unb64u(statement["public_key"], 65)
        check_ecdsa(statement, public)
        self.certified.append(public)
        assert statement["v"] == "enrol/v1"
        assert statement["bidder"] == BIDDER
        name = x509.Name([x509.NameAttribute(NameOID.SERIAL_NUMBER, BIDDER)])
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(p256_public(public))
            .serial_number(1)
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=1))
            .sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
        )
        self.certificate = built.public_bytes(Encoding.DER)
        self.pem = built.public_bytes(Encoding.PEM).decode()

    def context(self) -> dict[str, Any]:
        """The data of the sealing page, as docs/submission.md lays it down."""
        accepts = [
            records.accept(self.record, each.key_id, key_of(number)).to_object()
            for number, each in enumerate(self.record.custodians, start=1)
        ]
        pins = [{"name": each.name, "identity": each.identity} for each in self.record.custodians]
        public = notes.public_bytes(self.key)
        return {
            "record": self.record.to_object(),
            "record_signature": encoding.b64u(self.key.sign(self.record.to_bytes())),
            "accepts": accepts,
            "pins": {"platform": "county.example", "custodians": pins},
            "platform_key": encoding.b64u(public),
            "note_key": str(notes.platform_key(ORIGIN, public)),
            "bidder": BIDDER,
            "sequence": 1 + len(self.bids),
            "csrf": "token",
            "certificates": [self.pem] if self.certificate else [],
            "server_time": encoding.timestamp(datetime.now(UTC)),
            "max_bytes": 2 * 2**30,
            "limit": {"fen": 100_000, "floor": True},
            "https_url": "https://county.example/seal",
            "messages": sealing_messages(),
            **PATHS,
            **self.changes,
        }

    def page(self, language: str) -> bytes:
        """Render the product's own template in a bare page."""
        environment = Environment(loader=FileSystemLoader(ROOT / "templates"), autoescape=True)
        with speaking(language):
            body = environment.get_template("bids/_sealing.html").render(
                _=gettext,
                sealing=self.context(),
                terms={"days": "工期（日历天）"},
            )
        return (
            f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}"><head>'
            '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            "<title>Sealing</title>"
            '<link rel="stylesheet" href="/static/style.css">'
            '<script defer src="/static/sealing.js"></script></head>'
            f'<body><main class="narrow"><h1>Sealing</h1>{body}</main></body></html>'
        ).encode()

    def submit(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what SEAL does, without a database: check, enter, give the receipt."""
        statement = request["statement"]
        check_ecdsa(statement, self.public_key)
        self.seals += 1
        token = statement["idempotency_key"]
        if token in self.bids:
            return dict(self.bids[token])
        envelope = encoding.unb64u(request["envelope"])
        check_header_for(self.record, envelope, BIDDER, statement["sequence"])
        assert statement["envelope_sha256"] == encoding.sha256_hex(envelope)
        upload = self.uploads[int(request["upload"])] if request["upload"] else None
        assert statement["files_size"] == (len(upload.data) if upload else 0)
        kept = ("opening", "bidder", "sequence", "envelope_sha256", "envelope_size")
        entry = entries.build_entry(
            seq=len(self.lines),
            time=datetime.now(UTC),
            event="bid.submitted",
            subject=BIDDER,
            actor="person-1",
            nonce=bytes(16),
            fields={
                **{name: statement[name] for name in (*kept, "files_digest", "files_size")},
                "bid": hashlib.sha256(token.encode()).hexdigest()[:32],
                "certificate_sha256": encoding.sha256_hex(self.certificate),
            },
        )
        self.lines += [entry.line, b"after"]
        self.bids[token] = {
            "statement": statement,
            "envelope": envelope,
            "files": bytes(upload.data) if upload else None,
            "receipt": entries.make_receipt(entry, self.key),
            "seq": entry.seq,
        }
        return dict(self.bids[token])

    @property
    def public_key(self) -> bytes:
        """The point in the bidder's certificate."""
        return point_in(self.certificate)

    def proven(self, bid: dict[str, Any]) -> dict[str, Any]:
        """The bid's receipt with its inclusion proof."""
        leaves = [merkle.leaf_hash(line) for line in self.lines]
        note = notes.sign_checkpoint(ORIGIN, len(leaves), merkle.root(leaves), self.key)
        proof = merkle.inclusion_proof(leaves, bid["seq"])
        return entries.with_inclusion(bid["receipt"], note, proof)

    def open(self, out: Path) -> Judgement:
        """Open the newest bid with three of the five custodians' keys."""
        bid = list(self.bids.values())[-1]
        ciphertext = out / "ciphertext"
        ciphertext.write_bytes(bid["files"] or b"")
        releases = [
            records.release(
                self.record,
                bytes([number]) * 32,
                key_of(number),
                released_at=self.record.not_before,
                checkpoint="1 " + b64encode(bytes(32)).decode(),
            )
            for number in (2, 4, 5)
        ]
        said = bid["statement"]
        return judge(
            self.record,
            releases,
            bid["envelope"],
            bidder=BIDDER,
            sequence=said["sequence"],
            sha256=said["envelope_sha256"],
            size=said["envelope_size"],
            files=ciphertext if bid["files"] else None,
            files_digest=said["files_digest"],
            files_size=said["files_size"],
            out_dir=out,
        )


class Site(Pages):
    """The platform over HTTP; a subclass names `platform` and `files`."""

    platform: Platform
    language = "zh"

    def refuse(self, status: int, code: str = "no", message: str = "") -> None:
        """Answer with an error, as the API does."""
        error = {"error": {"code": code, "message": message}}
        self.answer(status, json.dumps(error).encode(), Content_Type="application/json")

    def reply(self, status: int, value: object) -> None:
        """Answer with JSON."""
        self.answer(status, json.dumps(value).encode(), Content_Type="application/json")

    def on_get(self) -> None:
        """Pages, scripts and receipts."""
        if self.path == "/":
            body = self.platform.page(self.language)
            self.answer(200, body, Content_Type="text/html; charset=utf-8")
        elif self.path == "/login":
            self.answer(200, b"<!doctype html>", Content_Type="text/html")
        elif self.path.startswith("/receipts/"):
            bid = self.platform.bids[self.path.rpartition("/")[2]]
            due = self.platform.fault("proof-late")
            self.reply(200, {"receipt": bid["receipt"] if due else self.platform.proven(bid)})
        else:
            super().on_get()

    def on_head(self) -> None:
        """Offset of an upload."""
        upload = self.platform.uploads[int(self.path.rpartition("/")[2])]
        self.answer(200, Upload_Offset=str(len(upload.data)), Upload_Length=str(upload.length))

    def on_post(self) -> None:
        """Keys, new uploads, and SEAL."""
        platform, body = self.platform, self.body()
        assert self.headers["X-CSRFToken"] == "token"
        if self.path == "/keys":
            platform.certify(json.loads(body))
            if platform.fault("certificate-lost"):
                self.refuse(503)
            else:
                self.reply(201, {"certificate": platform.pem})
        elif self.path == "/uploads":
            platform.uploads.append(Upload(int(self.headers["Upload-Length"])))
            self.answer(201, Location=f"/uploads/{len(platform.uploads) - 1}")
        elif platform.fault("seal-late"):
            self.refuse(409, "deadline_passed", "投标截止时间已过。")
        else:
            self.seal(json.loads(body))

    def seal(self, request: dict[str, Any]) -> None:
        """SEAL, with the answers that can go wrong."""
        platform = self.platform
        bid = platform.submit(request)
        if platform.fault("seal-lost"):
            self.close_connection = True
            self.connection.close()
            return
        receipt = bid["receipt"]
        if platform.fault("receipt-forged"):
            entry = {**receipt["entry"], "envelope_size": 1}
            receipt = {**receipt, "entry": entry}
        path = f"/receipts/{bid['statement']['idempotency_key']}"
        self.reply(201, {"receipt": receipt, "receipt_url": path})

    def on_patch(self) -> None:
        """Take a part of a piece, or commit the next fault."""
        platform, body = self.platform, self.body()
        upload = platform.uploads[int(self.path.rpartition("/")[2])]
        offset = int(self.headers["Upload-Offset"])
        upload.tried.append((offset, len(body)))
        assert offset // 2**23 == (offset + len(body) - 1) // 2**23, "crosses a piece"
        if platform.fault("signed-out"):
            self.answer(303, Location="/login")
            return
        for status in (404, 409, 423, 460, 503):
            if platform.fault(str(status)):
                self.refuse(status)
                return
        if platform.hang_from is not None and offset >= platform.hang_from:
            time.sleep(0.5)
            self.close_connection = True
            return
        checksum = "sha256 " + b64encode(hashlib.sha256(body).digest()).decode()
        if offset != len(upload.data) or self.headers["Upload-Checksum"] != checksum:
            self.refuse(409 if offset != len(upload.data) else 460)
            return
        upload.data += body
        if platform.fault("answer-lost"):
            self.close_connection = True
            self.connection.close()
            return
        self.answer(204, Upload_Offset=str(len(upload.data)))
