"""Enrolling a browser's key: what the public ledger says of it, and what it must not say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from keys import encoding, statements
from keys.bidders import point
from tender.accounts import enrolment
from tender.accounts.authority import centre, ensure_centre
from tender.ledger.models import LedgerEntry
from tests.tender import factories as make


def test_the_ledger_does_not_tell_whose_key_was_certified_or_revoked(tmp_path: Path) -> None:
    """A key is made with the first bid from a browser: its owner's id would tell who bids."""
    world = make.world(tmp_path)
    settings, now = world.platform.settings, world.clock.now()
    ensure_centre(settings, "清源县公共资源交易中心", now=now)
    key = ec.generate_private_key(ec.SECP256R1())
    with world.platform.database.write() as session:
        bidder = make.bidder(session, "守信公司")
        statement: dict[str, Any] = {
            "v": "enrol/v1",
            "bidder": bidder.organisation.party_id,
            "public_key": encoding.b64u(point(key.public_key())),
        }
        signed = statements.sign_ecdsa(statement, key)
        made = enrolment.enrol_key(session, bidder.actor, signed, centre(settings), now=now)
        enrolment.revoke_key(session, bidder.actor, made.id, centre(settings), now=now)
    with world.platform.database.read() as session:
        query = select(LedgerEntry).where(LedgerEntry.event.startswith("bidder_key."))
        lines = [row.line for row in session.scalars(query)]
    world.platform.database.close()
    assert len(lines) == 2
    told = (bidder.organisation.party_id, bidder.organisation.id, bidder.actor.person_id)
    assert [line for line in lines if any(each in line for each in told)] == []
    assert all(made.certificate_sha256 in line for line in lines)
