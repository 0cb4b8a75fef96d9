"""The administrator's pages."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from tender.accounts import administration, credentials
from tender.accounts.models import OrganisationKind
from tender.core.actor import STAFF, Role
from tender.core.errors import invalid
from tender.core.i18n import N_, gettext
from tender.core.reads import Read
from tender.core.web import actor, db, now, page, signed_in
from tender.core.web_reads import reading

blueprint = Blueprint("administration", __name__)


@blueprint.get("/administration")
@signed_in(Role.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """Staff, roles and organisations."""
    listed = administration.staff(db(), actor())
    reading(Read.STAFF, [each.person_id for each in listed])
    return page(
        "accounts/administration.html",
        staff=listed,
        organisations=administration.tree(db()),
        kinds=sorted(each.value for each in administration.TREE),
        roles=sorted(each.value for each in STAFF),
    )


@blueprint.post("/administration/people")
@signed_in(Role.ADMINISTRATOR)
def add_staff() -> ResponseReturnValue:
    """Make a staff account."""
    form = request.form
    if form.get("role") not in {each.value for each in STAFF}:
        raise invalid("role.unknown", N_("Choose a role."))
    credentials.check_strength(form.get("password", ""), form.get("login", "") or "\0")
    new = administration.NewStaff(
        login=form.get("login", ""),
        name=form.get("name", ""),
        role=Role(form["role"]),
        organisation_id=form.get("organisation", ""),
        password_hash=credentials.hash_password(form.get("password", "")),
        email=form.get("email", ""),
        phone=form.get("phone", ""),
    )
    administration.add_staff(db(), actor(), new, now=now())
    flash(gettext(N_("The account is made. Its owner sets up the second factor.")), "ok")
    return redirect(url_for("administration.overview"), 303)


@blueprint.post("/administration/organisations")
@signed_in(Role.ADMINISTRATOR)
def add_organisation() -> ResponseReturnValue:
    """Add an organisation."""
    form = request.form
    if form.get("kind") not in {each.value for each in OrganisationKind}:
        raise invalid("organisation.kind", N_("Choose a kind."))
    administration.add_organisation(
        db(), actor(), kind=OrganisationKind(form["kind"]), name=form.get("name", ""),
        parent_id=form.get("parent") or None, now=now(),
    )  # fmt: skip
    return redirect(url_for("administration.overview"), 303)


@blueprint.post("/administration/roles/<membership_id>/end")
@signed_in(Role.ADMINISTRATOR)
def end_role(membership_id: str) -> ResponseReturnValue:
    """Take a role away."""
    administration.end_role(db(), actor(), membership_id, now=now())
    return redirect(url_for("administration.overview"), 303)
