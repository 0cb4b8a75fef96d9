"""Tendering failed and terminated lots again: the draft, the links both ways, the alternatives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from keys.entries import parse_entry
from tender.core.actor import Actor
from tender.core.errors import DomainError
from tender.core.files import StoredFile
from tender.ledger.models import LedgerEntry
from tender.procedure.custody import opening_records
from tender.procedure.drafting import drafting
from tender.procedure.drafting.drafts import read_draft
from tender.procedure.facts import lots_of
from tender.procedure.law.kinds import Direction, Kind, Method
from tender.procedure.models import (
    Criterion,
    Lot,
    OpeningRecordRow,
    Tender,
    TenderDocument,
    TenderStatus,
)
from tender.procedure.publishing import publishing, retendering
from tender.publication.models import Notice, NoticeKind
from tests.contracts.schemas import codelists, faults
from tests.evaluation import county as make

FACTS = {
    "contact": {"name": "老王", "phone": "0570-1"},
    "decision": "村民代表会议决议",
    "payment": "每年一月支付",
}


def _failed(place: make.County, **changes: Any) -> Tender:
    """A lease that ends because too few bids came in."""
    tender = make.lease(place, **changes)

    def add(session: Any) -> None:
        found = session.get_one(Tender, tender.id)
        found.facts = FACTS
        file = StoredFile(
            name="合同.txt", media_type="text/plain", size=1, sha256="0" * 64,
            created_at=make.START, created_by="x",
        )  # fmt: skip
        session.add(file)
        session.flush()
        session.add_all(
            TenderDocument(
                tender_id=tender.id, file_id=file.id, title=title, kind="contract",
                added_at=make.START, superseded_at=gone,
            )
            for title, gone in (("合同", None), ("旧合同", make.START))
        )  # fmt: skip

    place.write(add)
    make.bid(place, tender, {"独家": 150_000})
    make.open_all(place, tender)
    assert place.tender(tender.id).status is TenderStatus.FAILED
    return tender


def _again(place: make.County, tender: Tender, lots: tuple[str, ...] = ()) -> Tender:
    now = place.world.clock.now()
    made = place.write(
        lambda s: retendering.retender(s, place.world.agent, tender.id, lots, now=now)
    )
    assert isinstance(made, Tender)
    return made


def _publish(place: make.County, tender: Tender) -> None:
    """Bring a draft to its notice: deadline, review, custodians, publishing."""
    settings, now = place.world.platform.settings, place.world.clock.now()

    def act(session: Any, who: Actor, service: Any, *more: Any) -> None:
        service(session, who, *more, tender.id, now=now)

    def date(session: Any) -> None:
        session.get_one(Tender, tender.id).deadline = now + timedelta(days=12)

    place.write(date)
    place.write(lambda s: act(s, place.world.agent, drafting.submit_for_review))
    place.write(lambda s: act(s, place.clerk, drafting.approve, settings))

    def accept(session: Any) -> None:
        for lot in lots_of(session, tender.id):
            row = session.get_one(OpeningRecordRow, lot.opening_id)
            record = opening_records.record_of(session, row.opening_id)
            for keeper in place.world.keepers:
                opening_records.accept(session, keeper.accept(record), now=now)

    place.write(accept)
    place.write(lambda s: act(s, place.clerk, publishing.publish_tender, settings))


def test_one_press_makes_a_draft_with_the_old_facts_and_new_dates(place: make.County) -> None:
    old = _failed(place)
    new = _again(place, old)
    before, after = place.read(
        lambda s: [read_draft(s, s.get_one(Tender, each.id)) for each in (old, new)]
    )
    assert (after.facts, after.lots, after.custodian_ids) == (
        before.facts, before.lots, before.custodian_ids,
    )  # fmt: skip
    assert after.deadline is None
    assert after.title == f"{before.title}（第2次）"
    found = place.tender(new.id)
    assert (found.status, found.epoch, found.previous_id) == (TenderStatus.DRAFT, 2, old.id)
    titles = place.read(
        lambda s: s.scalars(
            select(TenderDocument.title).where(TenderDocument.tender_id == new.id)
        ).all()
    )
    assert titles == ["合同"]


def test_what_is_going_on_or_taken_up_is_not_tendered_again(place: make.County) -> None:
    ended = _failed(place)
    running = make.lease(place)
    for number in (running.id, ended.id):
        refused = place.client(place.supervisor).post(f"/work/{number}/retender")
        assert refused.status_code == 403
    with pytest.raises(DomainError, match=r"retender\.none|failed"):
        _again(place, running)
    with pytest.raises(DomainError):
        _again(place, ended, ("7",))
    draft = _again(place, ended)
    with pytest.raises(DomainError):
        _again(place, ended)
    now = place.world.clock.now()
    place.write(lambda s: drafting.delete_draft(s, place.world.agent, draft.id, now=now))
    assert _again(place, ended).id != draft.id


def test_a_terminated_tender_and_a_purchase_are_tendered_again_with_their_criteria(
    place: make.County,
) -> None:
    tender = make.works_tender(place)
    settings, now = place.world.platform.settings, place.world.clock.now()
    place.write(lambda s: publishing.cancel(s, place.clerk, settings, tender.id, "变更", now=now))
    new = _again(place, tender)
    codes = place.read(
        lambda s: s.scalars(
            select(Criterion.code).where(Criterion.tender_id == new.id).order_by(Criterion.position)
        ).all()
    )
    assert codes == ["Q1", "T1", "T2", "P1"]
    assert place.tender(new.id).direction is Direction.PURCHASE


def test_a_single_failed_lot_is_tendered_again_alone(place: make.County) -> None:
    tender = make.lease(place, lots=2)
    make.bid(place, tender, {"甲一": 150_000, "乙二": 160_000, "丙三": 170_000})
    make.bid(place, tender, {"甲一": 150_000}, lot="2")
    make.open_all(place, tender)
    assert place.tender(tender.id).status is TenderStatus.OPENED
    with pytest.raises(DomainError):
        _again(place, tender, ("1",))
    new = _again(place, tender, ("2",))
    names = place.read(lambda s: s.scalars(select(Lot.name).where(Lot.tender_id == new.id)).all())
    assert names == ["2号标段"]


def test_publishing_links_both_ways_in_pages_open_data_and_ledger(place: make.County) -> None:
    old = _failed(place)
    new = _again(place, old)
    assert new.number not in place.client(None).get(f"/tenders/{old.number}").get_data(as_text=True)
    _publish(place, new)
    shown = place.client(None).get(f"/tenders/{old.number}").get_data(as_text=True)
    assert f'href="/tenders/{new.number}"' in shown
    shown = place.client(None).get(f"/tenders/{new.number}").get_data(as_text=True)
    assert f'href="/tenders/{old.number}"' in shown
    assert "第2次招标" in shown

    def notices(session: Any) -> list[Notice]:
        query = select(Notice).order_by(Notice.ledger_seq.desc()).limit(2)
        return list(session.scalars(query))

    back, forward = place.read(notices)
    assert (back.kind, back.tender_id) == (NoticeKind.RETENDER, old.id)
    for notice, word, other in (
        (back, "replacementProcess", new), (forward, "unsuccessfulProcess", old),
    ):  # fmt: skip
        (process,) = notice.release["relatedProcesses"]
        assert process["relationship"] == [word]
        assert word in codelists()["relatedProcess"]
        assert process["identifier"].endswith(other.number)
        assert faults("release-schema", notice.release) == []
    entry = place.read(
        lambda s: s.scalars(
            select(LedgerEntry).where(LedgerEntry.event == "tender.retendered")
        ).one()
    )
    assert parse_entry(entry.line.encode()).fields["next"] == new.number


def test_the_press_and_the_law_stand_on_the_ended_tenders_page(place: make.County) -> None:
    old = _failed(place)
    agent = place.client(place.world.agent)
    page = agent.get(f"/work/{old.id}").get_data(as_text=True)
    assert f"/work/{old.id}/retender" in page
    assert "如再次失败" in page
    answer = make.ok(agent.post(f"/work/{old.id}/retender", data={"lots": "1"}))
    place_of_draft = answer.headers["location"]
    assert agent.get(place_of_draft).status_code == 200

    def second(session: Any) -> None:
        session.get_one(Tender, old.id).epoch = 2

    place.write(second)
    assert "本次为第2次招标" in agent.get(f"/work/{old.id}").get_data(as_text=True)


KINDS = (
    (Kind.CONSTRUCTION, Direction.PURCHASE, Method.COMPREHENSIVE_SCORING),
    (Kind.PROCUREMENT, Direction.PURCHASE, Method.COMPREHENSIVE_SCORING),
    (Kind.LAND, Direction.DISPOSAL, Method.SEALED_HIGHEST_PRICE),
    (Kind.PROPERTY, Direction.DISPOSAL, Method.SEALED_HIGHEST_PRICE),
    (Kind.VILLAGE, Direction.DISPOSAL, Method.SEALED_HIGHEST_PRICE),
    (Kind.VILLAGE, Direction.PURCHASE, Method.LOWEST_PRICE),
)


def test_every_kind_has_its_alternatives_with_an_article_and_the_mark(place: make.County) -> None:
    made = [
        make.works_tender(place, kind=kind, direction=direction, method=method)
        for kind, direction, method in KINDS
    ]

    def read(session: Any) -> None:
        for each in made:
            tender = session.get_one(Tender, each.id)
            (rule,) = retendering.alternatives(tender, now=make.START)
            assert rule.articles
            assert rule.to_check

    place.read(read)
