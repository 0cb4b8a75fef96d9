"""Forgetting second factors (重设二次验证): for a lost telephone, or after a theft of a backup."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.credentials import SECOND, end_sessions_of
from tender.accounts.models import Person
from tender.accounts.sessions import end_every_session
from tender.core.actor import SYSTEM
from tender.core.settings import Settings
from tender.ledger import service as ledger

ALL = "all"


def forget_second_factors(
    session: Session, settings: Settings, login: str, *, now: datetime
) -> int:
    """Have one person, or `all`, set the second factor up anew at the next sign-in; gives how many.

    Until then the password alone opens the account, so only whoever runs the machine may do this.
    For all, the keys that seal second factors and sign cookies are made anew: a stolen backup has
    both. The caller holds the write lock, and starts the web servers again.
    """
    query = select(Person).where(Person.totp_secret.is_not(None))
    if login != ALL:
        query = query.where(Person.login == login)
    people = session.scalars(query).all()
    for person in people:
        person.totp_secret, person.totp_confirmed, person.totp_last_step = None, False, 0
        person.recovery_hashes = []
        end_sessions_of(session, person, now=now)
        ledger.append(
            session, "second_factor.forgotten", subject=person.id, actor=SYSTEM, now=now, fields={}
        )
    if login == ALL:
        end_every_session(session, now=now)
        for name in (SECOND, "web"):
            (settings.data / "secrets" / name).unlink(missing_ok=True)
    return len(people)
