"""Screens after the opening: findings arrive, are read by the right people, and people decide."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evaluation.findings.feeds import INDICATORS
from evaluation.findings.screening import run_screens
from evaluation.models import (
    FindingDecided,
    FindingDecision,
    FindingRow,
    ScreenRun,
    ScreenStatus,
)
from evaluation.ticking import screen_opened
from tender.accounts.models import Organisation
from tender.core.messages import InboxMessage
from tender.core.reads import AccessRecord
from tender.procedure.models import Tender
from tender.publication.models import IssuedDocument
from tests.evaluation import county as make
from tests.evaluation.twins import ADDRESS, PHONE, THIRD, TWINS, opened_lease


@pytest.fixture
def tender(place: make.County) -> Tender:
    """Three opened bids, two of them with much in common."""
    return opened_lease(place)


def _screen(place: make.County) -> str:
    return make.screen(place)


def _findings(place: make.County) -> dict[str, FindingRow]:
    rows = place.read(lambda session: session.scalars(select(FindingRow)).all())
    return {row.code: row for row in rows}


def test_an_opened_tender_is_screened_once_and_a_repeated_job_adds_nothing(
    place: make.County, tender: Tender
) -> None:
    run_id = _screen(place)
    assert screen_opened(place.world.platform) == 0
    found = _findings(place)
    assert {code: row.strength for code, row in found.items()} == {"P2": "A", "H5": "C", "D1": "A"}
    twins = {place.bidders[name].organisation.id for name in TWINS}
    assert all(set(row.bidders) == twins for row in found.values())
    run_screens(place.world.platform, {"run": run_id})
    with place.world.platform.database.write() as session:
        run = session.get_one(ScreenRun, run_id)
        # A job whose lease ran out before its last write is done again.
        run.status = ScreenStatus.RUNNING
        run.progress = run.progress[:-1]
    count = place.read(lambda session: session.scalar(select(func.count()).select_from(FindingRow)))
    assert count == 3


def test_a_tender_that_takes_bids_is_not_screened(place: make.County) -> None:
    make.lease(place)
    assert screen_opened(place.world.platform) == 0


def test_supervision_reads_both_sides_and_the_look_is_kept(
    place: make.County, tender: Tender
) -> None:
    _screen(place)
    supervisor = place.client(place.supervisor)
    url = f"/findings/{tender.id}"
    assert all(name in supervisor.get(url).get_data(as_text=True) for name in TWINS)
    for code, shown in (("P2", PHONE), ("H5", ADDRESS), ("D1", "6222001")):
        page = supervisor.get(f"{url}/{_findings(place)[code].id}").get_data(as_text=True)
        assert page.count(f"<mark>{shown}</mark>") == 2, code
    progress = supervisor.get(f"{url}/progress").get_json()
    steps = progress.pop("steps")
    every = len(INDICATORS)
    assert progress == {"status": "done", "done": every, "of": every, "findings": 3}
    assert [step["code"] for step in steps] == [each.code for each in INDICATORS]
    assert not any(step.get("failed") for step in steps)
    read = place.read(
        lambda session: set(
            session.scalars(select(AccessRecord.subject).where(AccessRecord.kind == "finding"))
        )
    )
    assert read == {place.bidders[name].organisation.id for name in TWINS}


def test_findings_are_closed_to_staff_strangers_and_bidders_who_are_not_asked(
    place: make.County, tender: Tender
) -> None:
    _screen(place)
    url = f"/findings/{tender.id}"
    for who in (place.clerk, place.world.agent):
        assert place.client(who).get(url).status_code == 403
    assert place.client(None).get(url).status_code == 401
    assert place.client(place.bidders[TWINS[0]].actor).get(url).status_code == 404


def test_a_bidder_explains_what_it_was_asked_and_sees_nothing_of_the_other(
    place: make.County, tender: Tender
) -> None:
    _screen(place)
    finding = _findings(place)["P2"]
    supervisor, base = place.client(place.supervisor), f"/findings/{tender.id}"
    make.ok(supervisor.post(f"{base}/{finding.id}/ask"))
    bidder = place.client(place.bidders[TWINS[0]].actor)
    assert TWINS[1] not in bidder.get(base).get_data(as_text=True)
    text = bidder.get(f"{base}/{finding.id}").get_data(as_text=True)
    assert PHONE in text
    assert TWINS[1] not in text
    weak = _findings(place)["H5"]
    assert bidder.get(f"{base}/{weak.id}").status_code == 404
    make.ok(bidder.post(f"{base}/{finding.id}/explain", data={"text": "同一代办公司代填电话"}))
    other = place.client(place.bidders[THIRD].actor)
    assert other.post(f"{base}/{finding.id}/explain", data={"text": "路过"}).status_code == 404
    page = supervisor.get(f"{base}/{finding.id}").get_data(as_text=True)
    assert "同一代办公司代填电话" in page
    open_tasks = select(InboxMessage.person_id).where(
        InboxMessage.subject == finding.id, InboxMessage.done_at.is_(None)
    )
    left = place.read(lambda session: set(session.scalars(open_tasks)))
    assert left == {place.bidders[TWINS[1]].actor.person_id}


def test_a_decision_needs_a_reason_and_is_undone_by_a_new_one_only(
    place: make.County, tender: Tender
) -> None:
    _screen(place)
    finding = _findings(place)["P2"]
    supervisor, url = place.client(place.supervisor), f"/findings/{tender.id}/{finding.id}/decide"
    assert supervisor.post(url, data={"decision": "confirmed"}).status_code == 422
    form = {"decision": "referred", "reason": "移送公安机关"}
    make.ok(supervisor.post(url, data=form))
    assert supervisor.post(url, data=form).status_code == 409
    assert _findings(place)["P2"].decision is FindingDecision.REFERRED
    make.ok(supervisor.post(url, data={"decision": "rejected", "reason": "查明为同名"}))
    page = supervisor.get(url.removesuffix("/decide")).get_data(as_text=True)
    assert page.index("查明为同名") < page.index("移送公安机关")
    kept = place.read(lambda session: list(session.scalars(select(FindingDecided.decision))))
    assert sorted(kept) == [FindingDecision.REFERRED, FindingDecision.REJECTED]
    auditor = place.client(place.auditor)
    assert auditor.get(f"/findings/{tender.id}").status_code == 200
    assert auditor.post(url, data=form).status_code == 403


def test_the_panel_reads_strong_signs_but_no_statistics(place: make.County) -> None:
    make.add_experts(place, 6)
    tender = make.works_tender(place)

    for name in TWINS:
        make.new_bidder(place, name)

    def twins(session: Session) -> None:
        for name in TWINS:
            bidder = place.bidders[name]
            bidder.organisation = session.get_one(Organisation, bidder.organisation.id)
            bidder.organisation.contact, bidder.organisation.phone = "张三", PHONE
            bidder.actor = replace(bidder.actor, address=ADDRESS)

    place.write(twins)
    make.bid(place, tender, dict.fromkeys((*TWINS, THIRD), 300_000_000))
    make.open_all(place, tender)
    panel = make.draw_panel(place, tender)
    _screen(place)
    expert, url = place.client(panel[0]), f"/findings/{tender.id}"
    assert expert.get(f"{url}/progress").get_json()["findings"] == 1
    weak, strong = _findings(place)["H5"], _findings(place)["P2"]
    form = {"decision": "rejected", "reason": "电话为代办公司所留"}
    assert expert.post(f"{url}/{weak.id}/decide", data=form).status_code == 404
    make.ok(expert.post(f"{url}/{strong.id}/decide", data=form))
    outsider = next(who for who in place.experts if who not in panel)
    assert place.client(outsider).get(url).status_code == 404


@pytest.mark.parametrize("paper", [False, True])
def test_a_lots_other_bidders_are_shown_by_name_too(place: make.County, paper: bool) -> None:
    """Five prices in equal steps among eight: the others stand in the same table."""
    made = make.lease(place)
    prices = [200_000, 210_000, 213_700, 220_000, 226_100, 230_000, 240_000, 251_300]
    names = [f"{letter}商行" for letter in "甲乙丙丁戊己庚辛"]
    for name in names:
        make.new_bidder(place, name)
    make.bid(place, made, dict(zip(names, prices, strict=True)))
    make.open_all(place, made)
    _screen(place)
    row = _findings(place)["B4"]
    ids = {name: place.bidders[name].organisation.id for name in names}
    others = [name for name in names if ids[name] not in row.bidders]
    assert others
    url, desk = f"/findings/{made.id}/{row.id}", place.client(place.supervisor)
    text = desk.get(url).get_data(as_text=True)
    if paper:
        assert desk.post(f"{url}/paper").status_code == 303
        orders = place.read(lambda session: session.scalars(select(IssuedDocument.context)).all())
        text = json.dumps(orders[-1], ensure_ascii=False)
    for name in others:
        assert name in text
        assert ids[name] not in text
