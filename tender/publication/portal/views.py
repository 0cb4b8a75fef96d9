"""The public pages: front page, list, notice, attachments, signed documents."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from urllib.parse import urlencode

import segno
from flask import Blueprint, Response, request, send_file, url_for
from flask.typing import ResponseReturnValue

from tender.core.files import blob_path
from tender.core.shanghai import SHANGHAI
from tender.core.web import actor_or_none, db, now, page, platform, public
from tender.publication import search
from tender.publication.portal import portal, tables
from tender.publication.portal.downloads import attachment, readable_document
from tender.publication.portal.notice_page import public_tender, tender_page

blueprint = Blueprint("portal", __name__)


def _end_of_day(moment: datetime) -> datetime:
    day = moment.astimezone(SHANGHAI).date() + timedelta(days=1)
    return datetime.combine(day, time(), SHANGHAI)


def _qr(address: str) -> str:
    code = segno.make(address, error="m", micro=False)
    return str(code.svg_data_uri(scale=4, border=2, light="#fff"))


def _onward(path: str, wanted: portal.Filter, found: portal.Found) -> str:
    if found.after is None:
        return ""
    return f"{path}?{urlencode(wanted.arguments() | {'after': found.after})}"


def _address(number: str) -> str:
    return f"{platform().settings.public_url}/tenders/{number}"


@blueprint.get("/")
@public
def front() -> ResponseReturnValue:
    """What closes today, what is new, what was decided."""
    shown = portal.front(db(), now=now(), end_of_day=_end_of_day(now()))
    return page("publication/front.html", shown=shown, choices=portal)


@blueprint.get("/tenders")
@public
def tenders() -> ResponseReturnValue:
    """The list with its filter; the filter is the address."""
    wanted = portal.read_filter(request.args)
    found = portal.find(db(), wanted, now=now(), after=request.args.get("after", ""))
    onward = _onward(url_for(".tenders"), wanted, found)
    return page(
        "publication/tenders.html",
        wanted=wanted,
        found=found,
        onward=onward,
        first="after" not in request.args,
        townships=search.facets(db(), "township"),
        choices=portal,
    )


@blueprint.get("/tenders.csv")
@public
def tenders_csv() -> ResponseReturnValue:
    """The list as a table for spreadsheets, at most 1,000 rows; `Link` names the next part."""
    wanted = portal.read_filter(request.args)
    found = portal.find(
        db(), wanted, now=now(), after=request.args.get("after", ""), limit=tables.ROWS
    )
    answer = Response(tables.tender_table(found.rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=tenders.csv"
    onward = _onward(url_for(".tenders_csv"), wanted, found)
    if onward:
        answer.headers["Link"] = f'<{onward}>; rel="next"'
    return answer


@blueprint.get("/tenders/<number>")
@public
def tender(number: str) -> ResponseReturnValue:
    """A tender: facts, lots, timeline, custody, questions, notices, documents."""
    shown = tender_page(db(), number, now=now())
    return page("publication/tender.html", shown=shown, qr=_qr(_address(number)), portal=portal)


@blueprint.get("/tenders/<number>/sheet")
@public
def sheet(number: str) -> ResponseReturnValue:
    """The sheet for the village board: A4, black and white, with a QR code."""
    shown = tender_page(db(), number, now=now())
    return page(
        "publication/sheet.html", shown=shown, qr=_qr(_address(number)), address=_address(number)
    )


@blueprint.get("/tenders/<number>/attachments/<sha256>")
@public
def download(number: str, sha256: str) -> ResponseReturnValue:
    """An attachment of the tender documents; nobody is asked who downloads it (TBL art. 22)."""
    found = attachment(db(), public_tender(db(), number), sha256)
    path = blob_path(platform().settings.store, found.sha256)
    return send_file(
        path, found.media_type, as_attachment=True, download_name=found.name, etag=found.sha256
    )


@blueprint.get("/documents/<name>.pdf")
@public
def document(name: str) -> ResponseReturnValue:
    """A signed document; letters only for their recipient and for staff who may read them."""
    found = readable_document(db(), actor_or_none(), name)
    sha256 = found.sha256 or ""
    path = blob_path(platform().settings.store, sha256)
    answer = send_file(path, "application/pdf", download_name=f"{name}.pdf", etag=sha256)
    if not found.public:
        answer.headers["Cache-Control"] = "no-store"
    return answer
