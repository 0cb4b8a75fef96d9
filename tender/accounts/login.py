"""Signing in and out, the second factor, recovery, and switching roles."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, Response, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from tender.accounts import credentials, sessions
from tender.accounts.models import LoginSession, Person
from tender.core.actor import STAFF
from tender.core.errors import DomainError, invalid
from tender.core.i18n import N_, gettext
from tender.core.web import (
    actor,
    cookie_name,
    db,
    limiter,
    now,
    page,
    platform,
    public,
    session_token,
    signed_in,
)

blueprint = Blueprint("login", __name__)


def _safe(target: str | None) -> str:
    """A path on this site to go on to; anything else becomes the front page."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")):
        return target
    return "/"


def _with_cookie(token: str, target: str) -> Response:
    answer = make_response(redirect(target, 303))
    answer.set_cookie(
        cookie_name(), token, httponly=True, samesite="Lax",
        secure=request.is_secure or platform().settings.https,
        max_age=int(sessions.LIFETIME.total_seconds()),
    )  # fmt: skip
    return answer


def _staff(person_id: str) -> bool:
    return any(each.role in STAFF for each in sessions.memberships_of(db(), person_id))


def _half_signed_in() -> LoginSession:
    """The session that still lacks its second factor."""
    with platform().database.read() as session:
        found = sessions.find_session(session, session_token(), now())
        if found is None:
            raise invalid("login.again", N_("Please sign in again."))
        return found


@blueprint.get("/login")
@public
def form() -> ResponseReturnValue:
    """The sign-in form."""
    return page("accounts/login.html", next=_safe(request.args.get("next")), error=None, login="")


@blueprint.post("/login")
@public
@limiter.limit("20/minute")
def sign_in() -> ResponseReturnValue:
    """Check name and password; staff go on to the second factor."""
    login, password = request.form.get("login", ""), request.form.get("password", "")
    target = _safe(request.form.get("next"))
    with platform().database.read() as session:
        person = credentials.find_person(session, login)
        good = credentials.password_fits(person, password) and not credentials.resting(
            person, now()
        )
    if person is None or not good:
        _count_wrong(person)
        return page("accounts/login.html", 422, next=target, error=credentials.wrong(), login=login)
    kept = db().get_one(Person, person.id)
    second = _staff(kept.id) or kept.totp_confirmed
    if kept.failed_attempts and not second:
        credentials.note_try(db(), kept, good=True, now=now())
    token = sessions.start_session(
        db(), kept, second_factor=False, address=request.remote_addr,
        agent=request.headers.get("User-Agent"), now=now(),
    )  # fmt: skip
    return _with_cookie(token, url_for("login.second", next=target) if second else target)


def _count_wrong(person: Person | None) -> None:
    """Count a wrong try in a transaction of its own: the answer's is rolled back.

    The caller has not asked for `db()` yet, which holds the same lock.
    """
    if person is None or credentials.resting(person, now()):
        return
    with platform().database.write() as session:
        kept = session.get_one(Person, person.id)
        credentials.note_try(session, kept, good=False, now=now())


@blueprint.get("/login/second")
@public
def second() -> ResponseReturnValue:
    """Ask for the one-time code, or set the second factor up at the first time."""
    found = _half_signed_in()
    target = _safe(request.args.get("next"))
    if not found.person.totp_confirmed:
        return redirect(url_for("login.set_up", next=target), 303)
    return page("accounts/second.html", next=target, error=None)


@blueprint.post("/login/second")
@public
@limiter.limit("10/minute")
def check_second() -> ResponseReturnValue:
    """Check the one-time code; each code counts once, and wrong ones rest the account."""
    code, target = request.form.get("code", ""), _safe(request.form.get("next"))
    person = _half_signed_in().person
    # A first look on a copy that is thrown away: a wrong code must not hold the write lock.
    good = credentials.take_code(platform().settings, person, code, now=now())
    if credentials.resting(person, now()) or not good:
        error = invalid("login.code", N_("The code is wrong or was used. Wait for the next one."))
        if credentials.resting(person, now()):
            error = credentials.wrong()
        _count_wrong(person)
        return page("accounts/second.html", 422, next=target, error=error)
    found = db().get_one(LoginSession, _half_signed_in().id)
    if not credentials.take_code(platform().settings, found.person, code, now=now()):
        raise invalid("login.code", N_("The code is wrong or was used. Wait for the next one."))
    credentials.note_try(db(), found.person, good=True, now=now())
    found.second_factor = True
    return redirect(target, 303)


@blueprint.get("/login/set-up")
@public
def set_up() -> ResponseReturnValue:
    """Show the QR of a fresh secret to a person who has none yet."""
    found = _half_signed_in()
    if found.person.totp_confirmed:
        return redirect(url_for("login.second"), 303)
    with platform().database.write() as session:
        person = session.get_one(Person, found.person_id)
        plain = credentials.totp_plain(platform().settings, person)
        if plain is None:
            plain = credentials.new_totp(platform().settings, person)
    return page("accounts/set_up.html", **_secret(person, plain), error=None)


def _secret(person: Person, plain: str) -> dict[str, Any]:
    uri = credentials.totp_uri(platform().settings, person, plain)
    return {"uri": segno.make(uri, error="m").svg_data_uri(scale=5), "plain": plain}


@blueprint.post("/login/set-up")
@public
@limiter.limit("10/minute")
def confirm_set_up() -> ResponseReturnValue:
    """Confirm the second factor by its first code; recovery codes are shown once."""
    found = db().get_one(LoginSession, _half_signed_in().id)
    person = found.person
    if person.totp_confirmed:
        raise invalid("login.again", N_("Please sign in again."))
    if not credentials.take_code(
        platform().settings, person, request.form.get("code", ""), now=now()
    ):
        plain = credentials.totp_plain(platform().settings, person) or ""
        error = invalid("login.code", N_("The code is wrong or was used. Wait for the next one."))
        return page("accounts/set_up.html", 422, **_secret(person, plain), error=error)
    person.totp_confirmed = True
    found.second_factor = True
    codes = credentials.new_recovery_codes(platform().settings, person)
    return page("accounts/recovery_codes.html", codes=codes)


@blueprint.post("/logout")
@public
def sign_out() -> ResponseReturnValue:
    """End this session."""
    found = sessions.find_session(db(), session_token(), now())
    if found is not None:
        found.revoked_at = now()
    answer = make_response(redirect("/", 303))
    answer.delete_cookie(cookie_name(), secure=platform().settings.https)
    return answer


@blueprint.post("/role")
@signed_in()
def switch() -> ResponseReturnValue:
    """Act in another of one's roles."""
    wanted = request.form.get("membership", "")
    sessions.switch_role(db(), session_token(), wanted, now=now())
    return redirect(_safe(request.form.get("next")), 303)


@blueprint.get("/recover")
@public
def recovery() -> ResponseReturnValue:
    """Ask for a link to set a new password."""
    return page("accounts/recover.html", sent=False)


@blueprint.post("/recover")
@public
@limiter.limit("5/minute")
def ask_recovery() -> ResponseReturnValue:
    """Send the link; the answer does not tell whether the name exists."""
    login = request.form.get("login", "")
    credentials.ask_recovery(db(), platform().settings, login, now=now())
    return page("accounts/recover.html", sent=True)


@blueprint.get("/recover/<token>")
@public
def new_password(token: str) -> ResponseReturnValue:
    """The form for a new password."""
    return page("accounts/new_password.html", token=token, error=None)


@blueprint.post("/recover/<token>")
@public
@limiter.limit("5/minute")
def set_new_password(token: str) -> ResponseReturnValue:
    """Set the new password."""
    password = request.form.get("password", "")
    try:
        credentials.check_strength(password, "\0")
        hashed = credentials.hash_password(password)
        credentials.recover(db(), token, hashed, now=now())
    except DomainError as error:
        return page("accounts/new_password.html", 422, token=token, error=error)
    flash(gettext(N_("The new password is set. Sign in with it.")), "ok")
    return redirect(url_for("login.form"), 303)


@blueprint.post("/account/password")
@signed_in()
@limiter.limit("5/minute")
def change_password() -> ResponseReturnValue:
    """Change one's own password; all other sessions end."""
    old, new = request.form.get("old", ""), request.form.get("password", "")
    with platform().database.read() as session:
        person = session.get_one(Person, actor().person_id)
        if not credentials.password_fits(person, old):
            raise invalid(
                "password.wrong", N_("The present password is wrong."), {"old": N_("Wrong.")}
            )
    credentials.check_strength(new, person.login)
    hashed = credentials.hash_password(new)
    mine = sessions.find_session(db(), session_token(), now())
    kept = db().get_one(Person, actor().person_id)
    credentials.change_password(db(), kept, hashed, now=now(), keep=mine.id if mine else None)
    flash(gettext(N_("Your password is changed; all other sessions have ended.")), "ok")
    return redirect("/account", 303)
