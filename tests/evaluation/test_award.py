"""From the sheets to the contract: ranking, standstill, one award a lot, exact money, letters."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from evaluation.models import Award, Contract, Evaluation, Rejection, ScoreChange
from evaluation.scoring.steps import read_step
from tender.core.actor import Actor
from tender.core.db import Base
from tender.ledger.models import LedgerEntry
from tender.procedure.law.kinds import Kind, Method
from tender.procedure.models import Lot, LotStatus, Tender, TenderStatus
from tender.publication.models import IssuedDocument, Notice, NoticeKind, PublicTender
from tender.publication.portal.notice_page import steps_of
from tests.evaluation import county as make

NAMES = ("甲一", "乙二", "丙三", "丁四", "戊五", "己六", "庚七")


def _base(tender: Tender) -> str:
    return f"/work/{tender.id}/evaluation"


def _count(place: make.County, model: type[Base]) -> int:
    found: int = place.read(lambda session: session.scalar(select(func.count()).select_from(model)))
    return found


def _lease(place: make.County, lots: int = 1) -> Tender:
    """A lease with four bids over and one under the reserve, opened; lot 2 with one bid only."""
    tender = make.lease(place, lots=lots)
    make.bid(place, tender, {name: 120_000 + n * 1_001 for n, name in enumerate(NAMES[:4])})
    make.bid(place, tender, {"壬九": 99_999})
    if lots > 1:
        make.bid(place, tender, {"甲一": 150_000}, lot="2")
    make.open_all(place, tender)
    return tender


def _to_candidates(place: make.County, tender: Tender) -> None:
    agent = place.client(place.world.agent)
    make.ok(agent.post(f"{_base(tender)}/run"))
    make.ok(agent.post(f"{_base(tender)}/candidates"))


def _after_standstill(place: make.County, tender: Tender) -> None:
    end = place.tender(tender.id).standstill_until
    assert end is not None
    place.world.clock.moment = end


def _works(place: make.County) -> tuple[Tender, list[Actor]]:
    """A works tender with seven bids in the limit and one above it, its panel of five seated."""
    make.add_experts(place, 9)
    tender = make.works_tender(place)
    make.bid(place, tender, {name: 400_000_000 + n * 7_000_001 for n, name in enumerate(NAMES)})
    make.bid(place, tender, {"辛八": 500_000_001})
    make.open_all(place, tender)
    return tender, make.draw_panel(place, tender)


def _score(place: make.County, tender: Tender, panel: list[Actor]) -> None:
    scores = {name: (str(30 + n % 3), "15") for n, name in enumerate((*NAMES, "辛八"))}
    for seat, who in enumerate(panel):
        fails = ("庚七",) if seat < 3 else ()
        form = make.sheet_form(place, tender, scores, fails)
        done = {**form, "act": "submit", "confirm": "yes"}
        make.ok(place.client(who).post(f"/panel/{tender.id}/sheet", data=done))


def test_five_sheets_make_a_ranking_with_every_step_and_the_majority_rejects(
    place: make.County,
) -> None:
    tender, panel = _works(place)
    clerk = place.client(place.clerk)
    assert clerk.post(f"{_base(tender)}/run").status_code == 403
    _score(place, tender, panel)
    make.ok(clerk.post(f"{_base(tender)}/run"))
    result = place.read(lambda session: session.scalars(select(Evaluation)).one())
    names = [row["name"] for row in result.ranking]
    assert names == ["丙三", "乙二", "甲一", "己六", "戊五", "丁四"]
    first = result.ranking[0]
    # 400,000,000 / 414,000,002 x 40, half up to two decimals, beside two means of the panel.
    assert first["scores"] == {"T1": "32.00", "T2": "15.00", "P1": "38.65"}
    assert Decimal(first["total"]) == sum(map(Decimal, first["scores"].values()))
    steps = [read_step(step) for step in result.steps[0]["steps"]]
    assert steps[-1].result == Decimal(first["total"])
    rejected = place.read(
        lambda session: {row.bid_id: row.ground for row in session.scalars(select(Rejection))}
    )
    ids = make.bid_ids(place, tender)
    assert rejected == {ids["辛八"]: "price", ids["庚七"]: "unqualified"}


def test_a_works_tender_ends_with_letters_to_all_and_the_names_of_its_panel(
    place: make.County,
) -> None:
    tender, panel = _works(place)
    _score(place, tender, panel)
    clerk = place.client(place.clerk)
    make.ok(clerk.post(f"{_base(tender)}/run"))
    for who in panel:
        make.ok(place.client(who).post(f"/panel/{tender.id}/report", data={"dissent": ""}))
    make.ok(clerk.post(f"{_base(tender)}/candidates"))
    assert clerk.post(f"{_base(tender)}/award").status_code == 409
    _after_standstill(place, tender)
    make.ok(clerk.post(f"{_base(tender)}/award"))
    own = select(IssuedDocument.kind).where(IssuedDocument.public.is_(False))
    notices = select(Notice).where(Notice.kind == NoticeKind.RESULT)
    with place.world.platform.database.read() as session:
        kinds = Counter(session.scalars(own))
        notice = session.scalars(notices).one()
    assert kinds == {"evaluation_report": 1, "award_letter": 1, "unsuccessful_letter": 7}
    assert all(who.name in str(notice.blocks) for who in panel)
    assert notice.release["tag"] == ["award"]
    assert notice.release["awards"][0]["value"] == {"amount": 4_140_000.02, "currency": "CNY"}


def test_two_awards_of_one_lot_are_impossible(place: make.County) -> None:
    tender = _lease(place)
    _to_candidates(place, tender)
    _after_standstill(place, tender)
    agent = place.client(place.world.agent)
    make.ok(agent.post(f"{_base(tender)}/award"))
    assert agent.post(f"{_base(tender)}/award").status_code == 409
    award = place.read(lambda session: session.scalars(select(Award)).one())
    with pytest.raises(IntegrityError), place.world.platform.database.write() as session:
        session.add(
            Award(
                lot_id=award.lot_id, tender_id=tender.id, bid_id="0" * 32, organisation_id="x",
                price_fen=1, total_fen=1, awarded_at=award.awarded_at, awarded_by="x", ledger_seq=1,
            )
        )  # fmt: skip
    assert _count(place, Award) == 1


def test_the_highest_price_wins_a_lease_and_its_total_is_exact_over_mu_and_years(
    place: make.County,
) -> None:
    tender = _lease(place)
    _to_candidates(place, tender)
    _after_standstill(place, tender)
    make.ok(place.client(place.world.agent).post(f"{_base(tender)}/award"))
    award = place.read(lambda session: session.scalars(select(Award)).one())
    assert award.bid_id == make.bid_ids(place, tender)["丁四"]
    # 1,230.03 yuan a mu and year, 30.5 mu, 3 years: 112,547.745 yuan, half a fen up.
    assert (award.price_fen, award.total_fen) == (123_003, 11_254_775)
    entry = place.read(
        lambda session: session.scalars(
            select(LedgerEntry.line).where(LedgerEntry.event == "award.made")
        ).one()
    )
    assert '"total_fen":11254775' in entry


def test_a_lot_with_too_few_bids_fails_alone_and_is_named_in_the_notices(
    place: make.County,
) -> None:
    tender = _lease(place, lots=2)
    _to_candidates(place, tender)
    _after_standstill(place, tender)
    make.ok(place.client(place.world.agent).post(f"{_base(tender)}/award"))
    lots = place.read(
        lambda session: session.scalars(
            select(Lot).where(Lot.tender_id == tender.id).order_by(Lot.number)
        ).all()
    )
    assert [lot.status for lot in lots] == [LotStatus.AWARDED, LotStatus.FAILED]
    for kind in (NoticeKind.CANDIDATES, NoticeKind.RESULT):
        query = select(Notice.blocks).where(Notice.kind == kind)
        with place.world.platform.database.read() as session:
            blocks = session.scalars(query).one()
        failed = next(block for block in blocks if block["heading"].startswith("2."))
        assert failed["paragraphs"] == ["投标人不足，未予开标。"]


def test_a_tender_whose_every_bid_is_rejected_fails_with_a_notice(place: make.County) -> None:
    tender = make.lease(place)
    make.bid(place, tender, {name: 90_000 + n for n, name in enumerate(NAMES[:3])})
    make.open_all(place, tender)
    agent = place.client(place.world.agent)
    make.ok(agent.post(f"{_base(tender)}/run"))
    assert place.tender(tender.id).status is TenderStatus.FAILED
    assert agent.post(f"{_base(tender)}/candidates").status_code == 409


def test_equal_prices_are_told_apart_by_lot_which_anybody_can_draw_again(
    place: make.County,
) -> None:
    tender = make.lease(place)
    make.bid(place, tender, dict.fromkeys(NAMES[:4], 150_000))
    make.open_all(place, tender)
    agent = place.client(place.world.agent)
    orders = []
    for _ in range(2):
        make.ok(agent.post(f"{_base(tender)}/run"))
        ranking = place.read(lambda session: session.scalars(select(Evaluation.ranking)).one())
        orders.append([row["bid"] for row in ranking])
        assert [row["rank"] for row in ranking] == [1, 2, 3, 4]
        assert {row["decided_by"] for row in ranking[1:]} == {"lot"}
    assert orders[0] == orders[1]


def test_another_than_the_first_candidate_needs_a_reason(place: make.County) -> None:
    tender = _lease(place)
    _to_candidates(place, tender)
    _after_standstill(place, tender)
    agent = place.client(place.world.agent)
    second = make.bid_ids(place, tender)["丙三"]
    form = {"winner-1": second, "reason": ""}
    assert agent.post(f"{_base(tender)}/award", data=form).status_code == 422
    form["reason"] = "第一中标候选人书面放弃中标"
    make.ok(agent.post(f"{_base(tender)}/award", data=form))
    award = place.read(lambda session: session.scalars(select(Award)).one())
    assert (award.bid_id, award.reason) == (second, form["reason"])


def test_procurement_goes_to_the_award_without_candidates_and_fails_below_three_valid_bids(
    place: make.County,
) -> None:
    changes: dict[str, Any] = {"kind": Kind.PROCUREMENT, "method": Method.LOWEST_EVALUATED_PRICE}
    tender = make.works_tender(place, **changes)
    make.bid(place, tender, {name: 400_000_000 + n for n, name in enumerate(NAMES[:4])})
    make.open_all(place, tender)
    clerk, ids = place.client(place.clerk), make.bid_ids(place, tender)
    form = {"bid": ids["甲一"], "ground": "unqualified", "reason": "缺少资质证书"}
    make.ok(clerk.post(f"{_base(tender)}/reject", data=form))
    make.ok(clerk.post(f"{_base(tender)}/run"))
    assert clerk.post(f"{_base(tender)}/candidates").status_code == 409
    make.ok(clerk.post(f"{_base(tender)}/award"))
    award = place.read(lambda session: session.scalars(select(Award)).one())
    assert award.bid_id == ids["乙二"]
    other = make.works_tender(place, **changes)
    make.bid(place, other, {name: 400_000_000 + n for n, name in enumerate(NAMES[:3])})
    make.open_all(place, other)
    form["bid"] = make.bid_ids(place, other)["甲一"]
    make.ok(clerk.post(f"{_base(other)}/reject", data=form))
    make.ok(clerk.post(f"{_base(other)}/run"))
    assert place.tender(other.id).status is TenderStatus.FAILED


def test_a_contract_states_the_award_and_only_then_the_tender_is_contracted(
    place: make.County,
) -> None:
    tender = _lease(place)
    _to_candidates(place, tender)
    _after_standstill(place, tender)
    agent = place.client(place.world.agent)
    make.ok(agent.post(f"{_base(tender)}/award"))
    award = place.read(lambda session: session.scalars(select(Award)).one())
    place.world.clock.advance(days=2)
    signed = place.world.clock.now().date() - timedelta(days=1)
    form = {"lot": award.lot_id, "signed_on": signed.isoformat(), "amount": "112,547.74"}
    assert agent.post(f"{_base(tender)}/contract", data=form).status_code == 422
    form["amount"] = "112,547.75"
    make.ok(agent.post(f"{_base(tender)}/contract", data=form))
    assert agent.post(f"{_base(tender)}/contract", data=form).status_code == 409
    assert place.tender(tender.id).status is TenderStatus.CONTRACTED
    assert _count(place, Contract) == 1
    public = place.read(lambda session: session.get_one(PublicTender, tender.id))
    steps = steps_of(public, place.world.clock.now())
    told = {row["code"]: step for row, step in zip(public.facts["timeline"], steps, strict=True)}
    assert told["contract"].state == "past"


def test_a_bidder_reads_its_own_result_and_nobody_elses(place: make.County) -> None:
    tender = _lease(place)
    url = f"/results/{tender.id}"
    loser = place.client(place.bidders["壬九"].actor)
    assert "999.99" in loser.get(url).get_data(as_text=True)
    _to_candidates(place, tender)
    text = loser.get(url).get_data(as_text=True)
    assert "低于底价" in text
    assert "1,230.03" not in text
    stranger = make.new_bidder(place, "局外人")
    assert place.client(stranger.actor).get(url).status_code == 404


def test_a_submitted_score_changes_only_for_a_legal_cause_and_both_values_stay(
    place: make.County,
) -> None:
    tender, panel = _works(place)
    _score(place, tender, panel)
    expert, bid = place.client(panel[0]), make.bid_ids(place, tender)["甲一"]
    again = {"bid": bid, "criterion": "T1", "score": "31"}
    assert expert.post(f"/panel/{tender.id}/mark", data=again).status_code == 409
    form = {**again, "cause": "because", "reason": "汇总有误"}
    assert expert.post(f"/panel/{tender.id}/correct", data=form).status_code == 422
    form["cause"] = "sum"
    make.ok(expert.post(f"/panel/{tender.id}/correct", data=form))
    change = place.read(lambda session: session.scalars(select(ScoreChange)).one())
    assert (change.before, change.after) == (Decimal(30), Decimal(31))


def test_scores_far_from_the_others_need_a_written_reason_before_the_ranking(
    place: make.County,
) -> None:
    tender, panel = _works(place)
    clerk = place.client(place.clerk)
    for seat, who in enumerate(panel):
        own = ("5", "1") if seat == 0 else ("35", "18")
        form = make.sheet_form(place, tender, dict.fromkeys((*NAMES, "辛八"), own))
        done = {**form, "act": "submit", "confirm": "yes"}
        make.ok(place.client(who).post(f"/panel/{tender.id}/sheet", data=done))
    assert clerk.post(f"{_base(tender)}/run").status_code == 409
    reason = {"reason": "各投标文件施工方案均缺少关键工序"}
    make.ok(place.client(panel[0]).post(f"/panel/{tender.id}/explain", data=reason))
    make.ok(clerk.post(f"{_base(tender)}/run"))


@pytest.mark.parametrize("role", ["supervisor", "auditor", "bidder", "stranger"])
def test_acts_of_the_evaluation_are_refused_to_every_other_role(
    place: make.County, role: str
) -> None:
    tender = _lease(place)
    actors = {
        "supervisor": place.supervisor, "auditor": place.auditor,
        "bidder": place.bidders["甲一"].actor, "stranger": None,
    }  # fmt: skip
    client = place.client(actors[role])
    acts = ("pool", "draw", "reject", "readmit", "run", "candidates", "award", "contract")
    found = {client.post(f"{_base(tender)}/{act}").status_code for act in acts}
    assert found <= {401, 403}
    assert place.tender(tender.id).status is TenderStatus.OPENED
