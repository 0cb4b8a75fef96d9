"""After every period nothing is left of anybody: no column, no file, no byte of the database."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from evaluation.low_price.models import LowPriceReview, LowPriceVote, ReviewStatus
from evaluation.models import (
    Contract,
    ContractTie,
    FindingDecided,
    FindingDecision,
    FindingRow,
    PanelDraw,
    PanelMember,
    RegisterExtract,
    Rejection,
    ScoreChange,
    ScoreItem,
    ScreenRun,
)
from tender.accounts.models import (
    LegalHold,
    LoginSession,
    Membership,
    Organisation,
    OrganisationKind,
    RecoveryToken,
    Standing,
)
from tender.bids.models import Upload
from tender.bids.uploads import upload_path
from tender.core.messages import InboxMessage
from tender.core.outbox import OutboxRow
from tender.core.reads import AccessRecord
from tender.core.refusals import Refusal
from tender.ledger import service as ledger
from tender.ledger.models import DataKind
from tender.objections.models import Complaint, ComplaintStatus, Objection, ObjectionStatus
from tender.opening.models import Opening, OpeningObjection
from tender.procedure.models import (
    Amendment,
    AmendmentFile,
    AmendmentStatus,
    Bond,
    Criterion,
    DraftVersion,
    Lot,
    Question,
    Tender,
)
from tender.publication.models import IssuedDocument
from tender.supervision.models import Card, CardExplanation, Milestone
from tests.evaluation import county as make
from tests.evaluation.marked import BY_HAND, MARK, added, left, mark, personal, stored
from tests.evaluation.purged import opened, purge

DATABASE = "tender.sqlite"


def _fill(session: Session, place: make.County, tender: Tender) -> None:
    """At least one row in every table that holds personal data."""
    now, bidder = place.world.clock.now(), place.bidders["甲一"].organisation
    session.execute(
        update(Organisation).where(Organisation.id == bidder.id).values(kind="natural_person")
    )
    lot = session.scalars(select(Lot).where(Lot.tender_id == tender.id)).one()
    _of_the_procedure(session, place, tender, now)
    _of_the_panel(session, place, lot, now)
    _of_the_screens(session, place, tender, now)
    _of_accounts(session, place, now)
    added(session, Contract, lot_id=lot.id, file_id=stored(session, place, now))
    added(session, ContractTie, lot_id=lot.id)
    duty = added(session, Milestone, subject=tender.id, code="x", note="x", round=1)
    card = added(session, Card, milestone_id=duty.id, round=1)
    added(session, CardExplanation, card_id=card.id, version=1, reason="x", decided_name="x")


def _of_the_procedure(session: Session, place: make.County, tender: Tender, now: datetime) -> None:
    whose: dict[str, Any] = {
        "tender_id": tender.id, "organisation_id": place.bidders["甲一"].organisation.id,
    }  # fmt: skip
    proof = stored(session, place, now)
    added(session, Bond, **whose, proof_id=proof, returned_at=now, return_reason="x")
    added(session, Question, tender_id=tender.id, asked_by=whose["organisation_id"])
    evidence = stored(session, place, now)
    filed = added(
        session, Objection, **whose, evidence_id=evidence, status=ObjectionStatus.REJECTED,
        answered_at=now,
    )  # fmt: skip
    added(
        session, Complaint, **whose, objection_id=filed.id, status=ComplaintStatus.REJECTED,
        decided_at=now, decision="x",
    )  # fmt: skip
    opening = session.scalars(select(Opening).where(Opening.tender_id == tender.id)).one()
    upload = added(session, Upload, opening_id=opening.opening_id, length=9)
    path = upload_path(place.world.platform.settings, upload.id)
    path.parent.mkdir(parents=True)
    path.write_text(MARK)
    added(session, OpeningObjection, opening_id=opening.opening_id, answer="x", answered_at=now)
    added(session, DraftVersion, tender_id=tender.id)
    given_up = added(session, Amendment, tender_id=tender.id, status=AmendmentStatus.WITHDRAWN)
    unseen = stored(session, place, now)
    added(session, AmendmentFile, amendment_id=given_up.id, file_id=unseen)
    review = added(
        session, LowPriceReview, **whose, lot_id=opening.lot_id, status=ReviewStatus.ASKED,
        answer="x", answered_at=now,
    )  # fmt: skip
    review.files = [{"name": MARK, "sha256": "0", "size": 1, "file": stored(session, place, now)}]


def _of_the_panel(session: Session, place: make.County, lot: Lot, now: datetime) -> None:
    expert = place.experts[0].person_id
    added(session, PanelDraw, tender_id=lot.tender_id)
    seat = added(session, PanelMember, tender_id=lot.tender_id, person_id=expert)
    criterion = added(session, Criterion, tender_id=lot.tender_id)
    added(session, ScoreItem, member_id=seat.id, criterion_id=criterion.id, bid_id="b", reason="x")
    added(session, ScoreChange, member_id=seat.id, criterion_id=criterion.id)
    added(session, LowPriceVote, member_id=seat.id, bid_id="b", stage="open")
    added(session, Rejection, tender_id=lot.tender_id, bid_id="b")


def _of_the_screens(session: Session, place: make.County, tender: Tender, now: datetime) -> None:
    run = added(session, ScreenRun, tender_id=tender.id)
    for decision in (FindingDecision.REJECTED, FindingDecision.CONFIRMED):
        found = added(
            session, FindingRow, tender_id=tender.id, decision=decision, reason="x", decided_at=now
        )
        added(session, FindingDecided, finding_id=found.id, decision=decision)
        added(session, IssuedDocument, tender_id=found.id, public=False)
    added(session, IssuedDocument, tender_id=run.id, public=False)
    organisation_id = place.bidders["乙二"].organisation.id
    added(session, RegisterExtract, organisation_id=organisation_id)


def _of_accounts(session: Session, place: make.County, now: datetime) -> None:
    who = place.clerk.person_id
    added(session, LoginSession, person_id=who)
    added(session, RecoveryToken, person_id=who)
    added(session, LegalHold, lifted_at=now, lifted_by="x", lift_reason="x")
    added(session, Organisation, kind=OrganisationKind.COMPANY, status=Standing.RETURNED)
    for model in (AccessRecord, Refusal, InboxMessage):
        added(session, model)
    added(session, InboxMessage, due_at=now)
    added(session, OutboxRow, kind="email.send", done_at=now)
    added(session, OutboxRow, kind="screens.run", done_at=now)
    for kind in DataKind:
        ledger.append(
            session, "a.fact", subject=who, actor="a", now=now, private={"x": "x"}, kind=kind
        )
    session.execute(update(Membership).values(ended_at=now))


def test_after_every_period_no_mark_is_left_of_anybody(place: make.County, tmp_path: Path) -> None:
    make.add_experts(place, 1)
    tender = opened(place)
    make.award_lease(place, tender)
    place.write(lambda session: _fill(session, place, tender))
    assert place.write(mark) == []
    assert {*place.read(lambda session: set(left(session))), *BY_HAND} == set(personal())
    files = [path for path in tmp_path.glob("*/??/*") if MARK in path.read_text()]
    assert {path.parent.parent.name for path in files} == {"store", "uploads"}
    assert len(files) == 6
    _ages_pass(place)
    assert place.read(lambda session: sorted(set(left(session)))) == []
    assert [path for path in files if path.exists()] == []
    held = b"".join(path.read_bytes() for path in tmp_path.glob(f"{DATABASE}*"))
    assert held.count(place.world.village.name.encode()) > 0
    assert held.count(MARK.encode()) == 0, "deleted rows are still in the file"


def _ages_pass(place: make.County) -> None:
    """Long enough for all; twice, because names wait for the last tender of whom they name."""
    place.world.clock.advance(days=366 * 20)
    purge(place)
    place.world.clock.advance(days=366 * 20)
    purge(place)
