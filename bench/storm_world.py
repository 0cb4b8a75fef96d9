"""A small county on a data directory of its own: custodians, a tender that takes bids, bidders."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from keys import encoding, envelope, records, statements
from keys.bidders import point
from keys.records import OpeningRecord
from tender.accounts.models import (
    BidderKey,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    Standing,
)
from tender.accounts.sessions import start_session
from tender.core.actor import Role
from tender.core.ids import new_id
from tender.core.migrating import migrate
from tender.core.platform import Platform, connect
from tender.core.settings import load
from tender.procedure import custody
from tender.procedure.kinds import Direction, Kind, Method
from tender.procedure.models import Custodian, Lot, LotStatus, Tender, TenderStatus

KEEPERS = 5
THRESHOLD = 3
DEPOSIT = 8  # one-time keys of a custodian: one for each tender that a bench opens


@dataclass
class Keeper:
    """A custodian in memory."""

    identity: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    keys: dict[str, X25519PrivateKey] = field(default_factory=dict)

    @property
    def public(self) -> str:
        """Its identity in base64url."""
        return encoding.b64u(self.identity.public_key().public_bytes_raw())

    def deposit(self) -> dict[str, Any]:
        """A signed deposit of fresh keys."""
        listed = []
        for _ in range(DEPOSIT):
            key_id, key = encoding.b64u(secrets.token_bytes(16)), X25519PrivateKey.generate()
            self.keys[key_id] = key
            public = encoding.b64u(key.public_key().public_bytes_raw())
            listed.append({"key_id": key_id, "key": public})
        statement = {"v": "deposit/v1", "identity": self.public, "batch": "1", "keys": listed}
        return statements.sign_ed25519(statement, self.identity)

    def own_key(self, record: OpeningRecord) -> str:
        """The id of its key in a record."""
        return next(each.key_id for each in record.custodians if each.identity == self.public)

    def private_key(self, record: OpeningRecord) -> str:
        """Its private key of a record: what its release tells."""
        return encoding.b64u(self.keys[self.own_key(record)].private_bytes_raw())


@dataclass
class World:
    """A county with one village and five custodians."""

    platform: Platform
    village: Organisation
    author: str
    keepers: list[Keeper]
    custodian_ids: list[str]

    def releases(self, record: OpeningRecord) -> list[dict[str, str]]:
        """As much of a threshold of releases as a verdict reads."""
        return [{"private_key": each.private_key(record)} for each in self.keepers[:THRESHOLD]]


@dataclass
class Bidder:
    """A registered company with its signing key and the token of its login session."""

    party_id: str
    key: ec.EllipticCurvePrivateKey
    token: str


def build(data: Path) -> World:
    """A migrated demo installation under `data` with custodians whose keys are deposited."""
    platform = connect(load({"TENDER_DATA": str(data), "TENDER_MODE": "demo"}))
    migrate(platform.database)
    now, keepers, ids = platform.clock.now(), [Keeper() for _ in range(KEEPERS)], []
    with platform.database.write() as session:
        county = _organisation(session, OrganisationKind.COUNTY, "清源县公共资源交易中心", now)
        village = _organisation(session, OrganisationKind.VILLAGE, "柳溪村", now, county)
        author = _member(session, Role.TOWNSHIP_AGENT, county, now)
        for number, keeper in enumerate(keepers, start=1):
            custodian = Custodian(
                name=f"保管人{number}", identity=keeper.public, scope=county.path, created_at=now
            )
            session.add(custodian)
            session.flush()
            ids.append(custodian.id)
            custody.deposit_keys(session, keeper.deposit(), now=now)
    return World(platform, village, author.id, keepers, ids)


def _organisation(
    session: Session,
    kind: OrganisationKind,
    name: str,
    now: datetime,
    parent: Organisation | None = None,
) -> Organisation:
    made = Organisation(
        id=new_id(), kind=kind, name=name, path="", status=Standing.APPROVED, created_at=now,
        approved_at=now, parent_id=parent.id if parent else None,
    )  # fmt: skip
    made.path = f"{parent.path if parent else '/'}{made.id}/"
    session.add(made)
    session.flush()
    return made


def _member(session: Session, role: Role, of: Organisation, now: datetime) -> Person:
    nothing = "-"  # a hash that fits no password
    person = Person(login=new_id(), name="测试人员", password_hash=nothing, created_at=now)
    session.add(person)
    session.flush()
    session.add(Membership(person_id=person.id, organisation_id=of.id, role=role, created_at=now))
    session.flush()
    return person


def open_tender(world: World, deadline: timedelta) -> OpeningRecord:
    """A village lease of one lot that takes bids for so long; gives its opening record."""
    now = world.platform.clock.now()
    with world.platform.database.write() as session:
        tender = Tender(
            number=f"T-2026-{secrets.token_hex(4)}", title="柳溪村鱼塘承包经营权出租",
            kind=Kind.VILLAGE, direction=Direction.DISPOSAL, method=Method.SEALED_HIGHEST_PRICE,
            organisation_id=world.village.id, scope=world.village.path,
            status=TenderStatus.PUBLISHED, facts={}, minimum=3, threshold=THRESHOLD,
            custodian_ids=world.custodian_ids, deadline=now + deadline, published_at=now,
            created_by=world.author, created_at=now, changed_at=now,
        )  # fmt: skip
        session.add(tender)
        session.flush()
        lot = Lot(
            tender_id=tender.id, number="1", name="1号鱼塘", status=LotStatus.PREPARED,
            price_basis="per_year", quantity=Decimal(30), unit="亩", term=Decimal(5),
            limit_fen=100_000,
        )  # fmt: skip
        session.add(lot)
        session.flush()
        lot.tender = tender
        record = custody.draw_up_record(session, world.platform.settings, tender, lot, now=now)
        for keeper in world.keepers:
            accepted = records.accept(record, keeper.own_key(record), keeper.identity)
            custody.accept(session, accepted.to_object(), now=now)
        lot.status = LotStatus.OPEN
    return record


def deadline_of(world: World, record: OpeningRecord) -> datetime:
    """The deadline of a record's tender."""
    query = select(Tender.deadline).join(Lot).where(Lot.opening_id == record.opening_id)
    with world.platform.database.read() as session:
        found = session.scalar(query)
    if found is None:
        raise LookupError(record.opening_id)
    return found


def bidders(world: World, count: int) -> list[Bidder]:
    """Approved companies with a key on file and a running login session."""
    made, now = [], datetime.now(UTC)
    with world.platform.database.write() as session:
        for number in range(count):
            company = _organisation(session, OrganisationKind.COMPANY, f"投标人{number}", now)
            person = _member(session, Role.BIDDER, company, now)
            key = ec.generate_private_key(ec.SECP256R1())
            session.add(
                BidderKey(
                    organisation_id=company.id, person_id=person.id,
                    public_key=encoding.b64u(point(key.public_key())), certificate="-",
                    certificate_sha256=secrets.token_hex(32), created_at=now,
                )
            )  # fmt: skip
            token = start_session(
                session, person, second_factor=False, address=None, agent="bench", now=now
            )
            made.append(Bidder(company.party_id, key, token))
    return made


def seal_body(who: Bidder, record: OpeningRecord, terms: Mapping[str, Any]) -> bytes:
    """The body of a SEAL request for a first bid without files."""
    sealed = envelope.seal(
        record, bidder=who.party_id, sequence=1, prices_fen={record.lot: 100_001},
        terms=terms, signer=who.key,
    )  # fmt: skip
    data = sealed.envelope
    statement = {
        "v": "seal/v1",
        "opening": record.opening_id,
        "bidder": who.party_id,
        "sequence": 1,
        "envelope_sha256": encoding.sha256_hex(data),
        "envelope_size": len(data),
        "files_digest": None,
        "files_size": 0,
        "idempotency_key": secrets.token_hex(16),
    }
    signed = statements.sign_ecdsa(statement, who.key)
    body = {"statement": signed, "envelope": encoding.b64u(data), "upload": None}
    return json.dumps(body).encode()
