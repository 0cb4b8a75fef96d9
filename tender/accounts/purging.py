"""Blanking registrations and people, and deleting sessions, once their time is over.

Rows stay where others point to them; what names or reaches a person goes. A company's name stays:
it is public in opening records and no personal data.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tender.accounts.models import (
    BidderKey,
    ExpertProfile,
    LegalHold,
    LoginSession,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    RecoveryToken,
    Standing,
)
from tender.core.ids import new_id
from tender.core.messages import InboxMessage
from tender.core.retention import OPEN, Purge, in_pieces
from tender.ledger.models import LedgerEntry
from tender.ledger.purging import forget_subject

BIDDERS = (OrganisationKind.COMPANY, OrganisationKind.PERSON)
DECIDED = (Standing.APPROVED, Standing.SUSPENDED)
GONE = "-"


def protect_parties(purge: Purge) -> None:
    """Keep the ledger's private data about everybody whose tender has not ended, or who is held."""
    running = {subject for subject, end in purge.busy.items() if end >= OPEN} | purge.held
    purge.protected |= running
    for piece in in_pieces(running):
        query = select(Organisation.party_id).where(Organisation.id.in_(piece))
        purge.protected.update(purge.session.scalars(query))


def purge_accounts(purge: Purge) -> None:
    """Everything of this room."""
    _purge_sessions(purge)
    _purge_registrations(purge)
    _purge_people(purge)
    _purge_holds(purge)


def _purge_holds(purge: Purge) -> None:
    """Delete holds that were lifted long ago: they name people and say why."""
    for hold in purge.session.scalars(select(LegalHold)).all():
        if purge.over("legal_hold", hold.lifted_at) and hold.subject not in purge.held:
            purge.session.delete(hold)
            purge.note("legal_hold")


def _purge_sessions(purge: Purge) -> None:
    """Delete sessions and links for new passwords."""
    session = purge.session
    ended = select(LoginSession).where(
        LoginSession.created_at <= purge.latest_start("login_session")
    )
    for each in session.scalars(ended).all():
        end = min(each.expires_at, each.revoked_at or each.expires_at)
        if purge.over("login_session", end) and each.person_id not in purge.held:
            session.delete(each)
            purge.note("login_session")
    for token in session.scalars(select(RecoveryToken)).all():
        if purge.over("recovery_token", token.expires_at):
            session.delete(token)
            purge.note("recovery_token")


def _purge_registrations(purge: Purge) -> None:
    """Blank registrations that came to nothing, and those of bidders long gone."""
    query = select(Organisation).where(
        Organisation.kind.in_(BIDDERS), Organisation.purged_at.is_(None)
    )
    for organisation in purge.session.scalars(query).all():
        if organisation.status in DECIDED:
            start = max(organisation.created_at, organisation.approved_at or OPEN)
            kind = "registration"
        else:
            start, kind = _last_act(purge.session, organisation), "registration_refused"
        if purge.free(kind, organisation.id, start):
            _blank_registration(purge, organisation)
            purge.note(kind)


def _last_act(session: Session, organisation: Organisation) -> datetime:
    last = session.scalar(
        select(func.max(LedgerEntry.time)).where(LedgerEntry.subject == organisation.party_id)
    )
    return max(organisation.created_at, last or organisation.created_at)


def _blank_registration(purge: Purge, organisation: Organisation) -> None:
    never = organisation.status not in DECIDED
    if never or organisation.kind is OrganisationKind.PERSON:
        organisation.name = GONE
    organisation.code = organisation.contact = organisation.phone = organisation.email = None
    organisation.address = organisation.legal_head = organisation.agent = None
    organisation.remark = None
    organisation.purged_at = purge.now
    forget_subject(purge, organisation.party_id)
    _forget_messages(purge, organisation.id)
    keys = select(BidderKey).where(BidderKey.organisation_id == organisation.id)
    for key in purge.session.scalars(keys).all():  # A certificate names its bidder.
        key.certificate, key.revoked_at = GONE, key.revoked_at or purge.now
    members = select(Membership).where(
        Membership.organisation_id == organisation.id, Membership.ended_at.is_(None)
    )
    for membership in purge.session.scalars(members).all():
        membership.ended_at = purge.now
        for each in purge.session.scalars(
            select(LoginSession).where(LoginSession.membership_id == membership.id)
        ).all():
            each.revoked_at = each.revoked_at or purge.now


def _purge_people(purge: Purge) -> None:
    """Blank people without a role: first how they are reached, later their names."""
    session = purge.session
    roles: dict[str, list[datetime | None]] = {}
    for person_id, ended in session.execute(select(Membership.person_id, Membership.ended_at)):
        roles.setdefault(person_id, []).append(ended)
    for person in session.scalars(select(Person).where(Person.name != GONE)).all():
        end = _role_end(person, roles.get(person.id, []))
        if end is None or person.id in purge.held:
            continue
        if person.purged_at is None and purge.over("person_contact", end):
            _blank_contact(purge, person)
        if purge.free("person_name", person.id, end):
            person.name = GONE
            _forget_messages(purge, person.id)
            purge.note("person_name")
        _purge_recusal(purge, person, end)


def _role_end(person: Person, ends: list[datetime | None]) -> datetime | None:
    """When a person's last role ended; None while one is in force and the account is open."""
    if person.disabled_at is not None:
        return person.disabled_at
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return None
    return max(known, default=person.created_at)


def _blank_contact(purge: Purge, person: Person) -> None:
    """A person whose tender still runs stays reachable; whoever holds no role cannot sign in."""
    if purge.busy.get(person.id, person.created_at) >= OPEN:
        return
    person.login = f"gone-{new_id()}"
    person.email = person.phone = person.totp_secret = person.locked_until = None
    person.password_hash, person.recovery_hashes = GONE, []
    person.disabled_at = person.disabled_at or purge.now
    person.purged_at = purge.now
    purge.note("person_contact")


def _forget_messages(purge: Purge, subject: str) -> None:
    """Delete what clerks were told about somebody: it names them."""
    told = purge.session.scalars(select(InboxMessage).where(InboxMessage.subject == subject)).all()
    for message in told:
        purge.session.delete(message)
    purge.note("message", len(told))


def _purge_recusal(purge: Purge, person: Person, end: datetime) -> None:
    profile = purge.session.get(ExpertProfile, person.id)
    if profile is None or profile.employer == GONE:
        return
    if purge.free("expert_recusal", person.id, end):
        profile.employer = profile.region = profile.title = GONE
        profile.employer_code = profile.remark = profile.sanctioned_until = None
        profile.past_employers, profile.kin = [], []
        purge.note("expert_recusal")
