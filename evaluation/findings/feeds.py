"""The table of indicators (筛查指标表): one row each, with what it is fed and how it is run.

`gather` reads plain values from the database and ends its session; `run` works on them outside
every transaction, heavy work in a process of its own. So a further screen plugs in as one row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy.orm import Session

from evaluation.compare.extracted import Extracted
from evaluation.compare.extraction import blind_words
from evaluation.findings.inputs import people, registered
from evaluation.findings.inputs.contract_ties import handed_on, ties_fed
from evaluation.findings.inputs.exhibits import Exhibit, Row, Seen, plain, seen_from
from evaluation.findings.inputs.history import (
    market_before,
    network_rows,
    opened_lots,
    price_table,
    seq_of,
)
from evaluation.findings.inputs.known import known_shared
from evaluation.findings.inputs.limited import Child, Unfinished
from evaluation.findings.inputs.lot_files import LotFiles, files_of
from evaluation.findings.inputs.networked import LEAST_TENDERS, Taken, keep_taken, taken_so_far
from evaluation.findings.inputs.pictures import with_pictures
from evaluation.findings.inputs.reading import HeldFile, folder, kept, kept_path, read_files
from evaluation.findings.inputs.statements import partner_pairs, unread_statements
from evaluation.screens.finding import Evidence, Finding, Strength
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.opening.results import judged_bids
from tender.procedure.models import Lot, Tender

UNREAD = "U"
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Work:
    """Where a screen runs: the installation's settings, its limited child, its slice's end.

    `attempt` names the time that the screening is done: files that were too much for the reader in
    an earlier one are tried again.
    """

    settings: Settings
    child: Child
    until: float | None = None
    attempt: str = ""


@dataclass(frozen=True)
class Indicator:
    """One screen of the platform's: code for the progress list, name, what it takes, what it does.

    `run` may raise `Unfinished` (its limits were reached) or `Later` (its slice is over).
    """

    code: str
    name: str
    gather: Callable[[Session, Settings, Lot], Any]
    run: Callable[[Any, Work], list[Seen]]


@dataclass(frozen=True)
class LotMaterial:
    """Files of a lot; what names its bidders is there for the screen that asks for it."""

    files: LotFiles
    identities: people.Marks
    published: str | None
    unread: list[tuple[str, str, str]]  # bid statements: whose, name, why
    partners: frozenset[frozenset[str]]


def _material(session: Session, settings: Settings, lot: Lot) -> LotMaterial:
    bids = judged_bids(session, lot.id)
    tender = session.get_one(Tender, lot.tender_id)
    return LotMaterial(
        files=files_of(session, lot, bids),
        identities={},
        published=tender.published_at.isoformat() if tender.published_at else None,
        unread=unread_statements(settings, bids),
        partners=partner_pairs(settings, bids),
    )


def _mixed_material(session: Session, settings: Settings, lot: Lot) -> LotMaterial:
    """The files with what names their bidders and is not everybody's."""
    bidders = registered.bidders_of(session, judged_bids(session, lot.id))
    named = people.identities_of(bidders, known_shared(settings).contacts)
    return replace(_material(session, settings, lot), identities=named)


def _reading(material: LotMaterial, work: Work) -> list[Seen]:
    """Read every file once; those that could not be read, or not whole, are findings."""
    _read(material, work, writing=False)
    failed = list(material.unread)
    for file in material.files.bids:
        content = kept(work.settings, file.sha256) or {}
        whys = content.get("extracted", {}).get("remarks", ())
        if "unread" in content:
            whys = [content["unread"]]
        failed += [(file.owner, file.name, why) for why in whys]
    return _unread(failed)


def _writing(material: LotMaterial, work: Work) -> list[Seen]:
    """Read what pictures show: stamps, and pages that were scanned, of which people are told.

    A page takes a second or two, a lot hours: what needs none of it is screened before.
    """
    _read(material, work, writing=True)
    told: list[tuple[str, str, str]] = []
    for file in material.files.bids:
        content = kept(work.settings, file.sha256) or {}
        if "extracted" not in content:
            continue
        extracted = Extracted.from_json(content["extracted"])
        # A picture that is a file of its own has no pages, and nobody expects text in it.
        blind = [blind_words(extracted)] * bool(extracted.blind_pages and extracted.page_starts)
        told += [(file.owner, file.name, why) for why in (*blind, *extracted.missed)]
    return _unread(told)


def _read(material: LotMaterial, work: Work, *, writing: bool) -> None:
    files = material.files
    every = (*files.tender, *files.earlier, *files.bids)
    read_files(
        work.settings, work.child, every, until=work.until, attempt=work.attempt, writing=writing
    )
    _update_background(files, work)


def _unread(failed: list[tuple[str, str, str]]) -> list[Seen]:
    """A finding for each owner of (owner, file, why)."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for owner, name, why in failed:
        rows.setdefault(owner, []).append((name, why))
    return [_unread_of(owner, each) for owner, each in rows.items()]


def _unread_of(owner: str, rows: list[tuple[str, str]]) -> Seen:
    finding = Finding(
        UNREAD, Strength.C, (owner,), float(len(rows)),
        evidence=tuple(Evidence(owner, file=name) for name, _ in rows),
    )  # fmt: skip
    shown = tuple(Row((plain(name), plain(why))) for name, why in rows)
    columns = (N_("File"), N_("Why it could not be read"))
    return Seen(finding, (Exhibit(N_("Look at these files by hand"), columns, shown, False),))


def _background_name(file: HeldFile) -> str:
    return f"{file.owner}/{file.sha256}"


def _update_background(files: LotFiles, work: Work) -> None:
    """Bring the background index up to date with what was read of earlier bids."""
    settings = work.settings
    rows = [
        {
            "name": _background_name(file), "read": str(kept_path(settings, file.sha256)),
        }
        for file in files.earlier
    ]  # fmt: skip
    try:
        if rows:
            place = str(folder(settings) / "background")
            work.child.ask({"do": "index", "index": place, "files": rows})
    except Unfinished as why:
        # The comparison goes on with the background that there is, and says how much it was.
        log.warning("screens.background", why=str(why))


Holds = Callable[[dict[str, Any]], bool]


Screen = Callable[[LotMaterial, Work], list[Seen]]


def _on_files(do: str, holds: Holds, *, writing: bool = False, **more: Any) -> Screen:
    """A screen over the kept readings of a lot's files, in a process of its own.

    `holds` tells whether a reading has what the screen compares; it takes two bidders to compare.
    `writing` is for a screen of text, also of text in pictures. `more` is told to it as it is.
    """

    def run(material: LotMaterial, work: Work) -> list[Seen]:
        files, settings = material.files, work.settings
        every = (*files.tender, *files.bids)
        read_files(settings, work.child, every, until=work.until, writing=writing)
        readings = ((file.owner, kept(settings, file.sha256) or {}) for file in files.bids)
        if len({owner for owner, reading in readings if holds(reading)}) < 2:
            return []
        ground = {
            "tender": [str(kept_path(settings, file.sha256)) for file in files.tender],
            "index": str(folder(settings) / "background"),
            "names": sorted({_background_name(file) for file in files.earlier}),
        }
        request = {
            "do": do, "documents": _rows(settings, files.bids), "ground": ground,
            "tender": _rows(settings, files.tender), "identities": material.identities,
            "published": material.published,
            "venue": list(known_shared(settings).venue) if do == "makers" else [],
        } | more  # fmt: skip
        return [seen_from(each) for each in work.child.ask(request)]

    return run


def _pictured(screen: Screen) -> Screen:
    """The screen with a small copy to look at of each picture that it names."""

    def run(material: LotMaterial, work: Work) -> list[Seen]:
        places = {(file.owner, file.name): file.sha256 for file in material.files.bids}
        return with_pictures(
            work.settings, work.child, screen(material, work), places,
            until=work.until, attempt=work.attempt,
        )  # fmt: skip

    return run


def _without_partners(screen: Screen) -> Screen:
    """The screen without pairs of which one states the other as its partner, and so names it."""

    def run(material: LotMaterial, work: Work) -> list[Seen]:
        found = screen(material, work)
        return [each for each in found if frozenset(each.finding.bidders) not in material.partners]

    return run


@dataclass(frozen=True)
class PeopleMaterial:
    """Whom the bids of a lot name in statements and files, without the tender's own people."""

    feed: registered.Feed
    files: LotMaterial
    own: list[str]


def _people(session: Session, settings: Settings, lot: Lot) -> PeopleMaterial:
    own = people.own_people(session, session.get_one(Tender, lot.tender_id))
    feed = people.without_own(registered.feed_of(session, settings, lot), own)
    return PeopleMaterial(feed, _material(session, settings, lot), own)


def _screen_people(material: PeopleMaterial, work: Work) -> list[Seen]:
    """P1: what the statements say is found even where the files are too much for the screen."""
    stated = registered.team(material.feed)
    known = people.stated_members(material.feed)
    ask = _on_files("people", _has_text, writing=True, own_people=material.own, stated=known)
    try:
        read = _without_partners(ask)(material.files, work)
    except Unfinished as why:
        raise Unfinished(str(why), people.as_one(material.feed, stated, ())) from why
    return people.as_one(material.feed, stated, read)


def _has_text(held: dict[str, Any]) -> bool:
    return "extracted" in held and not held.get("bill")


def _rows(settings: Settings, files: tuple[HeldFile, ...]) -> list[dict[str, str]]:
    return [
        {
            "bidder": file.owner, "file": file.name,
            "read": str(kept_path(settings, file.sha256)),
        }
        for file in files
    ]  # fmt: skip


def _totals(session: Session, settings: Settings, lot: Lot) -> dict[str, Any] | None:
    """The lot's prices and those of its market's past, None where there is nothing to compare."""
    tender, seq = session.get_one(Tender, lot.tender_id), seq_of(session, lot)
    here = [past for past in opened_lots(session, after=seq - 1, upto=seq) if past.lot.id == lot.id]
    past = market_before(session, lot, tender) if here else []
    # Spread needs a market to stand in, steps more than three bids.
    if not here or (len(past) < LEAST_TENDERS and len(here[0].bids) < 4):
        return None
    return {
        "do": "totals", "lot": price_table(here[0]), "past": past,
        "direction": tender.direction.value.lower(),
    }  # fmt: skip


def _screen_totals(request: dict[str, Any] | None, work: Work) -> list[Seen]:
    return [seen_from(each) for each in work.child.ask(request)] if request else []


@dataclass(frozen=True)
class NetworkMaterial:
    """Lots that the networks do not hold yet, and the bidders who are asked about."""

    lots: list[dict[str, Any]]
    bidders: list[str]
    upto: int


def _networks(session: Session, settings: Settings, lot: Lot) -> NetworkMaterial | None:
    """New lots and this lot's bidders; None while the past is too short to be a market."""
    taken, seq = taken_so_far(settings), seq_of(session, lot)
    new = opened_lots(session, after=taken.upto, upto=max(seq, taken.upto), names=taken.unsettled)
    if taken.upto < 0 and len(new) < LEAST_TENDERS:
        return None
    bidders = [bid.organisation_id for bid in judged_bids(session, lot.id) if bid.price_fen]
    return NetworkMaterial(network_rows(new), bidders, max(seq, taken.upto))


def _screen_networks(material: NetworkMaterial | None, work: Work) -> list[Seen]:
    if material is None:
        return []
    place = folder(work.settings) / "networks.duckdb"
    request = {
        "do": "networks", "file": str(place), "lots": material.lots, "bidders": material.bidders,
    }  # fmt: skip
    answer = work.child.ask(request, seconds=90.0)
    keep_taken(work.settings, Taken(material.upto, tuple(answer["unsettled"])))
    return [seen_from(each) for each in answer["findings"]]


def _light(screen: Callable[[registered.Feed], list[Seen]]) -> Callable[[Any, Work], list[Seen]]:
    return lambda feed, _work: screen(feed)


FEED = registered.feed_of
INDICATORS: tuple[Indicator, ...] = (
    Indicator("P2", N_("Agents, contacts, heads and control"), FEED, _light(registered.contacts)),
    Indicator("H5", N_("Upload addresses"), FEED, _light(registered.addresses)),
    Indicator("H1", N_("Upload computers"), FEED, _light(registered.computers)),
    Indicator("D1", N_("Payers of the bid bonds"), FEED, _light(registered.bonds)),
    Indicator(
        "N5", N_("Firms that work on the contract"), ties_fed, lambda feed, _work: handed_on(feed)
    ),
    Indicator("S", N_("Totals: spread, gaps and steps"), _totals, _screen_totals),
    Indicator("N", N_("Networks of past tenders"), _networks, _screen_networks),
    Indicator(UNREAD, N_("Reading the files"), _material, _reading),
    Indicator(
        "I1", N_("Pictures"), _material,
        _pictured(
            _on_files("pictures", lambda held: bool(held.get("extracted", {}).get("pictures")))
        ),
    ),
    Indicator(
        "M1", N_("Properties of the files"), _material,
        _on_files("properties", lambda held: "extracted" in held),
    ),
    Indicator(
        "B", N_("Unit prices of the bills"), _material,
        _on_files("prices in bills", lambda held: bool((held.get("bill") or {}).get("items"))),
    ),
    Indicator(
        "H3", N_("Computers that made the bills"), _material,
        _on_files("makers", lambda held: bool((held.get("bill") or {}).get("made"))),
    ),
    Indicator("W", N_("Scanned pages and stamps"), _material, _writing),
    Indicator("P1", N_("Project teams"), _people, _screen_people),
    Indicator(
        "T", N_("Copied text and shared errors"), _material,
        _on_files("text", _has_text, writing=True),
    ),
    Indicator(
        "X1", N_("Mixed documents"), _mixed_material,
        _pictured(
            _without_partners(_on_files("mixed", lambda held: "extracted" in held, writing=True))
        ),
    ),
)  # fmt: skip
