"""Registration, one's own account and inbox, and the county's approvals."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from tender.accounts import credentials, enrolment, registration, sessions
from tender.accounts.authority import centre
from tender.accounts.models import (
    ExpertProfile,
    LoginSession,
    Organisation,
    OrganisationKind,
)
from tender.accounts.specialities import SPECIALITIES
from tender.core import messages
from tender.core.actor import Role
from tender.core.errors import DomainError, invalid
from tender.core.i18n import N_, gettext
from tender.core.messages import InboxMessage
from tender.core.reads import Read
from tender.core.web import (
    actor,
    afterwards,
    db,
    limiter,
    now,
    page,
    platform,
    public,
    session_token,
    signed_in,
)
from tender.core.web_json import json_object
from tender.core.web_reads import reading

blueprint = Blueprint("accounts", __name__)
CLERKS = (Role.COUNTY_CLERK, Role.ADMINISTRATOR)


@blueprint.get("/register")
@public
def choose() -> ResponseReturnValue:
    """What one can register as."""
    return page("accounts/register.html")


def _new_person() -> registration.NewPerson:
    form = request.form
    password = form.get("password", "")
    credentials.check_strength(password, form.get("login", "") or "\0")
    return registration.NewPerson(
        login=form.get("login", ""),
        name=form.get("person", ""),
        phone=form.get("phone", ""),
        email=form.get("email", ""),
        password_hash=credentials.hash_password(password),
    )


def _new_bidder() -> registration.NewBidder:
    form = request.form
    kind = OrganisationKind.PERSON if form.get("kind") == "person" else OrganisationKind.COMPANY
    name = form.get("name", "") or (
        form.get("person", "") if kind is OrganisationKind.PERSON else ""
    )
    return registration.NewBidder(
        kind=kind,
        name=name,
        code=form.get("code", ""),
        legal_head=form.get("legal_head", ""),
        address=form.get("address", ""),
        agent=form.get("agent", ""),
    )


@blueprint.get("/register/bidder")
@public
def bidder_form() -> ResponseReturnValue:
    """The form for bidders: one page, company or natural person."""
    return page("accounts/register_bidder.html", form=request.args, error=None)


@blueprint.post("/register/bidder")
@public
@limiter.limit("10/hour")
def register_bidder() -> ResponseReturnValue:
    """Register a bidder and sign its first person in."""
    try:
        person = _new_person()
        organisation = registration.register_bidder(db(), person, _new_bidder(), now=now())
    except DomainError as error:
        return page("accounts/register_bidder.html", 422, form=request.form, error=error)
    flash(
        gettext(N_("%(name)s is registered and waits for approval."), name=organisation.name), "ok"
    )
    return redirect(url_for("login.form", next="/account"), 303)


@blueprint.get("/register/expert")
@public
def expert_form() -> ResponseReturnValue:
    """The form for experts."""
    return page(
        "accounts/register_expert.html", form=request.args, error=None, specialities=SPECIALITIES
    )


@blueprint.post("/register/expert")
@public
@limiter.limit("10/hour")
def register_expert() -> ResponseReturnValue:
    """Register an expert."""
    form = request.form
    try:
        years = form.get("years", "")
        if not years.isascii() or not years.isdigit() or len(years) > 3:
            raise invalid("expert.years", N_("The years are a number."), {"years": N_("A number.")})
        expert = registration.NewExpert(
            speciality=form.get("speciality", ""),
            title=form.get("title", ""),
            years=int(years),
            region=form.get("region", ""),
            employer=form.get("employer", ""),
            employer_code=form.get("employer_code", ""),
        )
        registration.register_expert(db(), _new_person(), expert, now=now())
    except DomainError as error:
        return page(
            "accounts/register_expert.html", 422, form=form, error=error, specialities=SPECIALITIES
        )
    flash(gettext(N_("You are registered and wait for approval.")), "ok")
    return redirect(url_for("login.form", next="/account"), 303)


@blueprint.get("/account")
@signed_in()
def account() -> ResponseReturnValue:
    """One's own data, roles, sessions and keys."""
    who = actor()
    open_sessions = select(LoginSession).where(
        LoginSession.person_id == who.person_id,
        LoginSession.revoked_at.is_(None),
        LoginSession.expires_at > now(),
    )
    mine = sessions.find_session(db(), session_token(), now())
    return page(
        "accounts/account.html",
        organisation=db().get_one(Organisation, who.organisation_id),
        memberships=sessions.memberships_of(db(), who.person_id),
        sessions=list(db().scalars(open_sessions.order_by(LoginSession.created_at.desc()))),
        mine=mine.id if mine else None,
        keys=enrolment.keys_of(db(), who) if who.role is Role.BIDDER else [],
        profile=db().get(ExpertProfile, who.person_id),
    )


@blueprint.post("/account/registration")
@signed_in(Role.BIDDER)
def correct() -> ResponseReturnValue:
    """Correct one's own registration."""
    registration.correct_registration(db(), actor(), _new_bidder(), now=now())
    flash(gettext(N_("Your registration is corrected and waits for approval.")), "ok")
    return redirect("/account", 303)


@blueprint.post("/account/sessions/<session_id>")
@signed_in()
def end_session(session_id: str) -> ResponseReturnValue:
    """End one of one's own sessions."""
    sessions.end_session(db(), session_id, actor().person_id, now=now())
    return redirect("/account", 303)


@blueprint.post("/api/keys")
@signed_in(Role.BIDDER)
def enrol() -> ResponseReturnValue:
    """Certify a browser's key."""
    statement = json_object()
    authority = centre(platform().settings)
    key = enrolment.enrol_key(db(), actor(), statement, authority, now=now())
    return jsonify(
        {"certificate": key.certificate, "certificate_sha256": key.certificate_sha256}
    ), 201


@blueprint.post("/account/keys/<key_id>/revoke")
@signed_in(Role.BIDDER)
def revoke_key(key_id: str) -> ResponseReturnValue:
    """Revoke one of one's own keys."""
    enrolment.revoke_key(db(), actor(), key_id, centre(platform().settings), now=now())
    flash(gettext(N_("The key is revoked.")), "ok")
    return redirect("/account", 303)


@blueprint.get("/inbox")
@signed_in()
def inbox() -> ResponseReturnValue:
    """Dated tasks first, then messages."""
    found = messages.inbox(db(), actor().person_id)
    unread = [each.id for each in found if each.read_at is None]
    moment = now()
    if unread:

        def mark(session: Any) -> None:
            for each in unread:
                session.get_one(InboxMessage, each).read_at = moment

        afterwards(mark)
    return page("accounts/inbox.html", messages=found)


@blueprint.get("/registrations")
@signed_in(*CLERKS)
def registrations() -> ResponseReturnValue:
    """Registrations that wait for the county; the look at them is logged."""
    bidders, experts = registration.pending(db(), actor())
    reading(Read.REGISTRATION, [each.id for each in bidders])
    reading(Read.POOL, [each.person_id for each in experts])
    return page(
        "accounts/registrations.html", bidders=bidders, experts=experts, specialities=SPECIALITIES
    )


@blueprint.post("/registrations/bidders/<organisation_id>")
@signed_in(*CLERKS)
def decide_bidder(organisation_id: str) -> ResponseReturnValue:
    """Approve a bidder or return the registration."""
    registration.decide_bidder(
        db(), actor(), organisation_id, good=request.form.get("decision") == "approve",
        remark=request.form.get("remark", ""), now=now(),
    )  # fmt: skip
    return redirect(url_for("accounts.registrations"), 303)


@blueprint.post("/registrations/experts/<person_id>")
@signed_in(*CLERKS)
def decide_expert(person_id: str) -> ResponseReturnValue:
    """Approve an expert or return the registration."""
    registration.decide_expert(
        db(), actor(), person_id, good=request.form.get("decision") == "approve",
        remark=request.form.get("remark", ""), now=now(),
    )  # fmt: skip
    return redirect(url_for("accounts.registrations"), 303)
