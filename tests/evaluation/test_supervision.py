"""Supervision's pages over real tenders: which duties run, who sees what, forms, export."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from sqlalchemy import select

from tender.accounts.models import Organisation, OrganisationKind
from tender.core.actor import Actor, Role
from tender.core.refusals import Refusal
from tender.objections.models import Objection
from tender.procedure.duties import set_duties
from tender.procedure.law.kinds import Kind, Method
from tender.procedure.models import Bond, Tender, TenderStatus
from tender.procedure.publishing.pausing import pause_tender, resume_tender
from tender.procedure.publishing.postponing import postpone
from tender.procedure.publishing.publishing import cancel
from tender.supervision.milestones import schedule
from tender.supervision.models import Card, CardStatus, Milestone, MilestoneStatus
from tender.supervision.ticking import sweep_due
from tests.evaluation import county as make
from tests.tender import factories

NAMES = ("甲一", "乙二", "丙三", "丁四")
TEXT = "因系统检修延误，现已补办并公告。"
S = MilestoneStatus


def _set(place: make.County, tender: Tender) -> None:
    now = place.world.clock.now()
    place.write(lambda session: set_duties(session, session.get_one(Tender, tender.id), now=now))


def _duties(place: make.County, tender: Tender) -> dict[str, Milestone]:
    rows = place.read(
        lambda session: list(
            session.scalars(select(Milestone).where(Milestone.subject == tender.id))
        )
    )
    return {row.code: row for row in rows}


def _sweep(place: make.County, **later: float) -> int:
    place.world.clock.advance(**later)
    return sweep_due(place.world.platform)


def _watcher(place: make.County, township: str = "青石镇") -> Actor:
    """A supervisor of a township; a new one unless it is the tender's."""

    def make_one(session):  # the factories take the session
        found = session.scalar(select(Organisation).where(Organisation.name == township))
        if found is None:
            top = session.get_one(Organisation, place.county.id)
            found = factories.organisation(session, OrganisationKind.TOWNSHIP, township, top)
        return factories.member(session, Role.SUPERVISOR, found, f"{township}监督员")

    actor: Actor = place.write(make_one)
    return actor


def _carded(place: make.County) -> tuple[Tender, Card]:
    """A works tender whose opening did not come: one yellow card."""
    tender = make.works_tender(place)
    _set(place, tender)
    assert _sweep(place, days=25, minutes=31) == 1
    card = place.read(lambda session: session.scalars(select(Card)).one())
    return tender, card


def test_only_terms_that_run_are_duties_and_they_are_met_by_the_acts_themselves(
    place: make.County,
) -> None:
    tender = make.works_tender(
        place, method=Method.LOWEST_EVALUATED_PRICE, title="白石镇村道硬化工程"
    )
    _set(place, tender)
    assert set(_duties(place, tender)) == {"opening"}
    assert tender.deadline is not None
    assert _duties(place, tender)["opening"].due_at == tender.deadline
    make.bid(place, tender, {name: 300_000_000 + n for n, name in enumerate(NAMES)})
    make.open_all(place, tender)
    assert _duties(place, tender)["opening"].status is S.MET
    agent, base = place.client(place.world.agent), f"/work/{tender.id}/evaluation"
    make.ok(agent.post(f"{base}/run"))
    duties = _duties(place, tender)
    assert set(duties) == {"opening", "candidates"}
    assert "REG 54" in duties["candidates"].article
    make.ok(agent.post(f"{base}/candidates"))
    assert _duties(place, tender)["candidates"].status is S.MET
    assert sweep_due(place.world.platform) == 0


def test_a_late_candidates_notice_is_a_card_and_a_punctual_one_is_none(place: make.County) -> None:
    tender = make.works_tender(place, method=Method.LOWEST_EVALUATED_PRICE)
    _set(place, tender)
    make.bid(place, tender, {name: 300_000_000 + n for n, name in enumerate(NAMES)})
    make.open_all(place, tender)
    agent, base = place.client(place.world.agent), f"/work/{tender.id}/evaluation"
    make.ok(agent.post(f"{base}/run"))
    place.world.clock.moment = _duties(place, tender)["candidates"].due_at
    assert _sweep(place) == 0
    assert _sweep(place, seconds=1) == 1
    make.ok(agent.post(f"{base}/candidates"))
    shown = place.client(place.supervisor).get(f"/supervision/{tender.number}")
    assert shown.get_data(as_text=True).count("逾期办结") == 1
    assert _sweep(place, days=9) == 0


def test_a_postponed_opening_is_due_at_its_new_time(place: make.County) -> None:
    tender = make.works_tender(place)
    _set(place, tender)
    assert tender.deadline is not None
    later, settings = tender.deadline + timedelta(days=4), place.world.platform.settings
    place.write(
        lambda session: postpone(
            session, place.clerk, settings, tender.id, later, "图纸更正", now=make.START
        )
    )
    assert _duties(place, tender)["opening"].due_at == later


def test_a_paused_tender_gets_no_card_for_its_opening(place: make.County) -> None:
    tender = make.works_tender(place)
    _set(place, tender)

    def paused(session):
        pause_tender(session, session.get_one(Tender, tender.id), now=place.world.clock.now())

    place.write(paused)
    assert _sweep(place, days=90) == 0
    page = place.client(place.supervisor).get(f"/supervision/{tender.number}")
    assert "暂停" in page.get_data(as_text=True)
    now = place.world.clock.now()
    place.write(lambda session: resume_tender(session, session.get_one(Tender, tender.id), now=now))
    assert _sweep(place, days=25) == 0
    assert _sweep(place, minutes=31) == 1


def test_a_terminated_or_failed_tender_owes_no_opening(place: make.County) -> None:
    ended, failed = make.works_tender(place), make.lease(place)
    _set(place, ended)
    _set(place, failed)
    settings = place.world.platform.settings
    place.write(
        lambda session: cancel(session, place.clerk, settings, ended.id, "政策调整", now=make.START)
    )
    make.open_all(place, failed)
    assert place.tender(failed.id).status is TenderStatus.FAILED
    assert _duties(place, failed)["opening"].status is S.CANCELLED
    assert _duties(place, ended)["opening"].status is S.CANCELLED
    assert _sweep(place, days=30) == 0


def test_each_supervisor_sees_the_tenders_and_cards_of_his_place_only(place: make.County) -> None:
    tender, card = _carded(place)
    near, far = _watcher(place, "白石镇"), _watcher(place)
    paths = ("/supervision", f"/supervision/cards?from={make.START:%Y-%m-%d}")
    for who, sees in ((place.supervisor, True), (place.auditor, True), (near, True), (far, False)):
        client = place.client(who)
        for path in paths:
            text = client.get(path).get_data(as_text=True)
            assert (tender.number in text) is sees, (who.name, path)
            assert (card.id in text) is sees
        table = client.get("/supervision/cards.csv").get_data(as_text=True)
        assert (tender.number in table) is sees
        expected = 200 if sees else 403
        assert client.get(f"/supervision/{tender.number}").status_code == expected
        assert client.get(f"/supervision/cards/{card.id}").status_code == expected
        chosen = client.get(f"/supervision?township={place.county.id}&kind=land&colour=blue&page=x")
        assert chosen.status_code == 200


def test_filters_narrow_tenders_and_cards(place: make.County) -> None:
    tender, card = _carded(place)
    lease = make.lease(place)
    client = place.client(place.supervisor)

    def shown(query: str) -> tuple[bool, bool, bool]:
        text = client.get(f"/supervision?{query}").get_data(as_text=True)
        return tender.number in text, card.id in text, lease.number in text

    with place.world.platform.database.read() as session:
        rows = session.scalars(select(Organisation)).all()
        township = next(each.id for each in rows if each.name == "白石镇")
    assert shown("") == (True, True, True)
    assert shown("kind=construction") == (True, True, False)
    assert shown("kind=village") == (False, False, True)
    assert shown("colour=red") == (True, False, True)
    assert shown("state=awarded") == (False, False, False)
    assert shown(f"township={township}") == (True, True, True)
    assert shown("township=unknown") == (False, False, False)


def test_the_unit_explains_the_supervisor_sends_back_and_accepts_over_the_web(
    place: make.County,
) -> None:
    tender, card = _carded(place)
    agent, watcher = place.client(place.world.agent), place.client(place.supervisor)
    base = f"/supervision/cards/{card.id}"
    assert card.id in agent.get("/supervision/cards").get_data(as_text=True)
    short = agent.post(f"{base}/explain", data={"text": "太短", "version": "1"})
    assert short.status_code == 422
    assert "太短" in short.get_data(as_text=True)
    assert 'aria-invalid="true"' in short.get_data(as_text=True)
    make.ok(agent.post(f"{base}/explain", data={"text": TEXT, "version": "1"}))
    assert agent.post(f"{base}/explain", data={"text": TEXT, "version": "1"}).status_code == 409
    assert watcher.post(f"{base}/return", data={"reason": ""}).status_code == 422
    make.ok(watcher.post(f"{base}/return", data={"reason": "请写明检修时间"}))
    make.ok(agent.post(f"{base}/explain", data={"text": TEXT + "三月一日检修。", "version": "2"}))
    make.ok(watcher.post(f"{base}/accept"))
    text = watcher.get(f"/supervision/{tender.number}").get_data(as_text=True)
    for words in (TEXT, "请写明检修时间", "三月一日检修", "招标投标法"):
        assert words in text
    found = place.read(lambda session: session.get_one(Card, card.id))
    assert found.status is CardStatus.ACCEPTED
    assert card.id not in watcher.get("/supervision").get_data(as_text=True)


def test_the_auditor_reads_and_changes_nothing_and_refusals_are_logged(place: make.County) -> None:
    tender, card = _carded(place)
    auditor = place.client(place.auditor)
    base = f"/supervision/cards/{card.id}"
    for path in (f"{base}/explain", f"{base}/accept", f"{base}/return"):
        assert auditor.post(path, data={"text": TEXT, "reason": TEXT}).status_code == 403
    assert '<form method="post"' not in auditor.get(base).get_data(as_text=True)
    logged = place.read(lambda session: list(session.scalars(select(Refusal))))
    assert len(logged) == 3
    assert {each.person_id for each in logged} == {place.auditor.person_id}
    for path in (f"/supervision/{tender.number}", "/supervision/cards.csv", "/supervision"):
        assert auditor.get(path).status_code == 200
        assert place.client(place.world.agent).get(path).status_code == 403


def test_the_export_has_a_mark_for_spreadsheets_and_runs_no_formula(place: make.County) -> None:
    tender = make.works_tender(place, title='=HYPERLINK("http://x","白石镇")')
    _set(place, tender)
    assert _sweep(place, days=25, minutes=31) == 1
    answer = place.client(place.supervisor).get("/supervision/cards.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    head, row = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert row[head.index("招标项目")] == tender.number
    assert row[head.index("项目名称")].startswith("'=HYPERLINK")
    assert row[head.index("法定事项")] == "开标"
    assert "招标投标法" in row[head.index("法律依据")]


def test_a_period_shows_the_cards_of_its_days_only(place: make.County) -> None:
    _tender, card = _carded(place)
    client, day = place.client(place.supervisor), f"{card.issued_at:%Y-%m-%d}"

    def has(query: str) -> bool:
        return card.id in client.get(f"/supervision/cards?{query}").get_data(as_text=True)

    assert has(f"from={day}&to={day}")
    assert not has("from=2026-01-01&to=2026-12-24")
    assert not has("from=2027-02-01&to=2027-03-01")
    for query in ("from=gestern", "from=2027-01-02&to=2027-01-01", "to=0001-01-01"):
        assert client.get(f"/supervision/cards?{query}").status_code == 422
        assert client.get(f"/supervision/cards.csv?{query}").status_code == 422


def test_nothing_of_bidders_is_on_any_page_before_the_opening(place: make.County) -> None:
    tender = make.works_tender(place)
    _set(place, tender)
    paths = ("/supervision", f"/supervision/{tender.number}", "/supervision/cards")
    client = place.client(place.supervisor)
    before = [client.get(path).get_data(as_text=True) for path in paths]
    make.bid(place, tender, {name: 300_000_000 + n for n, name in enumerate(NAMES)})
    after = [client.get(path).get_data(as_text=True) for path in paths]
    assert after == before
    assert not [name for name in NAMES for text in after if name in text]
    assert "/findings/" not in after[1]
    assert "/evaluation" not in after[1]


def test_a_draft_is_for_supervisors_not_for_auditors(place: make.County) -> None:
    tender = make.works_tender(place)

    def undraft(session):
        found = session.get_one(Tender, tender.id)
        found.status, found.published_at = TenderStatus.DRAFT, None

    place.write(undraft)
    path = f"/supervision/{tender.number}"
    assert place.client(place.supervisor).get(path).status_code == 200
    assert place.client(place.auditor).get(path).status_code == 404
    assert tender.number not in place.client(place.auditor).get("/supervision").get_data(
        as_text=True
    )


def test_a_work_contract_and_its_bonds_are_duties_after_the_award(place: make.County) -> None:
    tender = make.works_tender(
        place, method=Method.LOWEST_EVALUATED_PRICE, bond_fen=5_000_000, kind=Kind.CONSTRUCTION
    )
    _set(place, tender)
    make.bid(place, tender, {name: 300_000_000 + n for n, name in enumerate(NAMES)})
    make.open_all(place, tender)
    agent, base = place.client(place.world.agent), f"/work/{tender.id}/evaluation"
    make.ok(agent.post(f"{base}/run"))
    make.ok(agent.post(f"{base}/candidates"))
    until = place.tender(tender.id).standstill_until
    assert until is not None
    place.world.clock.moment = until
    make.ok(agent.post(f"{base}/award"))
    duties = _duties(place, tender)
    assert {code for code, duty in duties.items() if duty.status is S.SCHEDULED} == {
        "contract", "supervision_report",
    }  # fmt: skip
    report = duties["supervision_report"]
    text = agent.get("/supervision/cards").get_data(as_text=True)
    assert f"/supervision/duties/{report.id}/done" in text
    done = {"words": "书面报告已送县发改局，收文号 12"}
    assert (
        agent.post(f"/supervision/duties/{report.id}/done", data={"words": ""}).status_code == 422
    )
    make.ok(agent.post(f"/supervision/duties/{report.id}/done", data=done))
    assert _duties(place, tender)["supervision_report"].status is S.MET
    shown = place.client(place.supervisor).get(f"/supervision/{tender.number}")
    assert "收文号 12" in shown.get_data(as_text=True)


def test_when_a_published_result_falls_the_next_one_is_due_anew(place: make.County) -> None:
    tender = make.works_tender(place, method=Method.LOWEST_EVALUATED_PRICE)
    _set(place, tender)
    make.bid(place, tender, {name: 300_000_000 + n for n, name in enumerate(NAMES)})
    make.open_all(place, tender)
    agent, base = place.client(place.world.agent), f"/work/{tender.id}/evaluation"
    make.ok(agent.post(f"{base}/run"))
    make.ok(agent.post(f"{base}/candidates"))
    place.world.clock.advance(days=1)
    form = {"stage": "candidates", "facts": "第一候选人不具备资格", "request": "请重新评审"}
    make.ok(
        place.client(place.bidders["乙二"].actor).post(
            f"/tenders/{tender.number}/objections", data=form
        )
    )
    objection = place.read(lambda session: session.scalars(select(Objection)).one())
    answer = _duties(place, tender)[f"answer {objection.number}"]
    assert (answer.status, answer.pausable) == (S.SCHEDULED, False)
    assert answer.due_at == objection.answer_due
    make.ok(
        agent.post(
            f"/objections/{objection.id}/answer",
            data={"result": "upheld", "answer": "经核实，异议成立，重新评审。"},
        )
    )
    duties = _duties(place, tender)
    assert duties["candidates"].status is S.CANCELLED
    assert duties[answer.code].status is S.MET
    place.world.clock.advance(days=2)
    make.ok(agent.post(f"{base}/run"))
    again = _duties(place, tender)["candidates"]
    assert (again.status, again.round) == (S.SCHEDULED, 2)
    assert again.due_at > place.world.clock.now() + timedelta(days=3)


def test_returned_bonds_meet_their_duties(place: make.County) -> None:
    tender = make.works_tender(place, bond_fen=5_000_000)
    _set(place, tender)
    now = place.world.clock.now()
    place.write(
        lambda session: schedule(
            session, subject=tender.id, reference=tender.number, scope=tender.scope,
            code="bond_return_losers", title="x", article="REG 57", due_at=now + timedelta(days=5),
        )
    )  # fmt: skip
    bidder = make.new_bidder(place, "甲一")
    finance = place.write(lambda session: factories.member(session, Role.FINANCE, place.county))

    def coded(session):
        session.get_one(Organisation, bidder.organisation.id).code = "91430999MA90000011"

    place.write(coded)
    client = place.client(finance)
    form = {
        "code": "91430999MA90000011", "form": "transfer", "amount": "50000", "payer": "甲一",
        "payer_account": "6222",
    }  # fmt: skip
    make.ok(client.post(f"/bonds/{tender.id}", data=form))
    bond = place.read(lambda session: session.scalars(select(Bond)).one())
    make.ok(client.post(f"/bonds/{bond.id}/return", data={"reason": "未中标"}))
    assert _duties(place, tender)["bond_return_losers"].status is S.MET
