"""Publishing an amendment: one transaction from the new texts to the notice, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.encoding import timestamp
from tender.accounts.directory import members_of
from tender.accounts.permissions import Permission, require, separate
from tender.core import messages
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.procedure.amendment.amendable import Change, apply, blocks, changes_of, read_changes
from tender.procedure.amendment.amending import (
    amendments_of,
    criteria_for,
    files_of,
    open_amendment,
)
from tender.procedure.amendment.leeway import Leeway, leeway
from tender.procedure.facts import lots_of, public_facts, tender_by_id
from tender.procedure.models import (
    Amendment,
    AmendmentFile,
    AmendmentStatus,
    Question,
    Tender,
    TenderDocument,
)
from tender.procedure.notices import ocds_tender, paper_steps, plain_notice
from tender.procedure.publishing.postponing import move_deadline, require_running
from tender.procedure.states import AMENDMENT
from tender.publication.models import Notice, NoticeKind
from tender.publication.papers.parts import Block
from tender.publication.service import Attachment, Content, publish

UNTIL_NOW = N_("Until now")
FROM_NOW = N_("From now on")
NOTHING = N_("(nothing)")


@dataclass(frozen=True)
class Replacement:
    """A file of an amendment with the document whose place it takes, if any."""

    file: AmendmentFile
    old: TenderDocument | None


@dataclass(frozen=True)
class Preview:
    """An amendment as it would be published now: old and new, files, deadline, the law's say."""

    amendment: Amendment
    changes: list[Change]
    files: list[Replacement]
    leeway: Leeway


def preview(session: Session, tender: Tender, amendment: Amendment, *, now: datetime) -> Preview:
    """What publishing at `now` would do."""
    present = blocks(tender, criteria_for(session, tender))
    return Preview(
        amendment,
        changes_of(amendment.changes, present),
        [
            Replacement(row, session.get(TenderDocument, row.replaces_id or ""))
            for row in files_of(session, amendment)
        ],
        leeway(tender, amendment.deadline, now=now),
    )


def publish_amendment(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    seen: datetime | None,
    *,
    now: datetime,
) -> Notice:
    """Approve and publish an amendment; another person than its authors must do it.

    `seen` is the new deadline that the preview showed (None where it stays): if the day has
    turned since, the law may want a later one, and the reviewer looks again.
    """
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_AMEND, on=tender)
    require(actor, Permission.PROJECT_REVIEW, on=tender)
    require_running(tender, now)
    found = open_amendment(session, tender.id)
    if found is None or found.status is not AmendmentStatus.IN_REVIEW:
        raise conflict("amendment.not_in_review", N_("No amendment of this tender is in review."))
    separate(actor, found.created_by, found.changed_by)
    shown = preview(session, tender, found, now=now)
    _check(session, tender, shown, seen)
    before = tender.deadline
    _write(session, tender, shown, actor, now)
    if shown.leeway.deadline is not None:
        move_deadline(session, actor, tender, shown.leeway.deadline, now=now)
    content = _content(session, tender, shown, before, now)
    facts = public_facts(session, tender, now=now)
    notice = publish(session, settings, facts, content, actor_id=actor.person_id, now=now)
    ledger.append(
        session, "tender.amended", subject=tender.id, actor=actor.person_id, now=now,
        fields={
            "tender": tender.number, "amendment": found.number,
            "blocks_sha256": notice.blocks_sha256, "notice": notice.ledger_seq,
            "documents": [
                {"sha256": each.file.file.sha256, "replaces": each.old and each.old.file.sha256}
                for each in shown.files
            ],
        },
    )  # fmt: skip
    _tell(session, tender, now)
    return notice


def _check(session: Session, tender: Tender, shown: Preview, seen: datetime | None) -> None:
    read_changes(shown.amendment.changes, blocks(tender, criteria_for(session, tender)))
    if not shown.changes and not shown.files:
        raise invalid(
            "amendment.empty",
            N_("This amendment changes nothing yet. Change a text, or add or replace a file."),
        )
    if shown.leeway.deadline != seen:
        raise conflict(
            "amendment.moved",
            N_("The law now wants another deadline than the one shown. Look at the preview again."),
        )


def _write(session: Session, tender: Tender, shown: Preview, actor: Actor, now: datetime) -> None:
    found = shown.amendment
    found.before = {change.name: change.old for change in shown.changes}
    found.number = 1 + len(amendments_of(session, tender.id))
    found.approved_by, found.published_at = actor.person_id, now
    advance(found, AmendmentStatus.PUBLISHED, AMENDMENT)
    apply(tender, criteria_for(session, tender), found.changes)
    tender.changed_at = now
    for each in shown.files:
        row = TenderDocument(
            tender_id=tender.id, file_id=each.file.file_id, title=each.file.title,
            kind=each.file.kind, public=True, added_at=now,
        )  # fmt: skip
        row.file = each.file.file
        session.add(row)
        session.flush()
        if each.old is not None:
            each.old.superseded_at, each.old.superseded_by = now, row.id
    session.flush()


def _content(
    session: Session, tender: Tender, shown: Preview, before: datetime | None, now: datetime
) -> Content:
    found, lots = shown.amendment, lots_of(session, tender.id)
    with speaking("zh"):
        title = gettext(
            N_("%(title)s: amendment no. %(number)s"),
            title=tender.title, number=found.number,
        )  # fmt: skip
        shown_blocks = amendment_blocks(tender, shown, before)
        steps = paper_steps(tender, now)
    section = ocds_tender(tender, lots)
    section["amendments"] = [_ocds_amendment(session, tender, found)]
    plain = plain_notice(
        tender, NoticeKind.AMENDMENT, title, shown_blocks, tag="tenderAmendment",
        sections={"tender": section}, steps=steps,
    )  # fmt: skip
    return Content(
        kind=plain.kind,
        title=plain.title,
        blocks=plain.blocks,
        tag=plain.tag,
        sections=plain.sections,
        paper=plain.paper,
        attachments=tuple(_attachment(each) for each in shown.files),
    )


def _attachment(each: Replacement) -> Attachment:
    file = each.file.file
    return Attachment(
        title=each.file.title,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        replaces=each.old.file.sha256 if each.old else "",
    )


def amendment_blocks(tender: Tender, shown: Preview, before: datetime | None) -> list[Block]:
    """The finished blocks: reason, each changed block old and new, files, deadline with the law."""
    found = [Block(heading=N_("Why the documents change"), paragraphs=(shown.amendment.reason,))]
    for change in shown.changes:
        label = change.label
        heading = label.text() if label.params else label.msgid
        rows = ((UNTIL_NOW, change.old or NOTHING), (FROM_NOW, change.new or NOTHING))
        found.append(Block(heading=heading, rows=rows))
    if shown.files:
        found.append(Block(heading=N_("Documents"), rows=tuple(_file_rows(shown.files))))
    found.append(_deadline_block(tender, shown.leeway, before))
    return found


def _file_rows(files: Sequence[Replacement]) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for each in files:
        if each.old is not None:
            rows.append((N_("No longer in force"), _named(each.old.title, each.old.file.sha256)))
        label = N_("In its place") if each.old is not None else N_("Added")
        rows.append((label, _named(each.file.title, each.file.file.sha256)))
    return rows


def _named(title: str, sha256: str) -> str:
    return f"{title}（SHA-256 {sha256}）"


def _deadline_block(tender: Tender, law: Leeway, before: datetime | None) -> Block:
    why = tuple(each.text() for each in law.why)
    if law.deadline is None or before is None or tender.deadline is None:
        paragraphs = (N_("The deadline and the opening stay as they were."), *why)
        kept = timestamp(tender.deadline) if tender.deadline else "—"
        return Block(
            heading=N_("Deadline"), paragraphs=paragraphs,
            rows=((N_("Deadline for bids and opening"), kept),),
        )  # fmt: skip
    return Block(
        heading=N_("The deadline is postponed"),
        paragraphs=why,
        rows=(
            (N_("Deadline until now"), timestamp(before)),
            (N_("New deadline and opening"), timestamp(tender.deadline)),
        ),
    )


def _ocds_amendment(session: Session, tender: Tender, found: Amendment) -> dict[str, Any]:
    newest = session.scalars(
        select(Notice)
        .where(Notice.tender_id == tender.id)
        .order_by(Notice.ledger_seq.desc())
        .limit(1)
    ).first()
    row: dict[str, Any] = {
        "id": f"{tender.number}-amendment-{found.number}",
        "date": timestamp(found.published_at or found.changed_at),
        "rationale": found.reason,
    }
    if newest is not None:
        row["amendsReleaseID"] = newest.release["id"]
    return row


def _tell(session: Session, tender: Tender, now: datetime) -> None:
    """Tell each organisation that asked a question, one by one: nobody learns of another."""
    asked = select(Question.asked_by).where(Question.tender_id == tender.id).distinct()
    for organisation_id in sorted(session.scalars(asked)):
        for person in members_of(session, organisation_id, Role.BIDDER):
            messages.tell(
                session, person.id,
                N_("The documents of %(tender)s have changed. Read the amendment before you bid."),
                now=now, link=f"/tenders/{tender.number}#acts", subject=tender.id,
                tender=tender.number,
            )  # fmt: skip
