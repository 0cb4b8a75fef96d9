"""The log of reads: each page that shows somebody's data writes it; the list tells no secret."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import OrganisationKind, Standing
from tender.core.actor import Actor, Role
from tender.core.files import StoredFile, store_blob
from tender.core.ids import new_id
from tender.core.reads import AccessRecord, Read
from tender.objections.models import Objection, ObjectionStage, ObjectionStatus
from tender.opening.models import VerdictRow
from tender.procedure.models import Bond, Tender
from tests.evaluation import county as make
from tests.tender.factories import member, organisation

LIST = "/administration/reads"
NAMES = ("甲一", "乙二", "丙三")


def _member(place: make.County, role: Role, name: str) -> Actor:
    made: Actor = place.write(lambda session: member(session, role, place.county, name))
    return made


def _kinds(place: make.County) -> list[tuple[str, str, str]]:
    rows = place.read(lambda session: session.scalars(select(AccessRecord)).all())
    return [(row.kind, row.subject, row.page) for row in rows]


def _list(place: make.County, who: Actor, **words: str) -> str:
    answer = place.client(who).get(LIST, query_string=words)
    assert answer.status_code == 200
    text: str = answer.get_data(as_text=True)
    return text


def _bond(place: make.County, tender: Tender, name: str) -> None:
    place.write(
        lambda session: session.add(
            Bond(
                tender_id=tender.id, organisation_id=place.bidders[name].organisation.id,
                form="transfer", amount_fen=100, payer=name, payer_account="6222",
                received_at=make.START, recorded_by="x",
            )
        )
    )  # fmt: skip


def test_waiting_registrations_and_staff_accounts_are_logged_with_the_page(
    place: make.County,
) -> None:
    waiting = place.write(
        lambda session: (
            organisation(session, OrganisationKind.COMPANY, "待审公司", status=Standing.PENDING).id
        )
    )
    place.client(place.clerk).get("/registrations")
    administrator = _member(place, Role.ADMINISTRATOR, "管理员")
    place.client(administrator).get("/administration")
    assert (Read.REGISTRATION.value, waiting, "/registrations") in _kinds(place)
    assert (Read.STAFF.value, place.clerk.person_id, "/administration") in _kinds(place)
    assert administrator.person_id not in [subject for _, subject, _ in _kinds(place)]
    text = _list(place, administrator)
    assert "待审公司" in text
    assert "县经办" in text


def test_a_refused_page_is_no_read(place: make.County) -> None:
    assert place.client(place.supervisor).get("/registrations").status_code == 403
    assert _kinds(place) == []


def test_bonds_are_listed_from_the_opening_on_because_a_payer_is_a_bidder(
    place: make.County,
) -> None:
    tender = make.lease(place, bond_fen=100_000)
    make.bid(place, tender, {name: 120_000 + n for n, name in enumerate(NAMES)})
    finance = _member(place, Role.FINANCE, "财务员")
    auditor = place.auditor
    _bond(place, tender, "甲一")
    none = _list(place, auditor)
    assert "甲一" in place.client(finance).get("/bonds").get_data(as_text=True)
    assert [kind for kind, _, _ in _kinds(place)] == [Read.BOND.value]
    assert "甲一" not in _list(place, auditor)
    assert _list(place, auditor) == none
    assert "甲一" not in _list(place, auditor, person="财务员")
    make.open_all(place, tender)
    assert "甲一" in _list(place, auditor)


def test_who_evaluates_is_not_told_before_the_result_even_to_the_auditor(
    place: make.County,
) -> None:
    tender = make.works_tender(place)
    make.add_experts(place, 8)
    make.bid(place, tender, {name: 400_000_000 + n for n, name in enumerate(NAMES)})
    make.open_all(place, tender)
    panel = make.draw_panel(place, tender)
    stored, _ = store_blob(place.world.platform.settings.store, [b"%PDF-1.7 x"])

    def give_files(session: Session) -> str:
        verdict = session.scalars(select(VerdictRow)).first()
        assert verdict is not None
        verdict.stored = [{"name": "技术方案.pdf", "sha256": stored, "size": 10}]
        return verdict.bid_id

    bid_id = place.write(give_files)
    with place.client(panel[0]).get(f"/panel/{tender.id}/files/{bid_id}/1") as answer:
        assert answer.status_code == 200
    with place.client(place.clerk).get(f"/openings/bids/{bid_id}/files/1") as answer:
        assert answer.status_code == 200
    assert [kind for kind, _, _ in _kinds(place)] == [Read.BID_FILE.value] * 2
    text = _list(place, place.auditor)
    assert panel[0].name not in text
    assert f"/panel/{tender.id}" not in text
    assert "评标委员会成员" in text
    assert "县经办" in text
    assert "<td" not in _list(place, place.auditor, person=panel[0].name)


def test_evidence_is_logged_and_the_list_narrows_by_person_and_day(place: make.County) -> None:
    tender = make.lease(place)
    make.bid(place, tender, {name: 120_000 + n for n, name in enumerate(NAMES)})
    make.open_all(place, tender)
    digest, size = store_blob(place.world.platform.settings.store, [b"%PDF-1.7 x"])
    objector = place.bidders["乙二"]

    def object_(session: Session) -> str:
        stored = StoredFile(
            id=new_id(), name="证据.pdf", media_type="application/pdf", size=size, sha256=digest,
            created_at=make.START, created_by=objector.actor.person_id,
        )  # fmt: skip
        session.add(stored)
        session.flush()
        objection = Objection(
            id=new_id(), number="Y-1", tender_id=tender.id, scope=tender.scope,
            stage=ObjectionStage.CANDIDATES, organisation_id=objector.organisation.id,
            filed_by=objector.actor.person_id, facts="陈述", request="请求",
            evidence_id=stored.id, filed_at=make.START, pauses=False, answer_due=make.START,
            status=ObjectionStatus.FILED,
        )  # fmt: skip
        session.add(objection)
        return objection.id

    objection_id = place.write(object_)
    for who in (objector.actor, place.world.agent):
        with place.client(who).get(f"/objections/{objection_id}/evidence") as answer:
            assert answer.status_code == 200
    assert [(kind, subject) for kind, subject, _ in _kinds(place)] == [
        (Read.EVIDENCE.value, objector.organisation.id)
    ]
    assert "<td" in _list(place, place.auditor, person="乙二")
    assert "<td" in _list(place, place.auditor, person="测试人员")
    assert "<td" not in _list(place, place.auditor, person="甲一")
    day = (tender.deadline or make.START).date()
    assert "<td" in _list(place, place.auditor, since=day.isoformat(), until=day.isoformat())
    assert "<td" not in _list(place, place.auditor, until="2026-11-30")
    answer = place.client(place.auditor).get(LIST, query_string={"since": "gestern"})
    assert answer.status_code == 422


def test_the_list_is_for_auditors_and_administrators_only(place: make.County) -> None:
    for who in (place.clerk, place.supervisor, place.world.agent):
        assert place.client(who).get(LIST).status_code == 403
    assert place.client(None).get(LIST).status_code == 401
