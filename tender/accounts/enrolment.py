"""Enrolling a bidder's key: made in its browser, certified by the centre's own authority.

Losing a browser means enrolling a new key, not losing a bid: what was sealed needs no key of the
bidder's at the opening.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from sqlalchemy.orm import Session

from keys import encoding, statements
from keys.centre import Centre
from keys.errors import KeysError
from tender.accounts.models import BidderKey, Organisation, Standing
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_
from tender.ledger import service as ledger

MAX_KEYS = 12  # unrevoked keys of one bidder


def enrol_key(
    session: Session, actor: Actor, statement: dict[str, Any], centre: Centre, *, now: datetime
) -> BidderKey:
    """Certify the key that signed `enrol/v1 {v, bidder, public_key}`; again changes nothing."""
    organisation = session.get_one(Organisation, actor.organisation_id)
    require(actor, Permission.BID_SUBMIT, on=organisation)
    if organisation.status is not Standing.APPROVED:
        raise conflict(
            "bidder.not_approved", N_("Your registration is not approved yet. Wait for the county.")
        )
    public = _checked(statement, organisation)
    known = session.scalar(select(BidderKey).where(BidderKey.public_key == public))
    if known is not None:
        if known.organisation_id != organisation.id or known.revoked_at is not None:
            raise conflict("key.taken", N_("This key cannot be used. Make a new one."))
        return known
    unrevoked = select(BidderKey).where(
        BidderKey.organisation_id == organisation.id, BidderKey.revoked_at.is_(None)
    )
    if len(list(session.scalars(unrevoked))) >= MAX_KEYS:
        raise conflict("key.too_many", N_("Revoke a key that you do not use any more first."))
    der = centre.certify_bidder(
        encoding.unb64u(public, 65), party=organisation.party_id, name=organisation.name, now=now
    )
    key = BidderKey(
        organisation_id=organisation.id,
        person_id=actor.person_id,
        public_key=public,
        certificate=x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode(),
        certificate_sha256=encoding.sha256_hex(der),
        created_at=now,
    )
    session.add(key)
    session.flush()
    _enter(session, "bidder_key.certified", key, now)
    return key


def _enter(session: Session, event: str, key: BidderKey, now: datetime) -> None:
    """Enter what happened to a key under the key's own random id.

    A browser's key is made with its first bid. Earlier openings tell whose a party's or person's
    id is, so an entry under one would tell before the deadline who is about to bid (TBL art. 22).
    """
    ledger.append(
        session, event, subject=key.id, actor=key.id, now=now,
        fields={"certificate_sha256": key.certificate_sha256},
    )  # fmt: skip


def _checked(statement: dict[str, Any], organisation: Organisation) -> str:
    try:
        if set(statement) != {"v", "bidder", "public_key", "signature"}:
            raise invalid("key.form", N_("This is not an enrolment of the documented form."))
        if statement["v"] != "enrol/v1" or statement["bidder"] != organisation.party_id:
            raise invalid("key.form", N_("This key was made for another bidder. Reload the page."))
        statements.check_ecdsa(statement, encoding.unb64u(statement["public_key"], 65))
    except KeysError as error:
        raise invalid(
            "key.invalid", N_("The key does not hold: %(why)s"), why=str(error)
        ) from error
    return str(statement["public_key"])


def keys_of(session: Session, actor: Actor) -> list[BidderKey]:
    """The actor's organisation's keys, newest first."""
    query = select(BidderKey).where(BidderKey.organisation_id == actor.organisation_id)
    return list(session.scalars(query.order_by(BidderKey.created_at.desc())))


def revoke_key(
    session: Session, actor: Actor, key_id: str, centre: Centre, *, now: datetime
) -> BidderKey:
    """Revoke one of one's own keys; bids that it signed before stand."""
    key = session.get(BidderKey, key_id)
    if key is None or key.organisation_id != actor.organisation_id:
        raise invalid("key.unknown", N_("This is not one of your keys."))
    require(actor, Permission.BID_SUBMIT)
    if key.revoked_at is None:
        key.revoked_at = now
        der = x509.load_pem_x509_certificate(key.certificate.encode()).public_bytes(Encoding.DER)
        centre.revoke(der, reason="superseded", now=now)
        _enter(session, "bidder_key.revoked", key, now)
    return key
