"""Free alerts: an Atom feed of notices and calendars of deadlines (RFC 4287, RFC 5545)."""

from __future__ import annotations

from datetime import datetime, timedelta
from xml.etree import ElementTree

from icalendar import Alarm, Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.encoding import timestamp
from tender.core.i18n import N_, gettext
from tender.core.settings import Settings
from tender.publication.models import Notice, PublicTender
from tender.publication.portal.notice_page import NOTICE_NAMES, steps_of
from tender.publication.portal.portal import Filter, find

ATOM = "http://www.w3.org/2005/Atom"
ENTRIES = 50
EVENTS = 500


def atom(session: Session, settings: Settings) -> bytes:
    """The newest notices as an Atom feed."""
    query = (
        select(Notice, PublicTender)
        .join(PublicTender, PublicTender.id == Notice.tender_id)
        .order_by(Notice.ledger_seq.desc())
        .limit(ENTRIES)
    )
    found = [(notice, public) for notice, public in session.execute(query)]
    feed = ElementTree.Element(f"{{{ATOM}}}feed")
    _add(feed, "id", f"{settings.public_url}/atom.xml")
    _add(feed, "title", settings.site_name)
    _add(feed, "updated", timestamp(found[0][0].published_at) if found else "1970-01-01T00:00:00Z")
    _add(_add(feed, "author"), "name", settings.site_name)
    _add(feed, "link", rel="self", href=f"{settings.public_url}/atom.xml")
    for notice, public in found:
        address = f"{settings.public_url}/tenders/{public.number}#notice-{notice.ledger_seq}"
        entry = _add(feed, "entry")
        _add(entry, "id", f"urn:ocds:{public.ocid}:{notice.ledger_seq}")
        _add(entry, "title", notice.title)
        _add(entry, "updated", timestamp(notice.published_at))
        _add(entry, "link", rel="alternate", href=address)
        _add(entry, "category", term=notice.kind.value, label=gettext(NOTICE_NAMES[notice.kind]))
        _add(entry, "summary", f"{public.organisation} · {public.number}")
    ElementTree.register_namespace("", ATOM)
    return bytes(ElementTree.tostring(feed, "utf-8", xml_declaration=True))


def _add(
    parent: ElementTree.Element, name: str, text: str = "", **attributes: str
) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    child.text = text or None
    return child


def deadlines(session: Session, settings: Settings, wanted: Filter, *, now: datetime) -> bytes:
    """A calendar of all deadlines to come that fit a filter."""
    wanted = Filter(**{**vars(wanted), "order": "closing"})
    calendar = _calendar(settings.site_name)
    for public in find(session, wanted, now=now, limit=EVENTS).rows:
        name = gettext(N_("Deadline for bids: %(title)s"), title=public.title)
        _event(calendar, settings, public, "deadline", name, public.closes_at, now)
    return bytes(calendar.to_ical())


def tender_calendar(settings: Settings, public: PublicTender, *, now: datetime) -> bytes:
    """A calendar of one tender's legal dates to come, with the deadline's reminder."""
    calendar = _calendar(public.title)
    for at, step in enumerate(steps_of(public, now)):
        if step.at > now:
            name = f"{step.name}: {public.title}"
            _event(calendar, settings, public, str(at), name, step.at, now, step.why)
    return bytes(calendar.to_ical())


def _calendar(name: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//county tender//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    return calendar


def _event(
    calendar: Calendar,
    settings: Settings,
    public: PublicTender,
    key: str,
    name: str,
    at: datetime,
    now: datetime,
    why: str = "",
) -> None:
    event = Event()
    event.add("uid", f"{public.id}-{key}@{settings.platform}")
    event.add("dtstamp", now)
    event.add("dtstart", at)
    event.add("duration", timedelta(0))
    event.add("summary", name)
    event.add("url", f"{settings.public_url}/tenders/{public.number}")
    event.add("description", "\n".join(each for each in (public.organisation, why) if each))
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", name)
    alarm.add("trigger", timedelta(days=-1))
    event.add_component(alarm)
    calendar.add_component(event)
