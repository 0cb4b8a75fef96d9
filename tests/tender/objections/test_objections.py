"""Objections and complaints: who may, until when, what they pause, and what a decision undoes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from tender.core.messages import InboxMessage
from tender.objections.models import Complaint, Objection, ObjectionStatus
from tender.procedure.models import Tender, TenderStatus
from tender.publication.models import Notice, NoticeKind
from tests.evaluation import county as make

NAMES = ("甲一", "乙二", "丙三", "丁四")
CANDIDATES = {"stage": "candidates", "facts": "第一候选人不具备资格", "request": "请重新评审"}
DOCUMENTS = {"stage": "documents", "facts": "资质要求排斥潜在投标人", "request": "请修改文件"}


def _published(place: make.County) -> Tender:
    tender = make.lease(place)
    make.bid(place, tender, {name: 120_000 + n for n, name in enumerate(NAMES)})
    make.open_all(place, tender)
    agent = place.client(place.world.agent)
    make.ok(agent.post(f"/work/{tender.id}/evaluation/run"))
    make.ok(agent.post(f"/work/{tender.id}/evaluation/candidates"))
    return tender


def _object(place: make.County, tender: Tender, who: str, form: dict[str, str]) -> int:
    client = place.client(place.bidders[who].actor)
    status: int = client.post(f"/tenders/{tender.number}/objections", data=form).status_code
    return status


def _only(place: make.County) -> Objection:
    found = place.read(lambda session: session.scalars(select(Objection)).one())
    assert isinstance(found, Objection)
    return found


def _award(place: make.County, tender: Tender) -> int:
    answer = place.client(place.world.agent).post(f"/work/{tender.id}/evaluation/award")
    status: int = answer.status_code
    return status


def _answer(place: make.County, result: str) -> None:
    form = {"result": result, "answer": "经核实，答复如下。"}
    url = f"/objections/{_only(place).id}/answer"
    make.ok(place.client(place.world.agent).post(url, data=form))


def test_an_objection_to_the_candidates_pauses_the_award_and_the_standstill_runs_on_after_it(
    place: make.County,
) -> None:
    tender = _published(place)
    end = place.tender(tender.id).standstill_until
    assert end is not None
    place.world.clock.advance(days=1)
    assert _object(place, tender, "甲一", CANDIDATES) == 303
    assert _object(place, tender, "甲一", CANDIDATES) == 409
    place.world.clock.moment = end + timedelta(hours=1)
    assert _award(place, tender) == 409
    _answer(place, "rejected")
    found = place.tender(tender.id)
    assert found.paused_at is None
    assert found.standstill_until is not None
    paused = end + timedelta(hours=1) - (make.START + timedelta(days=26, minutes=1))
    assert found.standstill_until >= end + paused
    assert (found.standstill_until + timedelta(hours=8)).time().isoformat() == "00:00:00"
    assert _award(place, tender) == 409
    place.world.clock.moment = found.standstill_until
    assert _award(place, tender) == 303


def test_an_upheld_objection_brings_the_tender_back_to_the_evaluation(place: make.County) -> None:
    tender = _published(place)
    place.world.clock.advance(hours=2)
    assert _object(place, tender, "甲一", CANDIDATES) == 303
    _answer(place, "upheld")
    found = place.tender(tender.id)
    assert (found.status, found.standstill_until) == (TenderStatus.EVALUATED, None)
    agent, base = place.client(place.world.agent), f"/work/{tender.id}/evaluation"
    form = {
        "bid": make.bid_ids(place, tender)["丁四"],
        "ground": "unqualified",
        "reason": "经复核不具备资格",
    }
    make.ok(agent.post(f"{base}/reject", data=form))
    make.ok(agent.post(f"{base}/run"))
    make.ok(agent.post(f"{base}/candidates"))
    notices = place.read(
        lambda session: session.scalars(
            select(Notice).where(Notice.kind == NoticeKind.CANDIDATES).order_by(Notice.ledger_seq)
        ).all()
    )
    assert len(notices) == 2
    assert "1. 丁四" in str(notices[0].blocks)
    assert "1. 丙三" in str(notices[1].blocks)


def test_the_candidates_can_be_objected_to_only_while_published_and_only_by_bidders(
    place: make.County,
) -> None:
    tender = _published(place)
    make.new_bidder(place, "局外人")
    assert _object(place, tender, "局外人", CANDIDATES) == 403
    end = place.tender(tender.id).standstill_until
    assert end is not None
    place.world.clock.moment = end
    assert _object(place, tender, "甲一", CANDIDATES) == 409
    place.world.clock.moment = end - timedelta(seconds=1)
    assert _object(place, tender, "甲一", CANDIDATES) == 303


def test_an_objection_to_works_documents_comes_ten_days_before_the_deadline_and_pauses(
    place: make.County,
) -> None:
    tender = make.works_tender(place)
    make.new_bidder(place, "甲一")
    make.new_bidder(place, "乙二")
    assert _object(place, tender, "甲一", DOCUMENTS) == 303
    assert place.tender(tender.id).paused_at is not None
    assert tender.deadline is not None
    place.world.clock.moment = tender.deadline - timedelta(days=9)
    assert _object(place, tender, "乙二", DOCUMENTS) == 409
    objection = _only(place)
    due = objection.answer_due - objection.filed_at
    assert timedelta(days=3) <= due <= timedelta(days=6)


def test_before_the_deadline_nobody_learns_who_objects(place: make.County) -> None:
    tender = make.works_tender(place)
    make.new_bidder(place, "甲一公司")
    assert _object(place, tender, "甲一公司", DOCUMENTS) == 303
    url = f"/tenders/{tender.number}/objections"
    for who in (None, place.clerk, place.world.agent, place.supervisor, place.auditor):
        assert "甲一公司" not in place.client(who).get(url).get_data(as_text=True)
    public = place.client(None).get(url).get_data(as_text=True)
    assert DOCUMENTS["facts"] not in public
    assert DOCUMENTS["facts"] in place.client(place.clerk).get(url).get_data(as_text=True)
    _answer(place, "rejected")
    assert DOCUMENTS["facts"] in place.client(None).get(url).get_data(as_text=True)
    assert "甲一公司" not in str(
        place.read(
            lambda session: session.scalars(
                select(Notice.blocks).where(Notice.kind == NoticeKind.OBJECTION)
            ).all()
        )
    )


def test_staff_get_a_dated_task_that_the_answer_settles(place: make.County) -> None:
    tender = _published(place)
    assert _object(place, tender, "甲一", CANDIDATES) == 303
    objection = _only(place)

    def task() -> InboxMessage:
        found = place.read(
            lambda session: session.scalars(
                select(InboxMessage).where(
                    InboxMessage.subject == objection.id,
                    InboxMessage.person_id == place.world.agent.person_id,
                )
            ).one()
        )
        assert isinstance(found, InboxMessage)
        return found

    assert (task().due_at, task().done_at) == (objection.answer_due, None)
    _answer(place, "rejected")
    assert task().done_at is not None


def test_a_withdrawn_objection_lets_the_tender_go_on(place: make.County) -> None:
    tender = _published(place)
    assert _object(place, tender, "甲一", CANDIDATES) == 303
    url = f"/objections/{_only(place).id}/withdraw"
    assert place.client(place.bidders["乙二"].actor).post(url).status_code == 403
    make.ok(place.client(place.bidders["甲一"].actor).post(url))
    assert _only(place).status is ObjectionStatus.WITHDRAWN
    assert place.tender(tender.id).paused_at is None


def test_a_complaint_follows_the_answer_suspends_and_is_decided_by_supervision(
    place: make.County,
) -> None:
    tender = _published(place)
    assert _object(place, tender, "甲一", CANDIDATES) == 303
    bidder, url = (
        place.client(place.bidders["甲一"].actor),
        f"/objections/{_only(place).id}/complaint",
    )
    form = {"facts": "答复与事实不符", "request": "请依法处理"}
    assert bidder.post(url, data=form).status_code == 409
    _answer(place, "rejected")
    make.ok(bidder.post(url, data=form))
    complaint = place.read(lambda session: session.scalars(select(Complaint)).one())
    supervisor = place.client(place.supervisor)
    clerk = place.client(place.clerk)
    assert clerk.post(f"/complaints/{complaint.id}/suspend").status_code == 403
    make.ok(supervisor.post(f"/complaints/{complaint.id}/suspend"))
    place.world.clock.advance(days=8)
    assert _award(place, tender) == 409
    decision = {"result": "rejected", "decision": "投诉缺乏事实依据，驳回。"}
    make.ok(supervisor.post(f"/complaints/{complaint.id}/decide", data=decision))
    found = place.tender(tender.id)
    assert found.paused_at is None
    assert found.standstill_until is not None
    place.world.clock.moment = max(place.world.clock.now(), found.standstill_until)
    assert _award(place, tender) == 303
