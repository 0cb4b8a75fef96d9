"""Open data and alerts: OCDS, Atom, iCal."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from tender.core.web import db, now, page, platform, public
from tender.publication.portal import feeds, packages
from tender.publication.portal.notice_page import public_tender
from tender.publication.portal.portal import read_filter

blueprint = Blueprint("feeds", __name__)


@blueprint.get("/open-data")
@public
def open_data() -> ResponseReturnValue:
    """What there is to download, and under which terms."""
    return page("publication/open_data.html", url=platform().settings.public_url)


@blueprint.get("/api/ocds/releases.json")
@public
def releases() -> ResponseReturnValue:
    """The feed of releases; `after` is the last ledger entry that the reader has."""
    after = request.args.get("after", -1, type=int)
    limit = request.args.get("limit", packages.PAGE, type=int)
    feed = packages.releases(db(), platform().settings, after=after, limit=limit)
    return Response(feed.body, mimetype="application/json")


@blueprint.get("/api/ocds/record/<number>.json")
@public
def record(number: str) -> ResponseReturnValue:
    """The record of one tender."""
    found = public_tender(db(), number)
    return jsonify(packages.record(db(), platform().settings, found, now=now()))


@blueprint.get("/atom.xml")
@public
def atom() -> ResponseReturnValue:
    """The newest notices."""
    return Response(feeds.atom(db(), platform().settings), mimetype="application/atom+xml")


@blueprint.get("/tenders.ics")
@public
def deadlines() -> ResponseReturnValue:
    """Deadlines to come; takes the same filter as the list."""
    wanted = read_filter(request.args)
    body = feeds.deadlines(db(), platform().settings, wanted, now=now())
    return Response(body, mimetype="text/calendar")


@blueprint.get("/tenders/<number>/calendar.ics")
@public
def tender_calendar(number: str) -> ResponseReturnValue:
    """One tender's legal dates to come."""
    found = public_tender(db(), number)
    body = feeds.tender_calendar(platform().settings, found, now=now())
    return Response(body, mimetype="text/calendar")
