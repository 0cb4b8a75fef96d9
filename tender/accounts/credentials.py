"""Passwords (Argon2id), one-time codes (TOTP, RFC 6238), recovery codes and links.

Hashing takes a tenth of a second on purpose: callers do it before they take the write lock.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime, timedelta

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tender.accounts.models import LoginSession, Person, RecoveryToken
from tender.accounts.sessions import hash_token
from tender.core import messages, outbox
from tender.core.errors import DomainError, Kind, invalid
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.core.vault import keyed_hash, open_text, seal_text

HASHER = PasswordHasher()
SHORTEST = 10
LOCK_AFTER = 6  # wrong passwords in a row
LOCK_FOR = timedelta(minutes=15)
RECOVERY_CODES = 8
SECOND = "totp"  # the key of second factors
CODE = re.compile(r"[0-9]{6}")  # a recovery code has ten characters, and may be digits alone
RECOVERY_LINK = timedelta(minutes=30)
COMMON = frozenset({"1234567890", "password12", "qwertyuiop", "0987654321", "abcdefghij"})
NOBODY = HASHER.hash("nobody has this password")
WRONG = N_("The name or the password is wrong. After %(count)s wrong tries the account rests.")


def check_strength(password: str, login: str) -> None:
    """Refuse passwords that are short or obvious (NIST SP 800-63B: length, not composition)."""
    if len(password) < SHORTEST or password.lower() in COMMON or login.lower() in password.lower():
        raise invalid(
            "password.weak",
            N_("Choose a password of at least 10 characters that does not contain your name."),
            {"password": N_("At least 10 characters, not your login name.")},
        )


def hash_password(password: str) -> str:
    """The Argon2id hash with its parameters."""
    return HASHER.hash(password)


def password_fits(person: Person | None, password: str) -> bool:
    """Whether a password is a person's; takes as long for nobody, so that names are not told."""
    try:
        HASHER.verify(person.password_hash if person else NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return person is not None and person.disabled_at is None


def find_person(session: Session, login: str) -> Person | None:
    """Who signs in under a name."""
    return session.scalar(select(Person).where(Person.login == login.strip().lower()))


def resting(person: Person | None, now: datetime) -> bool:
    """Whether the account rests after too many wrong tries."""
    return person is not None and person.locked_until is not None and person.locked_until > now


def note_try(session: Session, person: Person, *, good: bool, now: datetime) -> None:
    """Count wrong tries; a good one clears them."""
    if good:
        person.failed_attempts, person.locked_until = 0, None
        return
    person.failed_attempts += 1
    if person.failed_attempts >= LOCK_AFTER:
        person.failed_attempts, person.locked_until = 0, now + LOCK_FOR


def wrong() -> DomainError:
    """The one answer to any failed sign-in."""
    return DomainError(Kind.INVALID, "login.wrong", WRONG, count=LOCK_AFTER)


def new_totp(settings: Settings, person: Person) -> str:
    """Give a person a new TOTP secret, kept encrypted; gives it once, for the QR."""
    plain = pyotp.random_base32()
    person.totp_secret = seal_text(settings, SECOND, plain)
    person.totp_confirmed = False
    person.totp_last_step = 0
    return plain


def totp_uri(settings: Settings, person: Person, plain: str) -> str:
    """The otpauth address that an authenticator scans."""
    return pyotp.TOTP(plain).provisioning_uri(name=person.login, issuer_name=settings.platform)


def totp_plain(settings: Settings, person: Person) -> str | None:
    """A person's secret, to check a code or to show the QR again before it is confirmed."""
    return None if person.totp_secret is None else open_text(settings, SECOND, person.totp_secret)


def recovery_hash(settings: Settings, person: Person, code: str) -> str:
    """What is kept of a recovery code: its 40 bits could be guessed from a hash without a key."""
    return keyed_hash(settings, SECOND, "recovery code", person.id, code)


def take_code(settings: Settings, person: Person, code: str, *, now: datetime) -> bool:
    """Whether a TOTP or recovery code is good; each counts once (RFC 6238 section 5.2)."""
    cleaned = code.replace(" ", "").replace("-", "").lower()
    plain = totp_plain(settings, person)
    if plain is not None and CODE.fullmatch(cleaned):
        step = int(now.timestamp()) // 30
        for candidate in (step, step - 1, step + 1):
            good = hmac.compare_digest(pyotp.TOTP(plain).at(candidate * 30), cleaned)
            if good and candidate > person.totp_last_step:
                person.totp_last_step = candidate
                return True
        return False
    digest = recovery_hash(settings, person, cleaned)
    if digest in person.recovery_hashes:
        person.recovery_hashes = [each for each in person.recovery_hashes if each != digest]
        return True
    return False


def new_recovery_codes(settings: Settings, person: Person) -> list[str]:
    """Eight codes to print; each signs in once when the telephone is lost."""
    codes = [secrets.token_hex(5) for _ in range(RECOVERY_CODES)]
    person.recovery_hashes = [recovery_hash(settings, person, code) for code in codes]
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def ask_recovery(session: Session, settings: Settings, login: str, *, now: datetime) -> str | None:
    """Mail a one-time link to set a new password; says nothing about whether the name exists."""
    person = find_person(session, login)
    if person is None or not person.email or person.disabled_at is not None:
        return None
    token = secrets.token_urlsafe(32)
    session.add(
        RecoveryToken(
            token_sha256=hash_token(token),
            person_id=person.id,
            created_at=now,
            expires_at=now + RECOVERY_LINK,
        )
    )
    text = N_("A new password was asked for. If it was not you, ignore this message.")
    # The link goes by mail alone: in the inbox, whoever found a browser left open could use it.
    mail = messages.mail_link(settings, person.email, text, f"/recover/{token}")
    outbox.enqueue(session, "email.send", mail, now=now)
    messages.tell(session, person.id, text, now=now)
    return token


def recover(session: Session, token: str, password_hash: str, *, now: datetime) -> Person:
    """Set a new password by a link; every session of the person ends."""
    found = session.get(RecoveryToken, hash_token(token))
    if found is None or found.used_at is not None or found.expires_at <= now:
        raise invalid(
            "recovery.expired", N_("This link was used or has expired. Ask for a new one.")
        )
    found.used_at = now
    person = session.get_one(Person, found.person_id)
    change_password(session, person, password_hash, now=now)
    return person


def change_password(
    session: Session, person: Person, password_hash: str, *, now: datetime, keep: str | None = None
) -> None:
    """Set a new password and revoke all sessions but one."""
    person.password_hash = password_hash
    person.failed_attempts, person.locked_until = 0, None
    end_sessions_of(session, person, now=now, keep=keep)


def end_sessions_of(
    session: Session, person: Person, *, now: datetime, keep: str | None = None
) -> None:
    """Revoke all sessions of a person but one."""
    session.execute(
        update(LoginSession)
        .where(
            LoginSession.person_id == person.id,
            LoginSession.revoked_at.is_(None),
            LoginSession.id != (keep or ""),
        )
        .values(revoked_at=now)
    )
