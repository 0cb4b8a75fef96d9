"""Plain functions that build a small world: a county, people, a tender that takes bids."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
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
from tender.bids.submission import SealRequest, read_request
from tender.core.actor import Actor, Role
from tender.core.clock import FixedClock
from tender.core.db import Database
from tender.core.ids import new_id
from tender.core.migrating import migrate
from tender.core.platform import Platform
from tender.core.settings import Settings, load
from tender.procedure.custody import custodians, opening_records
from tender.procedure.law.kinds import Direction, Kind, Method
from tender.procedure.models import Custodian, Lot, LotStatus, Tender, TenderStatus

START = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


def settings(data: Path, **changes: Any) -> Settings:
    """Settings of a test installation under a directory of its own."""
    made = load({"TENDER_DATA": str(data), "TENDER_MODE": "test", "TENDER_PLATFORM": "test.county"})
    return replace(made, **changes)


def platform(data: Path, database_url: str | None = None, moment: datetime = START) -> Platform:
    """A migrated installation with a clock that stands still."""
    made = settings(data)
    if database_url is not None:
        made = replace(made, database_url=database_url)
    database = Database(made.database_url, made.data / "run" / "write.lock")
    migrate(database)
    return Platform(made, database, FixedClock(moment))


def organisation(
    session: Session,
    kind: OrganisationKind,
    name: str,
    parent: Organisation | None = None,
    status: Standing = Standing.APPROVED,
    **fields: Any,
) -> Organisation:
    """An organisation, approved unless told otherwise."""
    made = Organisation(
        id=new_id(), kind=kind, name=name, path="", status=status, created_at=START,
        approved_at=START if status is Standing.APPROVED else None,
        parent_id=parent.id if parent else None, **fields,
    )  # fmt: skip
    made.path = f"{parent.path if parent else '/'}{made.id}/"
    session.add(made)
    session.flush()
    return made


def member(session: Session, role: Role, of: Organisation, name: str = "测试人员") -> Actor:
    """A person with a role, as an actor; the password hash fits no password."""
    person = Person(login=new_id(), name=name, password_hash="-", created_at=START)
    session.add(person)
    session.flush()
    membership = Membership(person_id=person.id, organisation_id=of.id, role=role, created_at=START)
    session.add(membership)
    session.flush()
    return Actor(person.id, name, role, membership.id, of.id, of.name, of.path, "192.0.2.7")


@dataclass
class Keeper:
    """A custodian in memory: identity, one-time keys, acceptances, releases."""

    name: str
    identity: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    keys: dict[str, X25519PrivateKey] = field(default_factory=dict)

    @property
    def public(self) -> str:
        """Its identity in base64url."""
        return encoding.b64u(self.identity.public_key().public_bytes_raw())

    def deposit(self, count: int) -> dict[str, Any]:
        """A signed deposit of fresh keys."""
        listed = []
        for _ in range(count):
            key_id, key = encoding.b64u(secrets.token_bytes(16)), X25519PrivateKey.generate()
            self.keys[key_id] = key
            public = encoding.b64u(key.public_key().public_bytes_raw())
            listed.append({"key_id": key_id, "key": public})
        statement = {"v": "deposit/v1", "identity": self.public, "batch": "1", "keys": listed}
        return statements.sign_ed25519(statement, self.identity)

    def own_key(self, record: OpeningRecord) -> str:
        """The id of its key in a record."""
        return next(each.key_id for each in record.custodians if each.identity == self.public)

    def accept(self, record: OpeningRecord) -> dict[str, Any]:
        """Its acceptance of a record."""
        return records.accept(record, self.own_key(record), self.identity).to_object()

    def release(self, record: OpeningRecord, moment: datetime, checkpoint: str) -> dict[str, Any]:
        """Its release for a record."""
        private = self.keys[self.own_key(record)].private_bytes_raw()
        return records.release(
            record, private, self.identity, released_at=moment, checkpoint=checkpoint
        ).to_object()


@dataclass
class World:
    """A county with one village, its agent, five custodians and a clock."""

    platform: Platform
    village: Organisation
    agent: Actor
    keepers: list[Keeper]
    custodian_ids: list[str]

    @property
    def clock(self) -> FixedClock:
        """The clock, to be set."""
        assert isinstance(self.platform.clock, FixedClock)
        return self.platform.clock


def world(data: Path, database_url: str | None = None) -> World:
    """A county > township > village on an installation of its own, whose clock stands still."""
    return settle(platform(data, database_url))


def settle(made: Platform, keys: int = 8) -> World:
    """A county > township > village with five custodians who deposited so many keys each."""
    now, keepers = made.clock.now(), [Keeper(f"保管人{n}") for n in "一二三四五"]
    with made.database.write() as session:
        county = organisation(session, OrganisationKind.COUNTY, "清源县公共资源交易中心")
        township = organisation(session, OrganisationKind.TOWNSHIP, "白石镇", county)
        village = organisation(session, OrganisationKind.VILLAGE, "柳溪村", township)
        agent = member(session, Role.TOWNSHIP_AGENT, township)
        ids = []
        for keeper in keepers:
            custodian = Custodian(
                name=keeper.name, identity=keeper.public, scope=county.path, created_at=now
            )
            session.add(custodian)
            session.flush()
            ids.append(custodian.id)
            custodians.deposit_keys(session, keeper.deposit(keys), now=now)
    return World(made, village, agent, keepers, ids)


def open_tender(world: World, *, lots: int = 1, minimum: int = 3, days: float = 10) -> Tender:
    """A village lease whose records are accepted and which takes bids."""
    now = world.platform.clock.now()
    with world.platform.database.write() as session:
        tender = Tender(
            number=f"T-2026-{secrets.token_hex(4)}", title="柳溪村鱼塘承包经营权出租",
            kind=Kind.VILLAGE, direction=Direction.DISPOSAL, method=Method.SEALED_HIGHEST_PRICE,
            organisation_id=world.village.id, scope=world.village.path,
            status=TenderStatus.PUBLISHED, facts={}, minimum=minimum, threshold=3,
            custodian_ids=world.custodian_ids, deadline=now + timedelta(days=days),
            published_at=now, created_by=world.agent.person_id, created_at=now, changed_at=now,
        )  # fmt: skip
        session.add(tender)
        session.flush()
        for number in range(1, lots + 1):
            lot = Lot(
                tender_id=tender.id, number=str(number), name=f"{number}号鱼塘",
                status=LotStatus.PREPARED, price_basis="per_year", quantity=Decimal(30),
                unit="亩", term=Decimal(5), limit_fen=100_000,
            )  # fmt: skip
            session.add(lot)
            session.flush()
            lot.tender = tender
            record = opening_records.draw_up_record(
                session, world.platform.settings, tender, lot, now=now
            )
            for keeper in world.keepers:
                opening_records.accept(session, keeper.accept(record), now=now)
            lot.status = LotStatus.OPEN
    return tender


@dataclass
class Bidder:
    """A registered company with its signing key."""

    actor: Actor
    organisation: Organisation
    key: ec.EllipticCurvePrivateKey


def bidder(session: Session, name: str) -> Bidder:
    """An approved bidder with a key on file."""
    company = organisation(session, OrganisationKind.COMPANY, name)
    who = member(session, Role.BIDDER, company)
    key = ec.generate_private_key(ec.SECP256R1())
    session.add(
        BidderKey(
            organisation_id=company.id,
            person_id=who.person_id,
            public_key=encoding.b64u(point(key.public_key())),
            certificate="-",
            certificate_sha256=secrets.token_hex(32),
            created_at=START,
        )
    )
    session.flush()
    return Bidder(who, company, key)


def seal_body(
    who: Bidder,
    record: OpeningRecord,
    price_fen: int,
    sequence: int = 1,
    terms: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """The body of a SEAL request for a bid without files."""
    party = who.organisation.party_id
    sealed = envelope.seal(
        record, bidder=party, sequence=sequence, prices_fen={record.lot: price_fen},
        terms=terms, signer=who.key,
    )  # fmt: skip
    data = changes.pop("envelope", sealed.envelope)
    statement = {
        "v": "seal/v1",
        "opening": record.opening_id,
        "bidder": party,
        "sequence": sequence,
        "envelope_sha256": encoding.sha256_hex(data),
        "envelope_size": len(data),
        "files_digest": None,
        "files_size": 0,
        "idempotency_key": secrets.token_hex(16),
        **changes,
    }
    return {
        "statement": statements.sign_ecdsa(statement, who.key),
        "envelope": encoding.b64u(data),
        "upload": None,
    }


def seal_request(world: World, bidder: Bidder, body: dict[str, Any]) -> SealRequest:
    """A checked SEAL request."""
    with world.platform.database.read() as session:
        return read_request(session, bidder.actor, body, now=world.clock.now(), agent="test")


def only_record(world: World, tender: Tender) -> OpeningRecord:
    """The opening record of a tender with one lot."""
    with world.platform.database.read() as session:
        lot = session.scalars(select(Lot).where(Lot.tender_id == tender.id)).one()
        return opening_records.record_of(session, lot.opening_id or "")
