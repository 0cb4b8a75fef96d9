"""Amending a published tender: what may change, when, by whom, and what each reader learns."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from keys.encoding import timestamp
from keys.entries import parse_entry
from tender.core.actor import Actor, Role
from tender.core.errors import DomainError
from tender.core.messages import InboxMessage
from tender.core.shanghai import SHANGHAI
from tender.ledger.models import LedgerEntry
from tender.procedure.amendment import amended, amending, leeway
from tender.procedure.amendment.amending import Proposal
from tender.procedure.facts import lots_of
from tender.procedure.law.kinds import Kind, Method
from tender.procedure.models import AmendmentStatus, Criterion, Tender, TenderDocument
from tender.procedure.publishing import clarifying, publishing
from tender.procedure.timeline.calendar import day_of
from tender.publication.models import IssuedDocument, Notice, NoticeKind, PublicAttachment
from tests.contracts.schemas import faults
from tests.evaluation import county as make

WHY = "原文件付款方式表述有误。"


def _save(place: make.County, tender: Tender, who: Actor | None = None, **changes: Any) -> None:
    proposal = Proposal(**{"reason": WHY, "texts": {"text-payment": "按月支付"}, **changes})
    now = place.world.clock.now()
    place.write(
        lambda session: amending.save_amendment(
            session, who or place.world.agent, tender.id, proposal, now=now
        )
    )


def _publish(
    place: make.County, tender: Tender, who: Actor | None = None, seen: datetime | None = None
) -> None:
    settings, now = place.world.platform.settings, place.world.clock.now()
    place.write(
        lambda session: amended.publish_amendment(
            session, who or place.clerk, settings, tender.id, seen, now=now
        )
    )


def _amend(
    place: make.County, tender: Tender, seen: datetime | None = None, **changes: Any
) -> None:
    _save(place, tender, **changes)
    now = place.world.clock.now()
    place.write(
        lambda session: amending.submit_amendment(session, place.world.agent, tender.id, now=now)
    )
    _publish(place, tender, seen=seen)


def _leeway(place: make.County, tender: Tender, wanted: datetime | None = None) -> leeway.Leeway:
    now = place.world.clock.now()
    found = place.read(
        lambda session: leeway.leeway(session.get_one(Tender, tender.id), wanted, now=now)
    )
    assert isinstance(found, leeway.Leeway)
    return found


def _refused(code: str, act: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        act()
    assert refusal.value.code == code


def test_a_works_tender_is_amended_in_one_act_and_every_reader_learns_of_it(
    place: make.County,
) -> None:
    tender = make.works_tender(place)
    texts = {
        "text-payment": "按月支付",
        "criterion-T1-guidance": "方案完整得满分，缺项每处扣 5 分",
        "criterion-T1-name": "施工组织方案",
        "contact-phone": "0570-2",
    }
    _amend(place, tender, texts=texts)
    found = place.tender(tender.id)
    assert found.facts["payment"] == "按月支付"
    assert found.facts["contact"] == {"name": "老王", "phone": "0570-2"}
    assert found.deadline == tender.deadline
    row = place.read(
        lambda s: s.scalars(
            select(Criterion).where(Criterion.tender_id == tender.id, Criterion.code == "T1")
        ).one()
    )
    assert (row.name, row.guidance[:4], int(row.maximum)) == ("施工组织方案", "方案完整", 40)
    notice = place.read(
        lambda s: s.scalars(select(Notice).where(Notice.kind == NoticeKind.AMENDMENT)).one()
    )
    assert notice.release["tag"] == ["tenderAmendment"]
    (change,) = notice.release["tender"]["amendments"]
    assert change["rationale"] == WHY
    assert change["releaseID"] == notice.release["id"] != change["amendsReleaseID"]
    assert faults("release-schema", notice.release) == []
    entry = place.read(
        lambda s: s.scalars(select(LedgerEntry).where(LedgerEntry.event == "tender.amended")).one()
    )
    fields = parse_entry(entry.line.encode()).fields
    assert fields["blocks_sha256"] == notice.blocks_sha256
    assert fields["amendment"] == 1
    paper = place.read(lambda s: s.get_one(IssuedDocument, notice.document_id))
    assert paper.public
    assert "更正" in paper.title
    public = place.client(None).get(f"/tenders/{tender.number}").get_data(as_text=True)
    assert "方案完整得满分" in public
    assert public.index('id="acts"') < public.index("招标公告</a>") < public.index("更正公告</a>")
    assert "更正" in place.client(None).get("/atom.xml").get_data(as_text=True)


def test_what_was_published_before_is_not_edited(place: make.County) -> None:
    tender = make.works_tender(place)
    query = select(Notice.blocks_sha256, Notice.release).where(Notice.kind == NoticeKind.TENDER)
    before = place.read(lambda s: s.execute(query).one())
    _amend(place, tender)
    assert place.read(lambda s: s.execute(query).one()) == before


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (Kind.CONSTRUCTION, Method.COMPREHENSIVE_SCORING),
        (Kind.PROCUREMENT, Method.COMPREHENSIVE_SCORING),
        (Kind.VILLAGE, Method.LOWEST_PRICE),
    ],
)
def test_fifteen_days_before_the_deadline_an_amendment_moves_it(
    place: make.County, kind: Kind, method: Method
) -> None:
    tender = make.works_tender(place, kind=kind, method=method)
    assert tender.deadline is not None
    place.world.clock.moment = tender.deadline - timedelta(days=15)
    assert _leeway(place, tender).deadline is None
    place.world.clock.advance(days=1)
    law = _leeway(place, tender)
    assert law.forced
    assert law.why
    assert law.deadline is not None
    assert day_of(law.deadline) >= day_of(place.world.clock.now()) + timedelta(days=15)
    local = law.deadline.astimezone(SHANGHAI)
    assert local.time() == tender.deadline.astimezone(SHANGHAI).time()
    _save(place, tender)
    now = place.world.clock.now()
    place.write(lambda s: amending.submit_amendment(s, place.world.agent, tender.id, now=now))
    _refused("amendment.moved", lambda: _publish(place, tender))
    assert place.tender(tender.id).facts.get("payment") is None
    _publish(place, tender, seen=law.deadline)
    assert place.tender(tender.id).deadline == law.deadline
    moved = place.read(
        lambda s: s.scalars(
            select(LedgerEntry).where(LedgerEntry.event == "opening.postponed")
        ).one()
    )
    assert parse_entry(moved.line.encode()).fields["deadline"] == timestamp(law.deadline)


def test_a_village_lease_has_no_such_term_and_keeps_its_deadline(place: make.County) -> None:
    tender = make.lease(place)
    assert tender.deadline is not None
    place.world.clock.moment = tender.deadline - timedelta(days=2)
    assert not _leeway(place, tender).forced
    _amend(place, tender, texts={"text-conditions": "承租人须保留堤坝"})
    assert place.tender(tender.id).deadline == tender.deadline
    later = tender.deadline + timedelta(days=5)
    _amend(place, tender, seen=later, texts={"text-payment": "每年一月"}, deadline=later)
    assert place.tender(tender.id).deadline == later
    numbers = place.read(lambda s: [each.number for each in amending.amendments_of(s, tender.id)])
    assert numbers == [1, 2]


def test_village_works_that_need_not_be_tendered_have_no_such_term(place: make.County) -> None:
    tender = make.works_tender(
        place, kind=Kind.VILLAGE, method=Method.LOWEST_PRICE, must_tender=False
    )
    assert not _leeway(place, tender).forced


FIXED = (
    "lot-1-price_basis", "price_basis", "lot-1-limit", "quantity", "term", "direction",
    "custodian_ids", "opening_id", "threshold", "minimum", "method", "bond",
)  # fmt: skip


@pytest.mark.parametrize("purchase", [True, False])
def test_what_bids_are_sealed_to_cannot_be_amended(place: make.County, purchase: bool) -> None:
    tender = make.works_tender(place) if purchase else make.lease(place)
    for block in FIXED:
        _refused("amendment.forbidden", partial(_save, place, tender, texts={block: "1"}))
    assert place.read(lambda s: amending.open_amendment(s, tender.id)) is None


def test_a_planted_forbidden_block_is_refused_at_publishing_too(place: make.County) -> None:
    tender = make.lease(place)
    _save(place, tender)

    def plant(session: Any) -> None:
        found = amending.open_amendment(session, tender.id)
        assert found is not None
        found.changes = {"direction": "PURCHASE"}
        found.status = AmendmentStatus.IN_REVIEW

    place.write(plant)
    _refused("amendment.forbidden", lambda: _publish(place, tender))
    assert place.tender(tender.id).direction is tender.direction


def test_an_amendment_needs_a_reason_a_change_and_a_later_deadline(place: make.County) -> None:
    tender = make.lease(place)
    assert tender.deadline is not None
    _refused("amendment.reason", lambda: _save(place, tender, reason=" "))
    _refused("amendment.unknown", lambda: _save(place, tender, texts={"text-weather": "晴"}))
    earlier = tender.deadline - timedelta(hours=1)
    _refused("amendment.earlier", lambda: _save(place, tender, deadline=earlier))
    _save(place, tender, texts={"text-payment": ""})
    now = place.world.clock.now()
    _refused(
        "amendment.empty",
        lambda: place.write(
            lambda s: amending.submit_amendment(s, place.world.agent, tender.id, now=now)
        ),
    )


def test_after_the_deadline_and_after_a_termination_nothing_is_amended(place: make.County) -> None:
    late, ended = make.lease(place), make.lease(place)
    now, settings = place.world.clock.now(), place.world.platform.settings
    place.write(
        lambda s: publishing.cancel(s, place.clerk, settings, ended.id, "项目取消", now=now)
    )
    _refused("tender.not_running", lambda: _save(place, ended))
    _save(place, late)
    place.write(lambda s: amending.submit_amendment(s, place.world.agent, late.id, now=now))
    assert late.deadline is not None
    place.world.clock.moment = late.deadline
    _refused("tender.not_running", lambda: _publish(place, late))
    _refused("tender.not_running", lambda: _save(place, late))


def test_who_wrote_an_amendment_does_not_publish_it(place: make.County) -> None:
    tender = make.lease(place)
    _save(place, tender)
    _refused("amendment.not_in_review", lambda: _publish(place, tender))
    _save(place, tender, who=place.clerk, texts={"text-payment": "按季支付"})
    now = place.world.clock.now()
    place.write(lambda s: amending.submit_amendment(s, place.clerk, tender.id, now=now))
    _refused("amendment.in_review", lambda: _save(place, tender))
    _refused("duties.separate", lambda: _publish(place, tender))
    _refused("duties.separate", lambda: _publish(place, tender, who=place.world.agent))
    bidder = make.new_bidder(place, "路过公司").actor
    _refused("forbidden", lambda: _publish(place, tender, who=bidder))
    place.write(lambda s: amending.return_amendment(s, place.clerk, tender.id, "写清", now=now))
    place.write(lambda s: amending.withdraw_amendment(s, place.clerk, tender.id, now=now))
    assert place.tender(tender.id).facts.get("payment") is None


def test_a_replaced_document_stays_downloadable_and_is_marked(place: make.County) -> None:
    tender = make.lease(place)
    agent, clerk = place.client(place.world.agent), place.client(place.clerk)
    base = f"/work/{tender.id}/amendment"

    def upload(content: bytes, replaces: str = "") -> int:
        data = {
            "file": (io.BytesIO(content), "合同.txt"), "replaces": replaces, "title": "合同样本",
            "kind": "contract",
        }  # fmt: skip
        status: int = agent.post(f"{base}/files", data=data).status_code
        return status

    def run(payment: str) -> None:
        make.ok(agent.post(f"{base}/submit"))
        shown = clerk.get(f"{base}/preview").get_data(as_text=True)
        assert payment in shown
        make.ok(clerk.post(f"{base}/publish", data={"seen": ""}))

    assert upload("甲".encode()) == 409
    make.ok(agent.post(base, data={"reason": WHY, "text-payment": "按年"}))
    assert upload("甲".encode()) == 303
    assert upload("甲".encode()) == 422
    run("按年")
    old = place.read(lambda s: s.scalars(select(TenderDocument)).one())
    make.ok(agent.post(base, data={"reason": WHY, "text-payment": "按季"}))
    assert upload("甲".encode(), old.id) == 422
    assert upload("乙".encode(), old.id) == 303
    assert upload("丙".encode(), old.id) == 409
    run("按季")
    first, second = place.read(
        lambda s: s.scalars(select(PublicAttachment).order_by(PublicAttachment.ledger_seq)).all()
    )
    assert first.superseded_by == second.sha256
    assert second.superseded_at is None
    for each in (first, second):
        address = f"/tenders/{tender.number}/attachments/{each.sha256}"
        with place.client(None).get(address) as answer:
            assert answer.status_code == 200
    public = place.client(None).get(f"/tenders/{tender.number}").get_data(as_text=True)
    assert public.count("被替换，不再有效") == 1


def test_who_asked_is_told_and_nobody_learns_who_that_was(place: make.County) -> None:
    tender = make.lease(place)
    asker, other = make.new_bidder(place, "提问公司").actor, make.new_bidder(place, "别家").actor
    now = place.world.clock.now()
    place.write(lambda s: clarifying.ask(s, asker, tender.id, "押金何时退还？", now=now))
    _amend(place, tender)
    told = place.read(lambda s: list(s.scalars(select(InboxMessage.person_id))))
    assert told == [asker.person_id]
    for who in (None, other, place.world.agent, place.supervisor):
        shown = place.client(who).get(f"/tenders/{tender.number}").get_data(as_text=True)
        assert "提问公司" not in shown


def test_a_bidder_who_has_sealed_is_told_on_its_own_page_alone(place: make.County) -> None:
    tender = make.lease(place)
    make.bid(place, tender, {"早标公司": 150_000})
    place.world.clock.advance(hours=1)
    early = place.bidders["早标公司"].actor
    assert "您可以替换投标文件" not in place.client(early).get("/bids").get_data(as_text=True)
    _amend(place, tender)
    place.world.clock.advance(hours=1)
    make.bid(place, tender, {"晚标公司": 160_000})
    late = place.bidders["晚标公司"].actor
    assert "您可以替换投标文件" in place.client(early).get("/bids").get_data(as_text=True)
    assert "您可以替换投标文件" not in place.client(late).get("/bids").get_data(as_text=True)
    assert place.read(lambda s: s.scalars(select(InboxMessage)).all()) == []


def test_the_opening_record_and_lots_are_untouched(place: make.County) -> None:
    tender = make.works_tender(place)
    before = place.read(lambda s: [(x.opening_id, x.limit_fen) for x in lots_of(s, tender.id)])
    _amend(place, tender)
    after = place.read(lambda s: [(x.opening_id, x.limit_fen) for x in lots_of(s, tender.id)])
    assert after == before


def test_the_pages_lead_through_an_amendment(place: make.County) -> None:
    tender = make.works_tender(place)
    agent, clerk = place.client(place.world.agent), place.client(place.clerk)
    base = f"/work/{tender.id}/amendment"
    assert "更正招标文件" in agent.get(f"/work/{tender.id}").get_data(as_text=True)
    form = agent.get(base).get_data(as_text=True)
    assert 'name="criterion-T1-guidance"' in form
    assert "lot-1" not in form
    wrong = agent.post(base, data={"reason": "", "text-payment": "按月"})
    assert wrong.status_code == 422
    assert "按月" in wrong.get_data(as_text=True)
    wrong = agent.post(base, data={"reason": WHY, "lot-1-price_basis": "per_year"})
    assert wrong.status_code == 422
    make.ok(agent.post(base, data={"reason": WHY, "text-payment": "按月"}))
    make.ok(agent.post(f"{base}/submit"))
    assert 'name="seen"' not in agent.get(f"{base}/preview").get_data(as_text=True)
    assert 'name="seen"' in clerk.get(f"{base}/preview").get_data(as_text=True)
    assert clerk.post(f"{base}/nonsense").status_code == 422
    make.ok(clerk.post(f"{base}/publish", data={"seen": ""}))
    for role in (place.supervisor, place.auditor, make.new_bidder(place, "某公司").actor):
        assert place.client(role).get(base).status_code == 403
    assert role.role is Role.BIDDER
