"""OCDS packages: the feed of releases, and the record of one tender.

The feed joins the stored texts of releases without reading them, so a page of a hundred costs
little more than sending it, and page nine thousand as much as the first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from keys.encoding import MAX_INTEGER, timestamp
from tender.core.settings import Settings
from tender.publication.models import Notice, PublicTender
from tender.publication.ocds import EXTENSIONS

PAGE = 100
MAX_PAGE = 500
LICENSE = "https://creativecommons.org/licenses/by/4.0/"


@dataclass(frozen=True)
class Feed:
    """One page of the feed as JSON text, and where the next one starts."""

    body: str
    after: int | None


def _head(settings: Settings, path: str, published: str) -> dict[str, Any]:
    return {
        "uri": f"{settings.public_url}{path}",
        "version": "1.1",
        "extensions": list(EXTENSIONS),
        "publishedDate": published,
        "publisher": {"name": settings.site_name, "uri": settings.public_url},
        "license": LICENSE,
    }


def releases(session: Session, settings: Settings, *, after: int, limit: int) -> Feed:
    """Releases in the order of the ledger, those with an entry beyond `after`.

    A reader keeps the last `links.next` and comes back with it: nothing is missed or doubled.
    """
    limit = max(1, min(limit, MAX_PAGE))
    after = max(-1, min(after, MAX_INTEGER))
    query = (
        select(Notice.ledger_seq, Notice.published_at, cast(Notice.release, String))
        .where(Notice.ledger_seq > after)
        .order_by(Notice.ledger_seq)
        .limit(limit)
    )
    rows = session.execute(query).all()
    last = rows[-1][0] if rows else after
    path = f"/api/ocds/releases.json?after={after}&limit={limit}"
    published = timestamp(rows[-1][1]) if rows else "1970-01-01T00:00:00Z"
    head = _head(settings, path, published)
    onward = f"{settings.public_url}/api/ocds/releases.json?after={last}&limit={limit}"
    head["links"] = {"next": onward}
    opened = json.dumps(head)[:-1]
    body = f'{opened}, "releases": [{",".join(row[2] for row in rows)}]}}'
    return Feed(body, last if len(rows) == limit else None)


def record(
    session: Session, settings: Settings, public: PublicTender, *, now: datetime
) -> dict[str, Any]:
    """The record package of a tender: all its releases, and what they say together."""
    query = select(Notice.release).where(Notice.tender_id == public.id).order_by(Notice.ledger_seq)
    found = list(session.scalars(query))
    path = f"/api/ocds/record/{public.number}.json"
    return {
        **_head(settings, path, timestamp(now)),
        "records": [
            {"ocid": public.ocid, "releases": found, "compiledRelease": compiled(found)},
        ],
    }


def compiled(releases: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The state after all releases, by the standard's rules of merging.

    Objects are merged field by field, lists of objects with ids entry by entry, everything else
    is replaced by the later release; null takes a field away.
    """
    whole: dict[str, Any] = {}
    for release in releases:
        _merge(whole, release)
    whole["tag"] = ["compiled"]
    return whole


def _merge(whole: dict[str, Any], part: Mapping[str, Any]) -> None:
    for name, value in part.items():
        if value is None:
            whole.pop(name, None)
        elif isinstance(value, Mapping):
            kept = whole.get(name)
            target: dict[str, Any] = kept if isinstance(kept, dict) else {}
            _merge(target, value)
            whole[name] = target
        elif _identified(value):
            whole[name] = _merge_list(whole.get(name), value)
        else:
            whole[name] = value


def _identified(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, Mapping) and "id" in each for each in value)
    )


def _merge_list(before: Any, after: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    kept: dict[Any, dict[str, Any]] = {}
    for each in [*(before if _identified(before) else []), *after]:
        _merge(kept.setdefault(each["id"], {}), each)
    return list(kept.values())
