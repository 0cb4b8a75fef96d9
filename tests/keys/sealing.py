"""Plain builders for sealed bids: openings with known keys, and envelopes with planted faults."""

import hashlib
import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.cobblestone import seal_bytes
from keys.encoding import PieceDigest, b64u, canonical, sha256_hex
from keys.envelope import body_context, context, seal
from keys.header import Header, build_header, derive
from keys.manifest import Manifest, pad_form
from keys.pins import Pins
from keys.records import Acceptance, CustodianKey, OpeningRecord, Part, Release, accept, release
from keys.verdict import FilesVerdict, Judgement, Verdict, judge
from keys.x25519 import agree, public_of

OPENS = datetime(2026, 12, 1, 1, tzinfo=UTC)
BIDDER = "91330000MA27U0XXXX"
SEQUENCE = 5


@dataclass(frozen=True)
class Case:
    """An opening whose custodians' keys are all known."""

    record: OpeningRecord
    identities: tuple[Ed25519PrivateKey, ...]
    privates: tuple[bytes, ...]

    @property
    def accepts(self) -> list[Acceptance]:
        pairs = zip(self.record.custodians, self.identities, strict=True)
        return [accept(self.record, each.key_id, identity) for each, identity in pairs]

    @property
    def releases(self) -> list[Release]:
        pairs = zip(self.privates, self.identities, strict=True)
        return [
            release(self.record, private, identity, released_at=OPENS, checkpoint="")
            for private, identity in pairs
        ]

    @property
    def pins(self) -> Pins:
        custodians = {each.identity: each.name for each in self.record.custodians}
        return Pins(self.record.platform, custodians)

    @property
    def prices(self) -> dict[str, int]:
        return {self.record.lot: 123_456} if self.record.part.priced else {}


def make_case(n: int = 5, t: int = 3, **changes: Any) -> Case:
    identities = tuple(Ed25519PrivateKey.generate() for _ in range(n))
    privates = tuple(secrets.token_bytes(32) for _ in range(n))
    custodians = tuple(
        CustodianKey(
            f"custodian {i}",
            b64u(identity.public_key().public_bytes_raw()),
            b64u(secrets.token_bytes(16)),
            b64u(public_of(private)),
        )
        for i, (identity, private) in enumerate(zip(identities, privates, strict=True), start=1)
    )
    record = OpeningRecord("ets.example", "T-1", "1", Part.WHOLE, OPENS, 3, t, custodians)
    return Case(replace(record, **changes), identities, privates)


def plain_manifest(case: Case, **changes: Any) -> dict[str, Any]:
    manifest = Manifest(BIDDER, case.record.opening_id, SEQUENCE, case.prices, {})
    return {**manifest.to_object(), **changes}


@dataclass(frozen=True)
class Crafted:
    """An envelope and its files as a bidder with its own program could make them."""

    envelope: bytes
    files: Any = None  # bytes, or None without files


def craft(
    case: Case,
    manifest: Any = None,
    *,
    form: bytes | None = None,
    spoil: Callable[[Header], Header | bytes] = lambda header: header,
    shares: Callable[[bytes], list[bytes]] | None = None,
    bidder: str = BIDDER,
    sequence: int = SEQUENCE,
    files: bytes | None = None,
) -> Crafted:
    """Seal anything: a manifest that `keys.envelope.seal` would refuse, a header bent by `spoil`,
    boxes that hold what `shares` makes of the DEK instead of its own shares.

    Bodies are encrypted under the header as it stands after `spoil`, so that the planted fault is
    the only one.
    """
    dek = secrets.token_bytes(32)
    bound = context(bidder, case.record.opening_id, sequence)
    header = build_header(case.record, dek, bound)
    if shares is not None:
        header = replace(header, boxes=_boxes(case, header, dek, shares(dek)))
    spoilt = spoil(header)
    raw = spoilt if isinstance(spoilt, bytes) else spoilt.to_bytes()
    if form is None:
        form = pad_form(
            manifest
            if isinstance(manifest, bytes)
            else canonical(plain_manifest(case) if manifest is None else manifest)
        )
    keys = {kind: derive(dek, header.opening, bound, kind) for kind in ("form", "files")}
    envelope = raw + seal_bytes(keys["form"], body_context("form", raw), form)
    if files is not None:
        files = seal_bytes(keys["files"], body_context("files", raw), files)
    return Crafted(envelope, files)


def _boxes(case: Case, header: Header, dek: bytes, shares: list[bytes]) -> tuple[bytes, ...]:
    """Encrypt each share to its custodian by the book, written apart from `keys.header`."""
    opening = bytes.fromhex(case.record.opening_id)
    scalar = derive(dek, opening, header.context, "ephemeral")
    boxes = []
    for i, (custodian, share) in enumerate(zip(case.record.custodians, shares, strict=True), 1):
        key = custodian.key_bytes
        info = b"sealed-bid/v1 share" + opening + bytes([i])
        wrap = HKDF(SHA256(), 32, header.ephemeral + key, info).derive(agree(scalar, key))
        boxes.append(AESGCM(wrap).encrypt(bytes(12), share, header.context))
    return tuple(boxes)


def judge_crafted(
    case: Case,
    crafted: Crafted,
    tmp_path: Path,
    releases: Any = None,
    **leaf: Any,
) -> Judgement:
    """Judge with a true leaf, but for what `leaf` changes."""
    path = tmp_path / "files.sealed"
    true: dict[str, Any] = {
        "bidder": BIDDER,
        "sequence": SEQUENCE,
        "sha256": sha256_hex(crafted.envelope),
        "size": len(crafted.envelope),
    }
    if crafted.files is not None:
        path.write_bytes(crafted.files)
        true["files"] = path
        true["files_digest"] = PieceDigest().update(crafted.files).hexdigest()
        true["files_size"] = len(crafted.files)
    given = case.releases if releases is None else releases
    return judge(case.record, given, crafted.envelope, **{**true, **leaf})


def every_judgement(case: Case, crafted: Crafted, tmp_path: Path, **leaf: Any) -> Judgement:
    """Judge with every sufficient subset of the releases; they must agree in every field."""
    releases = case.releases
    judgements = [
        judge_crafted(case, crafted, tmp_path, subset, **leaf)
        for size in range(case.record.threshold, len(releases) + 1)
        for subset in combinations(releases, size)
    ]
    assert all(each == judgements[0] for each in judgements)
    return judgements[0]


def expect_bidder_fault(
    case: Case, crafted: Crafted, tmp_path: Path, reason: str | None = None
) -> None:
    """Assert that every sufficient subset of releases finds the bidder at fault."""
    judgement = every_judgement(case, crafted, tmp_path)
    assert (judgement.verdict, judgement.manifest) == (Verdict.BIDDER_FAULT, None)
    assert judgement.files is FilesVerdict.NONE
    assert reason in (None, judgement.reason)


def manifest_of(judgement: Judgement) -> Manifest:
    assert judgement.manifest is not None
    return judgement.manifest


def honest(case: Case, contents: list[bytes], signer: Any = None) -> tuple[Crafted, Any]:
    """Seal through the public function."""
    out = io.BytesIO()
    sealed = seal(
        case.record,
        bidder=BIDDER,
        sequence=SEQUENCE,
        prices_fen=case.prices,
        terms={"days": 30},
        files=[(f"文件{i}.pdf", io.BytesIO(each)) for i, each in enumerate(contents)],
        signer=signer,
        out_files=out,
    )
    return Crafted(sealed.envelope, out.getvalue() if contents else None), sealed


def entry(content: bytes, **changes: Any) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"name": "a", "size": len(content), "sha256": digest, **changes}


def bidder_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())
