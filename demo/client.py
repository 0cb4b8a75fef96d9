"""An actor at a browser: one HTTP session with its cookies, signing in again when it must."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pyotp
from cryptography.hazmat.primitives.asymmetric import ec

from demo.people import PASSWORD
from keys import encoding, envelope, statements
from keys.bidders import point
from keys.records import OpeningRecord

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
SLICE = 8 * 1024 * 1024


class Refused(Exception):
    """The platform refused an act; `code` is its stable code where it gave one."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code = status, code


@dataclass
class Person:
    """Somebody with a login, and for staff a second factor."""

    base: str
    login: str
    clock: Callable[[], datetime]
    totp: str | None = None
    password: str = PASSWORD
    http: httpx.Client = field(init=False)
    _token: str = ""

    def __post_init__(self) -> None:
        """Open the session; nobody is signed in yet."""
        self.http = httpx.Client(base_url=self.base, timeout=120, follow_redirects=False)

    def token(self, path: str = "/login") -> str:
        """The form token of this session."""
        found = TOKEN.search(self.http.get(path).text)
        if found is None:
            raise RuntimeError(f"no form on {path}")
        self._token = html.unescape(found[1])
        return self._token

    def sign_in(self) -> None:
        """Sign in with the password, and the one-time code where one is asked for."""
        form = {"csrf_token": self.token(), "login": self.login, "password": self.password}
        answer = self._checked(self.http.post("/login", data=form))
        if answer.headers.get("location", "").startswith("/login/second"):
            code = pyotp.TOTP(self.totp or "").at(self.clock())
            form = {"csrf_token": self._token, "code": code}
            self._checked(self.http.post("/login/second", data=form))

    def get(self, path: str) -> httpx.Response:
        """Read a page."""
        answer = self.http.get(path)
        if answer.status_code == 401:
            self.sign_in()
            answer = self.http.get(path)
        while answer.is_redirect:
            answer = self.http.get(answer.headers["location"])
        return self._checked(answer)

    def post(
        self,
        path: str,
        form: dict[str, Any] | None = None,
        *,
        files: dict[str, Any] | None = None,
    ) -> httpx.Response:
        """Send a form; raises `Refused` with the platform's reason."""
        if not self._token:
            self.token()

        def send() -> httpx.Response:
            data = {**(form or {}), "csrf_token": self._token}
            return self.http.post(path, data=data, files=files)

        answer = send()
        if answer.status_code == 401:
            self.sign_in()
            answer = send()
        return self._checked(answer)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call an interface with the form token in its header."""
        if not self._token:
            self.token()
        headers = {"X-CSRFToken": self._token, **options.pop("headers", {})}
        answer = self.http.request(method, path, headers=headers, **options)
        if answer.status_code == 401:
            self.sign_in()
            headers["X-CSRFToken"] = self._token
            answer = self.http.request(method, path, headers=headers, **options)
        return self._checked(answer)

    @staticmethod
    def _checked(answer: httpx.Response) -> httpx.Response:
        if answer.status_code < 400:
            return answer
        try:
            error = answer.json()["error"]
            raise Refused(answer.status_code, error["code"], error["message"])
        except (ValueError, KeyError, TypeError):
            code = re.search(r"<code>([a-z_.]+)</code>", answer.text)
            said = re.search(r'role="alert"[^>]*>(.*?)</div>', answer.text, re.DOTALL)
            text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said[1] if said else answer.text))
            raise Refused(answer.status_code, code[1] if code else "", text.strip()[:500]) from None


@dataclass
class Bidder(Person):
    """A bidder with the offline kit: it makes its key, seals and signs by itself."""

    name: str = ""
    code: str = ""
    natural: bool = False
    phone: str = ""
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    party: str = ""
    receipts: list[dict[str, Any]] = field(default_factory=list)

    def register(self, phone: str, agent: str = "") -> None:
        """Register on the public form."""
        form = {
            "csrf_token": self.token("/register/bidder"),
            "kind": "person" if self.natural else "company",
            "name": self.name,
            "code": self.code,
            "agent": agent,
            "person": self.name if self.natural else f"{self.name}经办人",
            "phone": phone,
            "login": self.login,
            "password": self.password,
        }
        self._checked(self.http.post("/register/bidder", data=form))

    def enrol(self, opening: str) -> None:
        """Have the kit's key certified; the page tells under which id the platform knows us."""
        self.party = self.context(opening)["bidder"]
        public = encoding.b64u(point(self.key.public_key()))
        statement = {"v": "enrol/v1", "bidder": self.party, "public_key": public}
        self.send("POST", "/api/keys", json=statements.sign_ecdsa(statement, self.key))

    def context(self, opening: str) -> dict[str, Any]:
        """The sealing page's data."""
        page = self.get(f"/bids/openings/{opening}").text
        found = re.search(r'id="sealing-context">(.*?)</script>', page, re.DOTALL)
        if found is None:
            raise RuntimeError("the sealing page has no data")
        context: dict[str, Any] = json.loads(found[1])
        return context

    def seal(
        self,
        opening: str,
        price_fen: int,
        files: list[tuple[str, bytes]] | None = None,
        *,
        spoil: Callable[[bytes, bytes], tuple[bytes, bytes]] | None = None,
        context: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Seal, upload and submit a bid; gives the receipt.

        `spoil` changes envelope and sealed files on the way, as a faulty bidder's program would;
        `context` is the sealing page's data if it was fetched before.
        """
        context = context or self.context(opening)
        record = OpeningRecord.from_object(context["record"])
        ciphertext = io.BytesIO()
        sealed = envelope.seal(
            record,
            bidder=self.party,
            sequence=context["sequence"],
            prices_fen={record.lot: price_fen},
            files=[(name, io.BytesIO(data)) for name, data in files or []],
            signer=self.key,
            out_files=ciphertext,
        )
        data, stream = sealed.envelope, ciphertext.getvalue()
        if spoil is not None:
            data, stream = spoil(data, stream)
        upload = self._upload(opening, stream) if stream else None
        statement = {
            "v": "seal/v1",
            "opening": opening,
            "bidder": self.party,
            "sequence": context["sequence"],
            "envelope_sha256": encoding.sha256_hex(data),
            "envelope_size": len(data),
            "files_digest": piece_digest(stream) if stream else None,
            "files_size": len(stream),
            "idempotency_key": secrets.token_hex(16),
        }
        body = {
            "statement": statements.sign_ecdsa(statement, self.key),
            "envelope": encoding.b64u(data),
            "upload": upload,
        }
        receipt: dict[str, Any] = self.send("POST", "/api/bids/seal", json=body).json()["receipt"]
        self.receipts.append(receipt)
        return receipt

    def _upload(self, opening: str, stream: bytes) -> str:
        tus = {"Tus-Resumable": "1.0.0"}
        path = f"/api/bids/openings/{opening}/uploads"
        made = self.send("POST", path, headers={**tus, "Upload-Length": str(len(stream))})
        location = made.headers["location"]
        for offset in range(0, len(stream), SLICE):
            piece = stream[offset : offset + SLICE]
            digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
            headers = {
                **tus,
                "Upload-Offset": str(offset),
                "Upload-Checksum": f"sha256 {digest}",
                "Content-Type": "application/offset+octet-stream",
            }
            self.send("PATCH", location, content=piece, headers=headers)
        return str(location.rsplit("/", 1)[-1])

    def withdraw(self, receipt: dict[str, Any]) -> dict[str, Any]:
        """Withdraw a bid by one's own signature."""
        entry = receipt["entry"]
        kept = {name: entry[name] for name in ("opening", "bidder", "bid", "sequence")}
        statement = statements.sign_ecdsa({"v": "withdraw/v1", **kept}, self.key)
        answer = self.send("POST", f"/api/bids/{entry['bid']}/withdrawal", json=statement)
        given: dict[str, Any] = answer.json()["receipt"]
        return given


def piece_digest(stream: bytes) -> str:
    """The piece digest of bytes in memory."""
    digest = encoding.PieceDigest()
    digest.update(stream)
    return digest.hexdigest()
