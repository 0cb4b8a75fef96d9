"""Which tender follows which: an ended one and the one that takes its lots up again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.procedure.models import Tender
from tender.publication.models import PublicTender


def previous_of(session: Session, tender: Tender) -> Tender | None:
    """The tender whose lots this one takes up again, if it was published."""
    found = session.get(Tender, tender.previous_id) if tender.previous_id else None
    return found if found is not None and found.published_at is not None else None


def next_of(session: Session, tender: Tender) -> list[Tender]:
    """The published tenders that take lots of this one up again, oldest first."""
    query = select(Tender).where(Tender.previous_id == tender.id, Tender.published_at.is_not(None))
    return list(session.scalars(query.order_by(Tender.published_at)))


def lineage_facts(session: Session, tender: Tender) -> dict[str, Any]:
    """The links both ways as the public page keeps them."""
    previous = previous_of(session, tender)
    return {
        "epoch": tender.epoch,
        "previous": _named(previous) if previous is not None else None,
        "next": [_named(each) for each in next_of(session, tender)],
    }


def _named(tender: Tender) -> dict[str, str]:
    return {"number": tender.number, "title": tender.title}


def related_process(
    session: Session, tender: Tender, relationship: str, base: str
) -> dict[str, Any] | None:
    """A published tender as an OCDS related process; None if it is not public.

    `relationship` is of the standard's codelist: `unsuccessfulProcess` points back,
    `replacementProcess` forward. `base` is the address under which tenders lie.
    """
    public = session.get(PublicTender, tender.id)
    if public is None:
        return None
    return {
        "id": public.number,
        "relationship": [relationship],
        "title": public.title,
        "scheme": "ocid",
        "identifier": public.ocid,
        "uri": f"{base}/{public.number}",
    }
