"""What the tests of the purge do to a county before they look at what is left."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import wsgi
from keys import notes, statements
from tender.accounts.models import Organisation
from tender.bids import uploads, withdrawal
from tender.bids.models import SealedBid
from tender.core import jobs, outbox
from tender.ledger import checkpoints
from tender.ledger.purging import purge_ended
from tender.ledger.ticking import sign_if_grown
from tender.opening import ticking
from tender.opening.export import export_tender
from tender.opening.releases import take_release
from tender.procedure.custody.opening_records import record_of
from tender.procedure.models import Tender
from tests.evaluation import county as make

NAMES = ("甲一", "乙二", "丙三")
PDF = b"%PDF-1.7 proof"


def purge(place: make.County) -> Mapping[str, int]:
    platform = place.world.platform
    with platform.database.write() as session:
        counts = purge_ended(
            session, platform.settings, wsgi.PURGES, actor="system", now=platform.clock.now()
        )
    with platform.database.read() as session:
        erasing = session.scalars(
            select(outbox.OutboxRow.id).where(outbox.OutboxRow.kind == "files.erase")
        ).all()
    for row in erasing:
        jobs.perform(platform, wsgi.HANDLERS, row)
    return counts


def bids_of(place: make.County) -> dict[tuple[str, int], SealedBid]:
    def find(session: Session) -> dict[tuple[str, int], SealedBid]:
        rows = session.execute(
            select(SealedBid, Organisation.name).join(
                Organisation, Organisation.id == SealedBid.organisation_id
            )
        )
        return {(name, bid.sequence): bid for bid, name in rows}

    found: dict[tuple[str, int], SealedBid] = place.read(find)
    return found


def withdraw(place: make.County, name: str) -> None:
    bid, bidder = bids_of(place)[name, 1], place.bidders[name]
    statement = {
        "v": "withdraw/v1", "opening": bid.opening_id, "bidder": bid.party_id, "bid": bid.id,
        "sequence": 1,
    }  # fmt: skip
    signed = statements.sign_ecdsa(statement, bidder.key)
    platform = place.world.platform
    with platform.database.write() as session:
        withdrawal.withdraw_bid(
            session, bidder.actor, bid.id, signed, clock=platform.clock, settings=platform.settings
        )


def stale_upload(place: make.County, opening_id: str) -> Path:
    platform = place.world.platform
    with platform.database.write() as session:
        upload = uploads.create_upload(
            session, place.bidders["甲一"].actor, opening_id, 100,
            settings=platform.settings, now=platform.clock.now(),
        )  # fmt: skip
    path = uploads.upload_path(platform.settings, upload.id)
    path.write_bytes(b"half a file")
    return path


def opened(place: make.County) -> Tender:
    """Three bids that count, one withdrawn, one upload that nobody took; the opening is done."""
    tender = make.lease(place)
    make.bid(place, tender, {name: 120_000 + n for n, name in enumerate((*NAMES, "丁四"))})
    withdraw(place, "丁四")
    make.open_all(place, tender)
    return tender


def witness(place: make.County) -> str:
    """Have the newest checkpoint signed and co-signed; gives it as releases name it."""
    platform = place.world.platform
    sign_if_grown(platform)
    with platform.database.write() as session:
        newest = checkpoints.newest(session)
        assert newest is not None
        text = notes.parse_note(newest.note).text
        for keeper in place.world.keepers[:3]:
            line = notes.cosign(text, keeper.identity, platform.clock.now())
            checkpoints.add_cosignature(
                session, text=text, line=line, identity=keeper.public, now=platform.clock.now()
            )
    return notes.parse_checkpoint(text).brief


def performed(place: make.County, tender: Tender) -> None:
    """Close, co-sign, release and open as custodians do, so that a stranger can verify it."""
    platform, deadline = place.world.platform, tender.deadline
    assert deadline is not None
    place.world.clock.moment = deadline + timedelta(seconds=1)
    assert ticking.close_due(platform) == 1
    brief = witness(place)
    opening_id = bids_of(place)["甲一", 1].opening_id
    with platform.database.write() as session:
        record = record_of(session, opening_id)
        for keeper in place.world.keepers[:3]:
            statement = keeper.release(record, platform.clock.now(), brief)
            take_release(session, statement, now=platform.clock.now())
    assert ticking.open_ready(platform) == 1


def verified(place: make.County, target: Path) -> dict[str, Any]:
    witness(place)
    export_tender(place.world.platform, target, number=None, with_files=False)
    result = subprocess.run(
        [sys.executable, "-m", "keys", "verify", str(target)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    summary: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return {**summary, "code": result.returncode}
