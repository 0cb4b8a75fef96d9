"""The administrator's pages of the law's table and the calendar."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from tender.core.actor import Role
from tender.core.errors import DomainError
from tender.core.i18n import N_, gettext
from tender.core.web import actor, db, now, page, refuse, signed_in
from tender.procedure.law.kinds import Kind, kind_row
from tender.procedure.law.law import law
from tender.procedure.local_law import holidays, overriding, permitting
from tender.procedure.timeline.calendar import day_of

blueprint = Blueprint("law", __name__)
READERS = (Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR)
UNITS = {
    "days": N_("days"),
    "wd": N_("working days"),
    "minutes": N_("minutes"),
    "years": N_("years"),
    "fen": N_("fen (100 fen are one yuan)"),
    "permille": N_("per mille"),
    "fraction": N_("of the whole (for example 2/3)"),
    "count": N_("in number"),
}


@blueprint.get("/administration/law")
@signed_in(*READERS)
def overview() -> ResponseReturnValue:
    """Every row of the law, of one kind of trade or all, with what the county changed."""
    kind = request.args.get("kind", "")
    day = day_of(now())
    rules = [
        rule
        for rule in law().rules
        if rule.in_force(day) and (not kind or any(scope == kind for scope, _ in rule.scopes))
    ]
    standing = {each.row.rule_id: each for each in overriding.history(db()) if _stands(each)}
    return page(
        "procedure/law.html", rules=rules, standing=standing, kind=kind,
        history=overriding.history(db()), kinds=[(each, kind_row(each).name) for each in Kind],
        years=holidays.years_shown(db(), now=now()),
    )  # fmt: skip


def _stands(shown: overriding.ShownOverride) -> bool:
    return shown.row.revoked_at is None


@blueprint.get("/administration/law/<rule_id>")
@signed_in(*READERS)
def rule(rule_id: str) -> ResponseReturnValue:
    """One row: what it says, what the county may change, and the form."""
    return _rule_page(rule_id)


def _rule_page(rule_id: str, error: DomainError | None = None) -> ResponseReturnValue:
    found = overriding.rule_by_id(rule_id)
    shown = overriding.history(db(), rule_id)
    return page(
        "procedure/law_rule.html", error.status if error else 200, rule=found, history=shown,
        standing=next((each for each in shown if _stands(each)), None), error=error,
        wrong=error.fields if error else {}, form=request.form, units=UNITS,
        choices=permitting.units(found), free=permitting.free(found),
        may_set_aside=permitting.may_set_aside(found), today=day_of(now()).isoformat(),
    )  # fmt: skip


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> ResponseReturnValue:
    """Faulty fields are shown on the page, with what was typed."""
    arguments = request.view_args or {}
    if request.method != "POST" or not error.fields:
        return refuse(error)
    db().rollback()
    if "year" in arguments:
        return _year_page(arguments["year"], error)
    return _rule_page(arguments["rule_id"], error)


@blueprint.post("/administration/law/<rule_id>")
@signed_in(Role.ADMINISTRATOR)
def override(rule_id: str) -> ResponseReturnValue:
    """Override a row, or set it aside."""
    form = request.form
    change = overriding.Change(
        rule_id=rule_id, set_aside=form.get("act") == "aside", number=form.get("number", ""),
        unit=form.get("unit", ""), effective_from=_day(form.get("effective_from", "")),
        reason=form.get("reason", ""),
    )  # fmt: skip
    overriding.override_rule(db(), actor(), change, now=now())
    flash(gettext(N_("The row is changed for tenders published from that day on.")), "ok")
    return redirect(url_for("law.rule", rule_id=rule_id), 303)


@blueprint.post("/administration/law/<rule_id>/revoke/<override_id>")
@signed_in(Role.ADMINISTRATOR)
def revoke(rule_id: str, override_id: str) -> ResponseReturnValue:
    """Revoke an override by a new act."""
    reason = request.form.get("revoke_reason", "")
    overriding.revoke_override(db(), actor(), override_id, reason, now=now())
    flash(gettext(N_("Revoked. Tenders published from now on follow the law's own value.")), "ok")
    return redirect(url_for("law.rule", rule_id=rule_id), 303)


@blueprint.get("/administration/calendar/<int:year>")
@signed_in(*READERS)
def year(year: int) -> ResponseReturnValue:
    """One year's days off and make-up days."""
    return _year_page(year)


def _year_page(year: int, error: DomainError | None = None) -> ResponseReturnValue:
    table = dict(holidays.years_shown(db(), now=now())).get(year)
    return page(
        "procedure/calendar.html", error.status if error else 200, year=year, table=table,
        as_text=holidays.days_as_text, history=holidays.entered(db(), year), error=error,
        wrong=error.fields if error else {}, form=request.form,
    )  # fmt: skip


@blueprint.post("/administration/calendar/<int:year>")
@signed_in(Role.ADMINISTRATOR)
def enter(year: int) -> ResponseReturnValue:
    """Enter a year."""
    form = request.form
    holidays.enter_year(
        db(), actor(), year=year, holidays=form.get("holidays", ""),
        make_up=form.get("make_up", ""), official=form.get("official") == "yes",
        source=form.get("source", ""), now=now(),
    )  # fmt: skip
    flash(gettext(N_("The year is entered. Dates are counted by it from now on.")), "ok")
    return redirect(url_for("law.year", year=year), 303)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
