"""Everything that the page of one tender shows, made from what was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.core import presenting
from tender.core.errors import not_found
from tender.core.i18n import N_, gettext
from tender.core.shanghai import SHANGHAI
from tender.core.wording import read_wording
from tender.publication.models import (
    DocumentStatus,
    IssuedDocument,
    Notice,
    NoticeKind,
    PublicAttachment,
    PublicTender,
)
from tender.publication.papers.typesetting import moment as shown_moment
from tender.publication.portal.portal import State, state_of

NOTICE_NAMES: dict[NoticeKind, str] = {
    NoticeKind.TENDER: N_("Tender notice"),
    NoticeKind.CLARIFICATION: N_("Clarification"),
    NoticeKind.AMENDMENT: N_("Amendment"),
    NoticeKind.POSTPONEMENT: N_("Postponement"),
    NoticeKind.CANCELLATION: N_("Termination"),
    NoticeKind.OPENING: N_("Record of the bid opening"),
    NoticeKind.CANDIDATES: N_("Candidates for award"),
    NoticeKind.RESULT: N_("Award result"),
    NoticeKind.RETENDER: N_("Tendered again"),
    NoticeKind.FAILURE: N_("Failed tender"),
    NoticeKind.OBJECTION: N_("Answer to an objection"),
    NoticeKind.CONTRACT: N_("Contract"),
}
ACTS = (
    NoticeKind.TENDER,
    NoticeKind.CLARIFICATION,
    NoticeKind.AMENDMENT,
    NoticeKind.POSTPONEMENT,
)
OUTCOMES = (NoticeKind.RESULT, NoticeKind.FAILURE, NoticeKind.CANCELLATION, NoticeKind.CANDIDATES)


@dataclass(frozen=True)
class Step:
    """One date of the timeline in the reader's language."""

    name: str
    at: datetime
    day: str  # for an end at 24:00, the day that it ends; otherwise empty
    state: str  # past, now, next
    why: str
    to_check: bool
    provisional: bool


@dataclass(frozen=True)
class Lot:
    """A lot as published."""

    number: str
    name: str
    quantity: str
    term: str
    basis: str
    limit_fen: int | None
    total_fen: int | None
    opening: str | None
    status: str


@dataclass(frozen=True)
class Block:
    """A finished piece of a notice in the reader's language."""

    heading: str
    paragraphs: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ShownNotice:
    """A notice with its blocks and its PDF."""

    id: str
    kind: NoticeKind
    name: str
    title: str
    published_at: datetime
    blocks: tuple[Block, ...]
    blocks_sha256: str
    ledger_seq: int
    document: IssuedDocument | None


@dataclass(frozen=True)
class TenderPage:
    """The page of one tender."""

    public: PublicTender
    state: State
    method: str
    lots: tuple[Lot, ...]
    steps: tuple[Step, ...]
    custody: tuple[dict[str, Any], ...]
    notices: tuple[ShownNotice, ...]  # newest first, clarifications apart
    answers: tuple[ShownNotice, ...]
    outcome: ShownNotice | None
    attachments: tuple[PublicAttachment, ...]
    documents: tuple[IssuedDocument, ...]  # public ones that belong to no notice
    acts: tuple[ShownNotice, ...]  # what the tender documents consist of, oldest first

    @property
    def first(self) -> ShownNotice | None:
        """The tender notice itself."""
        return next((each for each in self.notices if each.kind is NoticeKind.TENDER), None)

    @property
    def amendments(self) -> tuple[ShownNotice, ...]:
        """The amendments of the tender documents, oldest first."""
        return tuple(each for each in self.acts if each.kind is NoticeKind.AMENDMENT)

    @property
    def accepting(self) -> bool:
        """Whether bids are taken now."""
        return self.state is State.OPEN and not self.paused

    @property
    def paused(self) -> bool:
        """Whether an objection or complaint pauses the tender."""
        return bool(self.public.facts.get("paused"))

    @property
    def disposal(self) -> bool:
        """Whether the bidder pays."""
        return self.public.direction == "DISPOSAL"


def public_tender(session: Session, number: str) -> PublicTender:
    """A published tender by its number; DomainError `tender.not_public` otherwise."""
    found = session.scalar(select(PublicTender).where(PublicTender.number == number))
    if found is None:
        raise not_found(
            "tender.not_public",
            N_("No tender with this number has been published. Check the number, or search."),
        )
    return found


def tender_page(session: Session, number: str, *, now: datetime) -> TenderPage:
    """Read the page of a published tender."""
    public = public_tender(session, number)
    notices = _notices(session, public)
    in_notices = {each.document.id for each in notices if each.document is not None}
    answers = tuple(each for each in notices if each.kind is NoticeKind.CLARIFICATION)
    return TenderPage(
        public=public,
        state=state_of(public, now),
        method=gettext(str(public.facts.get("method", ""))),
        lots=lots_of(public),
        steps=steps_of(public, now),
        custody=tuple(public.facts.get("custody", ())),
        notices=tuple(each for each in notices if each.kind is not NoticeKind.CLARIFICATION),
        answers=tuple(reversed(answers)),
        outcome=next((each for each in notices if each.kind in OUTCOMES), None),
        attachments=tuple(
            session.scalars(
                select(PublicAttachment)
                .where(PublicAttachment.tender_id == public.id)
                .order_by(PublicAttachment.ledger_seq)
            )
        ),
        documents=tuple(each for each in _documents(session, public) if each.id not in in_notices),
        acts=tuple(each for each in reversed(notices) if each.kind in ACTS),
    )


def _documents(session: Session, public: PublicTender) -> list[IssuedDocument]:
    query = (
        select(IssuedDocument)
        .where(IssuedDocument.tender_id == public.id, IssuedDocument.public.is_(True))
        .order_by(IssuedDocument.created_at, IssuedDocument.id)
    )
    return list(session.scalars(query))


def _notices(session: Session, public: PublicTender) -> list[ShownNotice]:
    query = select(Notice).where(Notice.tender_id == public.id).order_by(Notice.ledger_seq.desc())
    documents = {each.id: each for each in _documents(session, public)}
    return [
        ShownNotice(
            id=each.id,
            kind=each.kind,
            name=gettext(NOTICE_NAMES[each.kind]),
            title=each.title,
            published_at=each.published_at,
            blocks=tuple(shown_block(block) for block in each.blocks),
            blocks_sha256=each.blocks_sha256,
            ledger_seq=each.ledger_seq,
            document=documents.get(each.document_id or ""),
        )
        for each in session.scalars(query)
    ]


def shown_block(block: Mapping[str, Any]) -> Block:
    """A stored block in the reader's language; times in the county's own."""
    return Block(
        heading=gettext(str(block["heading"])),
        paragraphs=tuple(gettext(str(each)) for each in block.get("paragraphs", ())),
        rows=tuple((gettext(str(label)), _said(str(value))) for label, value in block["rows"]),
    )


def _said(text: str) -> str:
    return shown_moment(gettext(text)) if text else ""


def lots_of(public: PublicTender) -> tuple[Lot, ...]:
    """The lots as published, in the reader's language."""
    return tuple(
        Lot(
            number=str(each["number"]),
            name=str(each["name"]),
            quantity=f"{each['quantity']} {each['unit']}".strip(),
            term=_term(str(each["term"])),
            basis=read_wording(each["basis"]).text(),
            limit_fen=each["limit_fen"],
            total_fen=each["total_fen"],
            opening=each["opening"],
            status=str(each["status"]),
        )
        for each in public.facts.get("lots", ())
    )


def _term(years: str) -> str:
    if years in ("", "1"):
        return gettext("1 year") if years else ""
    return gettext("%(number)s years", number=years)


def steps_of(public: PublicTender, now: datetime) -> tuple[Step, ...]:
    """The timeline in the reader's language; the first date to come is the next one."""
    steps: list[Step] = []
    coming = True
    for each in public.facts.get("timeline", ()):
        at = datetime.fromisoformat(each["at"])
        done = at <= now and bool(each["planned"] or each["passes"])
        state = "past" if done else "now" if coming else "next"
        coming = coming and done
        steps.append(_step(each, at, state))
    return tuple(steps)


def _step(each: Mapping[str, Any], at: datetime, state: str) -> Step:
    articles = gettext(", ").join(read_wording(one).text() for one in each["articles"])
    reasons = [read_wording(one).text() for one in each["explanations"]]
    return Step(
        name=read_wording(each["name"]).text(),
        at=at,
        day=_ended_day(at),
        state=state,
        why=gettext("; ").join([*reasons, articles] if articles and not reasons else reasons),
        to_check=bool(each["to_check"]),
        provisional=bool(each["provisional"]),
    )


def _ended_day(at: datetime) -> str:
    """Midnight is 24:00 of the day before: periods end with their last day."""
    if at.astimezone(SHANGHAI).time() != time():
        return ""
    return presenting.day(at - timedelta(seconds=1))


def waiting(document: IssuedDocument) -> bool:
    """Whether a document is still being made."""
    return document.status is not DocumentStatus.ISSUED
