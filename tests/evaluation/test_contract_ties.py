"""Who else works on a contract: recorded, public as the law has it, and shown to supervision."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import func, select

from evaluation.models import Award, ContractTie, FindingRow
from keys.bid_statement import NAME, Partner
from tender.accounts.models import Organisation
from tender.core.messages import InboxMessage
from tender.ledger.models import LedgerEntry
from tender.procedure.law.kinds import Kind, Method
from tender.procedure.models import Tender
from tests.evaluation import county as make
from tests.evaluation.stating import stating

WINNER, LOSER, OTHER = "青石建设", "白水建筑", "南山工程"


def awarded(place: make.County, *, subcontracting: bool = True) -> Tender:
    """A purchase won by the cheapest, whose bid named the third bidder as its subcontractor."""
    tender = make.works_tender(
        place, kind=Kind.PROCUREMENT, method=Method.LOWEST_EVALUATED_PRICE,
        subcontracting=subcontracting,
    )  # fmt: skip
    stated = stating(subcontracts=(Partner(OTHER, work="运输"),))
    for number, name in enumerate((WINNER, LOSER, OTHER)):
        files = {NAME: stated} if name == WINNER else {"a.txt": b"a"}
        make.bid_with_files(place, tender, name, 400_000_000 + number, files)
    make.open_all(place, tender)
    clerk = place.client(place.clerk)
    make.ok(clerk.post(f"/work/{tender.id}/evaluation/run"))
    make.ok(clerk.post(f"/work/{tender.id}/evaluation/award"))
    place.world.clock.advance(days=2)
    return tender


def contract(place: make.County, tender: Tender, **ties: str) -> None:
    signed = place.world.clock.now().date() - timedelta(days=1)
    form = {"lot": lot_of(place, tender), "signed_on": signed.isoformat(), "amount": "4,000,000"}
    make.ok(place.client(place.clerk).post(f"/work/{tender.id}/evaluation/contract",
                                           data=form | ties))  # fmt: skip


def lot_of(place: make.County, tender: Tender) -> str:
    query = select(Award.lot_id).where(Award.tender_id == tender.id)
    found: str = place.read(lambda session: session.scalars(query).one())
    return found


def tie(name: str, kind: str = "subcontract", **more: str) -> dict[str, str]:
    return {"firm-1-kind": kind, "firm-1-name": name, "firm-1-work": "屋面防水", **more}


def record(place: make.County, tender: Tender, form: dict[str, str]) -> int:
    path = f"/work/{tender.id}/evaluation/tie"
    answer = place.client(place.clerk).post(path, data={"lot": lot_of(place, tender), **form})
    return answer.status_code


def found(place: make.County) -> list[FindingRow]:
    query = select(FindingRow).where(FindingRow.code == "N5", FindingRow.gone_at.is_(None))
    rows: list[FindingRow] = place.read(lambda session: list(session.scalars(query)))
    return rows


def test_a_subcontract_to_a_loser_stands_before_supervision_at_once(place: make.County) -> None:
    tender = awarded(place)
    contract(place, tender, **{
        "tie-1-kind": "subcontract", "tie-1-name": LOSER, "tie-1-work": "屋面防水",
        "tie-1-amount": "120,000",
        "tie-2-kind": "supply", "tie-2-name": "县城砂石厂", "tie-2-work": "砂石",
    })  # fmt: skip
    row = found(place)[0]
    assert (row.strength, len(found(place))) == ("B", 1)
    assert row.bidders == [place.bidders[name].organisation.id for name in (WINNER, LOSER)]
    page = place.client(place.supervisor).get(f"/findings/{tender.id}/{row.id}")
    shown = page.get_data(as_text=True)
    assert "中标合同的一部分交由落选人承担" in shown
    assert "屋面防水" in shown
    told = select(func.count()).where(InboxMessage.link == f"/findings/{tender.id}")
    assert place.read(lambda session: session.scalar(told)) == 1
    assert place.client(place.clerk).get(f"/findings/{tender.id}").status_code == 403


def test_what_the_bid_named_and_the_documents_allow_is_no_sign(place: make.County) -> None:
    tender = awarded(place)
    contract(place, tender)
    assert record(place, tender, tie(OTHER)) == 303
    assert place.read(lambda session: session.scalars(select(ContractTie)).one().declared)
    assert found(place) == []
    # Staff that the same firm lends was not named beforehand.
    assert record(place, tender, tie(OTHER, "seconded")) == 303
    assert len(found(place)) == 1


def test_what_the_documents_do_not_allow_is_a_sign_although_named(place: make.County) -> None:
    tender = awarded(place, subcontracting=False)
    contract(place, tender)
    assert record(place, tender, tie(OTHER)) == 303
    assert len(found(place)) == 1


def test_a_loser_is_known_by_its_code_under_another_name(place: make.County) -> None:
    tender = awarded(place)
    with place.world.platform.database.write() as session:
        firm = session.get_one(Organisation, place.bidders[LOSER].organisation.id)
        firm.code = "91330800MA28F00001"
    contract(place, tender)
    assert record(place, tender, tie("无关公司")) == 303
    assert found(place) == []
    assert (
        record(place, tender, tie("白水防水分部", **{"firm-1-code": "91330800ma28f00001"})) == 303
    )
    assert len(found(place)) == 1


def test_the_public_reads_subcontractors_and_neither_suppliers_nor_amounts(
    place: make.County,
) -> None:
    tender = awarded(place)
    contract(place, tender, **{
        "tie-1-kind": "subcontract", "tie-1-name": "县城防水公司", "tie-1-work": "屋面防水",
        "tie-1-amount": "120,000.55",
    })  # fmt: skip
    assert record(place, tender, tie("后来的分包公司")) == 303
    assert (
        record(place, tender, tie("县城砂石厂", "supply", **{"firm-1-amount": "77,000.11"})) == 303
    )
    assert record(place, tender, tie("派出单位", "seconded")) == 303
    public = place.client(None).get(f"/tenders/{tender.number}").get_data(as_text=True)
    assert "县城防水公司：屋面防水" in public
    assert "后来的分包公司：屋面防水" in public
    for hidden in ("县城砂石厂", "派出单位", "120,000.55", "77,000.11"):
        assert hidden not in public
    entries = place.read(lambda session: [
        row.line for row in session.scalars(select(LedgerEntry))
        if "contract.tie_recorded" in row.line
    ])  # fmt: skip
    assert len(entries) == 4
    assert not any(word in "".join(entries) for word in ("县城", "公司", "12000055"))
    assert {json.loads(line)["kind"] for line in entries} == {"subcontract", "supply", "seconded"}
    page = place.client(place.clerk).get(f"/work/{tender.id}/evaluation").get_data(as_text=True)
    assert "派出单位" in page


def test_a_faulty_row_names_its_field_and_keeps_what_was_typed(place: make.County) -> None:
    tender = awarded(place)
    assert record(place, tender, tie("甲公司")) == 409
    signed = place.world.clock.now().date() - timedelta(days=1)
    form = {
        "lot": lot_of(place, tender), "signed_on": signed.isoformat(), "amount": "4,000,000",
        "tie-1-kind": "gift", "tie-1-name": "甲公司", "tie-1-amount": "x",
    }  # fmt: skip
    clerk = place.client(place.clerk)
    answer = clerk.post(f"/work/{tender.id}/evaluation/contract", data=form)
    assert answer.status_code == 422
    assert 'value="甲公司"' in answer.get_data(as_text=True)
    contract(place, tender)
    for faulty in (
        {}, tie(""), tie("甲"), tie("甲公司", "gift"), tie("甲公司", **{"firm-1-work": ""}),
        tie("甲公司", **{"firm-1-amount": "-5"}), tie("甲公司", **{"firm-1-amount": "0"}),
        tie("甲公司", **{"firm-1-code": "9" * 41}),
    ):  # fmt: skip
        assert record(place, tender, faulty) == 422, faulty
    assert place.read(lambda session: session.scalar(select(func.count(ContractTie.id)))) == 0


def test_nobody_but_staff_records_a_firm(place: make.County) -> None:
    tender = awarded(place)
    contract(place, tender)
    bidder = place.bidders[WINNER].actor
    path, form = (
        f"/work/{tender.id}/evaluation/tie",
        {"lot": lot_of(place, tender), **tie("甲公司")},
    )
    for who in (place.supervisor, place.auditor, bidder):
        assert place.client(who).post(path, data=form).status_code == 403
