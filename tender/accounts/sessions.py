"""Server-side sessions: the cookie holds a random token, the table its hash; each can be revoked.

A second factor is asked of staff before a session counts as theirs; roles are switched within a
session, because one person may hold many.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.orm import Session, contains_eager

from tender.accounts.models import LoginSession, Membership, Organisation, Person
from tender.core.actor import STAFF, Actor
from tender.core.errors import not_found
from tender.core.i18n import N_

LIFETIME = timedelta(hours=12)
IDLE = timedelta(hours=2)
LIVE = and_(  # of a session joined to its person; `_asked` gives the values
    LoginSession.token_sha256 == bindparam("token"),
    LoginSession.revoked_at.is_(None),
    LoginSession.expires_at > bindparam("now"),
    LoginSession.seen_at > bindparam("idle_since"),
    Person.disabled_at.is_(None),
)
SESSION = (
    select(LoginSession)
    .join(LoginSession.person)
    .options(contains_eager(LoginSession.person))
    .where(LIVE)
)
IDENTITY = (
    select(
        LoginSession.person_id,
        Person.name,
        Membership.role,
        LoginSession.membership_id,
        Membership.organisation_id,
        Organisation.name.label("organisation_name"),
        Organisation.path,
        LoginSession.second_factor,
        Person.totp_confirmed,
        LoginSession.seen_at,
    )
    .join(LoginSession.person)
    .join(LoginSession.membership)
    .join(Membership.organisation)
    .where(LIVE, Membership.ended_at.is_(None))
)


def hash_token(token: str) -> str:
    """What the table keeps of a token; 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def memberships_of(session: Session, person_id: str) -> list[Membership]:
    """A person's memberships in force, oldest first."""
    query = (
        select(Membership)
        .where(Membership.person_id == person_id, Membership.ended_at.is_(None))
        .order_by(Membership.created_at, Membership.id)
    )
    return list(session.scalars(query))


def start_session(
    session: Session,
    person: Person,
    *,
    second_factor: bool,
    address: str | None,
    agent: str | None,
    now: datetime,
) -> str:
    """Begin a session and give the token for the cookie; the person's first role is active."""
    token = secrets.token_urlsafe(32)
    roles = memberships_of(session, person.id)
    session.add(
        LoginSession(
            token_sha256=hash_token(token),
            person_id=person.id,
            membership_id=roles[0].id if roles else None,
            second_factor=second_factor,
            created_at=now,
            seen_at=now,
            expires_at=now + LIFETIME,
            address=address,
            agent=(agent or "")[:300],
        )
    )
    return token


def _asked(token: str, now: datetime) -> dict[str, object]:
    return {"token": hash_token(token), "now": now, "idle_since": now - IDLE}


def find_session(session: Session, token: str, now: datetime) -> LoginSession | None:
    """The live session of a token; None if it is unknown, revoked, idle too long or expired."""
    return session.scalar(SESSION, _asked(token, now))


def identify(session: Session, token: str, now: datetime) -> Actor | None:
    """Who a cookie's token stands for; staff, and whoever has one, after the second factor.

    Every request asks this, so it is one statement; nothing of it is kept, because a sign-out, a
    lost role or a new password must end what the token may do with the very next request.
    """
    found = session.connection().execute(IDENTITY, _asked(token, now)).first()
    if found is None:
        return None
    if (found.role in STAFF or found.totp_confirmed) and not found.second_factor:
        return None
    return Actor(
        person_id=found.person_id,
        name=found.name,
        role=found.role,
        membership_id=found.membership_id,
        organisation_id=found.organisation_id,
        organisation_name=found.organisation_name,
        scope=found.path,
        seen_at=found.seen_at,
    )


def switch_role(session: Session, token: str, membership_id: str, *, now: datetime) -> Membership:
    """Act in another of one's own roles from now on."""
    found = find_session(session, token, now)
    membership = session.get(Membership, membership_id)
    if (
        found is None
        or membership is None
        or membership.person_id != found.person_id
        or membership.ended_at is not None
    ):
        raise not_found("role.unknown", N_("You do not hold this role. Reload the page."))
    found.membership_id = membership.id
    return membership


def touch(session: Session, token: str, *, now: datetime) -> None:
    """Note that a session is in use, so that `IDLE` runs from its last request."""
    query = update(LoginSession).where(
        LoginSession.token_sha256 == hash_token(token), LoginSession.seen_at < now
    )
    session.execute(query.values(seen_at=now))


def end_every_session(session: Session, *, now: datetime) -> None:
    """Revoke all sessions: a restored backup has those that were ended after it."""
    query = update(LoginSession).where(LoginSession.revoked_at.is_(None))
    session.execute(query.values(revoked_at=now))


def end_session(session: Session, session_id: str, person_id: str, *, now: datetime) -> None:
    """Revoke one of a person's sessions; unknown ones are ignored."""
    found = session.get(LoginSession, session_id)
    if found is not None and found.person_id == person_id and found.revoked_at is None:
        found.revoked_at = now
