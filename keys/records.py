"""Opening records (开标记录) and what custodians sign about them: accept/v1 and release/v1."""

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import fields
from keys.encoding import b64u, canonical, parse, parse_timestamp, sha256_hex, timestamp, unb64u
from keys.errors import Forged, Malformed, Refused
from keys.pins import Pins
from keys.statements import check_ed25519, ed25519_public, sign_ed25519
from keys.x25519 import check_public, public_of

MAX_CUSTODIANS = 16
_LOT = re.compile(r"[\x00-\x7f]{1,64}", re.DOTALL)
_RECORD = (
    *("v", "platform", "tender", "lot", "part", "not_before"),
    *("minimum", "threshold", "custodians", "after"),
)
_ACCEPT = ("v", "opening", "key_id", "key", "signature")
_RELEASE = ("v", "opening", "key_id", "private_key", "released_at", "checkpoint", "signature")


class Part(StrEnum):
    """What an opening opens: all of a bid, one of two envelopes, or a draw's commitment."""

    WHOLE = "whole"
    TECHNICAL = "technical"
    PRICE = "price"
    DRAW = "draw"

    @property
    def priced(self) -> bool:
        """Whether a bid sealed for this part names a price."""
        return self in (Part.WHOLE, Part.PRICE)


@dataclass(frozen=True)
class CustodianKey:
    """A custodian (密钥保管人) in a record, with the one-time key it gave for this opening.

    All but the name are base64url text, as in the record: `identity` Ed25519 (32 bytes), `key_id`
    16 bytes, `key` X25519 (32 bytes, canonical, not of low order).
    """

    name: str
    identity: str
    key_id: str
    key: str

    def __post_init__(self) -> None:
        fields.text(self.name, "a custodian's name")
        ed25519_public(unb64u(self.identity, 32))
        unb64u(self.key_id, 16)
        check_public(unb64u(self.key, 32))

    @property
    def identity_bytes(self) -> bytes:
        """The Ed25519 public key, 32 bytes."""
        return unb64u(self.identity, 32)

    @property
    def key_bytes(self) -> bytes:
        """The one-time X25519 public key, 32 bytes."""
        return unb64u(self.key, 32)


@dataclass(frozen=True)
class After:
    """Why a price envelope waits: `threshold` of `lockers` must lock the scores of `opening`.

    `lockers` are Ed25519 identities in base64url (panel members, supervision).
    """

    opening: str
    lockers: tuple[str, ...]
    threshold: int

    def __post_init__(self) -> None:
        fields.digest(self.opening, "after.opening")
        for locker in self.lockers:
            ed25519_public(unb64u(locker, 32))
        _unique(self.lockers, "after.lockers")
        fields.integer(self.threshold, "after.threshold", 1, len(self.lockers))


@dataclass(frozen=True)
class OpeningRecord:
    """Who can open the bids of one lot and part, from when, and for how many bidders.

    Every instance is valid: the constructor raises Malformed otherwise. Times are aware UTC.
    Only a price part may wait for locked scores (`after`).
    """

    platform: str
    tender: str
    lot: str
    part: Part
    not_before: datetime
    minimum: int
    threshold: int
    custodians: tuple[CustodianKey, ...]
    after: After | None = None

    def __post_init__(self) -> None:
        fields.text(self.platform, "platform")
        fields.text(self.tender, "tender")
        if not _LOT.fullmatch(fields.text(self.lot, "lot")):
            raise Malformed("field", "lot is not 1 to 64 ASCII characters")
        if self.not_before.tzinfo is None:
            raise Malformed("field", "not_before has no time zone")
        fields.integer(self.minimum, "minimum", 1)
        if not 2 <= len(self.custodians) <= MAX_CUSTODIANS:
            raise Malformed("field", f"a record has 2 to {MAX_CUSTODIANS} custodians")
        fields.integer(self.threshold, "threshold", 2, len(self.custodians))
        for name in ("identity", "key_id", "key"):
            _unique([getattr(each, name) for each in self.custodians], f"custodians' {name}")
        if self.after is not None and self.part is not Part.PRICE:
            raise Malformed("field", "only a price part may wait for locked scores")

    @classmethod
    def from_bytes(cls, data: bytes) -> "OpeningRecord":
        """Read a record from exactly its RFC 8785 bytes, or raise Malformed."""
        return cls.from_object(parse(data))

    @classmethod
    def from_object(cls, value: Any) -> "OpeningRecord":
        """Read a record from parsed JSON, or raise Malformed."""
        top = fields.exact(value, _RECORD, "the opening record")
        fields.version(top["v"], "opening/v1")
        if top["part"] not in list(Part):
            raise Malformed("field", "part is not whole, technical, price or draw")
        return cls(
            platform=top["platform"],
            tender=top["tender"],
            lot=top["lot"],
            part=Part(top["part"]),
            not_before=parse_timestamp(top["not_before"]),
            minimum=top["minimum"],
            threshold=top["threshold"],
            custodians=tuple(
                CustodianKey(**fields.exact(each, _names(CustodianKey), "a custodian"))
                for each in fields.listing(top["custodians"], "custodians")
            ),
            after=_after(top["after"]),
        )

    def to_object(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        after = self.after
        return {
            "v": "opening/v1",
            "platform": self.platform,
            "tender": self.tender,
            "lot": self.lot,
            "part": self.part.value,
            "not_before": timestamp(self.not_before),
            "minimum": self.minimum,
            "threshold": self.threshold,
            "custodians": [
                {name: getattr(each, name) for name in _names(CustodianKey)}
                for each in self.custodians
            ],
            "after": after
            and {
                "opening": after.opening,
                "lockers": list(after.lockers),
                "threshold": after.threshold,
            },
        }

    def to_bytes(self) -> bytes:
        """Return the RFC 8785 bytes, whose SHA-256 is the opening id."""
        return canonical(self.to_object())

    @cached_property
    def opening_id(self) -> str:
        """SHA-256 of the record, 64 hexadecimal digits."""
        return sha256_hex(self.to_bytes())

    def custodian(self, key_id: str) -> CustodianKey:
        """Return the custodian whose one-time key is `key_id`, or raise Refused."""
        for each in self.custodians:
            if each.key_id == key_id:
                return each
        raise Refused("key_id_unknown", f"key {key_id} is not in the opening record")


@dataclass(frozen=True)
class Acceptance:
    """A custodian's word that a record's key is its own and is used for this opening alone."""

    opening: str
    key_id: str
    key: str
    signature: str

    @classmethod
    def from_bytes(cls, data: bytes) -> "Acceptance":
        """Read accept/v1 from exactly its RFC 8785 bytes, or raise Malformed."""
        return cls.from_object(parse(data))

    @classmethod
    def from_object(cls, value: Any) -> "Acceptance":
        """Read accept/v1 from parsed JSON, or raise Malformed."""
        top = fields.exact(value, _ACCEPT, "an acceptance")
        fields.version(top["v"], "accept/v1")
        fields.digest(top["opening"], "opening")
        for name, length in (("key_id", 16), ("key", 32), ("signature", 64)):
            unb64u(top[name], length)
        return cls(top["opening"], top["key_id"], top["key"], top["signature"])

    def to_object(self) -> dict[str, Any]:
        """Return the signed statement as plain JSON values."""
        return {"v": "accept/v1", **{name: getattr(self, name) for name in _ACCEPT[1:]}}


@dataclass(frozen=True)
class Release:
    """A custodian's one-time private key, given out after the opening's time (解密份额).

    `checkpoint` is "size root" of the signed tree head relied on.
    """

    opening: str
    key_id: str
    private_key: str
    released_at: datetime
    checkpoint: str
    signature: str

    @classmethod
    def from_bytes(cls, data: bytes) -> "Release":
        """Read release/v1 from exactly its RFC 8785 bytes, or raise Malformed."""
        return cls.from_object(parse(data))

    @classmethod
    def from_object(cls, value: Any) -> "Release":
        """Read release/v1 from parsed JSON, or raise Malformed."""
        top = fields.exact(value, _RELEASE, "a release")
        fields.version(top["v"], "release/v1")
        fields.digest(top["opening"], "opening")
        for name, length in (("key_id", 16), ("private_key", 32), ("signature", 64)):
            unb64u(top[name], length)
        if not isinstance(top["checkpoint"], str):
            raise Malformed("field", "checkpoint is not a text")
        moment = parse_timestamp(top["released_at"])
        values = {name: top[name] for name in _RELEASE[1:]}
        return cls(**{**values, "released_at": moment})

    def to_object(self) -> dict[str, Any]:
        """Return the signed statement as plain JSON values."""
        values = {name: getattr(self, name) for name in _RELEASE[1:]}
        return {"v": "release/v1", **values, "released_at": timestamp(self.released_at)}


def accept(record: OpeningRecord, key_id: str, identity: Ed25519PrivateKey) -> Acceptance:
    """Sign accept/v1 for one's own key in `record`; the caller has checked that it is unused."""
    key = record.custodian(key_id).key
    statement = {"v": "accept/v1", "opening": record.opening_id, "key_id": key_id, "key": key}
    acceptance = Acceptance.from_object(sign_ed25519(statement, identity))
    check_acceptance(record, acceptance)
    return acceptance


def release(
    record: OpeningRecord,
    private_key: bytes,
    identity: Ed25519PrivateKey,
    *,
    released_at: datetime,
    checkpoint: str,
) -> Release:
    """Sign release/v1 with the key that `private_key` yields; when is the caller's duty."""
    key = b64u(public_of(private_key))
    mine = [each for each in record.custodians if each.key == key]
    if not mine:
        raise Refused("key_unknown", "the private key belongs to no key of the opening record")
    statement = {
        "v": "release/v1",
        "opening": record.opening_id,
        "key_id": mine[0].key_id,
        "private_key": b64u(private_key),
        "released_at": timestamp(released_at),
        "checkpoint": checkpoint,
    }
    signed = Release.from_object(sign_ed25519(statement, identity))
    check_release(record, signed)
    return signed


def check_acceptance(record: OpeningRecord, acceptance: Acceptance) -> CustodianKey:
    """Return the custodian whose valid acceptance of `record` this is, or raise Forged."""
    if acceptance.opening != record.opening_id:
        raise Forged("acceptance", "an acceptance is for another opening")
    custodian = record.custodian(acceptance.key_id)
    if acceptance.key != custodian.key:
        raise Forged("acceptance", f"{custodian.name} accepted another key than the record's")
    check_ed25519(acceptance.to_object(), custodian.identity_bytes)
    return custodian


def check_acceptances(
    record: OpeningRecord, accepts: Iterable[Acceptance], pins: Pins | None
) -> None:
    """Raise unless every custodian is pinned and has accepted `record`, exactly once.

    All n must have: a record with even one key of the platform's own making lowers the threshold.
    The name is compared too, as it is the name that the bidder reads. `pins` None checks the
    acceptances alone, for callers that look at the identities themselves.
    """
    accepted: set[str] = set()
    for each in accepts:
        key_id = check_acceptance(record, each).key_id
        if key_id in accepted:
            raise Refused("acceptance_twice", f"key {key_id} is accepted twice")
        accepted.add(key_id)
    for custodian in record.custodians:
        if custodian.key_id not in accepted:
            raise Refused("acceptance_missing", f"{custodian.name} has not accepted the record")
        if pins is not None and pins.custodians.get(custodian.identity) != custodian.name:
            raise Refused("custodian_not_pinned", f"{custodian.name} is not a pinned custodian")
    if pins is not None and pins.platform != record.platform:
        raise Refused("platform_not_pinned", f"{record.platform} is not the pinned platform")


def check_release(record: OpeningRecord, given: Release) -> CustodianKey:
    """Return the custodian whose valid release for `record` this is, or raise.

    Checks opening, key and signature. Whether it was due is for `verify`, which sees the ledger;
    the verdict itself needs none of this but the private key.
    """
    if given.opening != record.opening_id:
        raise Forged("release", "a release is for another opening")
    custodian = record.custodian(given.key_id)
    if b64u(public_of(unb64u(given.private_key, 32))) != custodian.key:
        raise Forged("release", f"the private key is not the one of {custodian.name}")
    check_ed25519(given.to_object(), custodian.identity_bytes)
    return custodian


def _after(value: Any) -> After | None:
    if value is None:
        return None
    top = fields.exact(value, _names(After), "after")
    lockers = fields.listing(top["lockers"], "after.lockers")
    return After(top["opening"], tuple(lockers), top["threshold"])


def _names(kind: type[CustodianKey | After]) -> list[str]:
    return [each.name for each in dataclasses.fields(kind)]


def _unique(values: Iterable[Any], what: str) -> None:
    listed = list(values)
    if len(set(listed)) != len(listed):
        raise Malformed("field", f"{what} are not unique")
