"""Scopes, register extracts, CSV and papers of findings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings.innocence import explanations
from evaluation.models import FindingRow
from evaluation.screens import innocent
from tender.accounts.models import Organisation, OrganisationKind
from tender.core.actor import Actor, Role
from tender.core.i18n import speaking
from tender.core.outbox import OutboxRow
from tender.ledger.models import LedgerEntry
from tender.procedure.models import Bond, Tender
from tender.publication.models import IssuedDocument
from tests.evaluation import county as make
from tests.tender import factories

NAMES = ("=甲一公司", "乙二公司", "丙三公司")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make.County]:
    made = make.county(tmp_path_factory.mktemp("papers"))
    yield made
    made.world.platform.database.close()


@pytest.fixture(scope="module")
def tender(place: make.County) -> Tender:
    """Three bids; the first two have bonds of one account."""
    made = make.lease(place)
    for name in NAMES:
        make.new_bidder(place, name)

    def pay(session: Session) -> None:
        for name, bidder in place.bidders.items():
            account = "6222009" if name == NAMES[2] else "6222001"
            session.add(
                Bond(
                    tender_id=made.id, organisation_id=bidder.organisation.id, form="transfer",
                    amount_fen=100_000, payer=name, payer_account=account,
                    recorded_by=place.clerk.person_id, received_at=make.START,
                )
            )  # fmt: skip

    place.write(pay)
    make.bid(place, made, {name: 120_000 + n for n, name in enumerate(NAMES)})
    make.open_all(place, made)
    make.screen(place)
    return made


def _rows(place: make.County, code: str) -> list[FindingRow]:
    query = select(FindingRow).where(FindingRow.code == code)
    rows: list[FindingRow] = place.read(lambda session: session.scalars(query).all())
    return rows


def _elsewhere(place: make.County, role: Role) -> Actor:
    """Somebody of the same role in another township."""

    def join(session: Session) -> Actor:
        county = session.get_one(Organisation, place.county.id)
        town = factories.organisation(session, OrganisationKind.TOWNSHIP, "黑石镇", county)
        return factories.member(session, role, town)

    who: Actor = place.write(join)
    return who


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AUDITOR])
def test_findings_are_seen_inside_ones_own_part_of_the_tree_only(
    place: make.County, tender: Tender, role: Role
) -> None:
    [row] = _rows(place, "D1")
    outside = place.client(_elsewhere(place, role))
    base = f"/findings/{tender.id}"
    for url in (base, f"{base}/{row.id}", f"{base}/part", f"{base}/findings.csv"):
        assert outside.get(url).status_code == 403, url
    assert outside.post(f"{base}/screens", data={"what": "all"}).status_code == 403
    assert tender.number not in outside.get("/findings").get_data(as_text=True)
    inside = place.client(place.supervisor if role is Role.SUPERVISOR else place.auditor)
    assert tender.number in inside.get("/findings").get_data(as_text=True)
    assert inside.get(f"{base}/{row.id}").status_code == 200


def test_a_finding_is_not_reached_by_way_of_another_tender(
    place: make.County, tender: Tender
) -> None:
    [row] = _rows(place, "D1")
    answer = place.client(place.supervisor).get(f"/findings/{'0' * 32}/{row.id}")
    assert answer.status_code == 404


def test_the_table_names_places_and_holds_no_formula(place: make.County, tender: Tender) -> None:
    answer = place.client(place.auditor).get(f"/findings/{tender.id}/findings.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    row = next(row for row in rows if row["code"] == "D1")
    assert row["legal"] == "REG 40(6)"
    assert row["strength"] == "A"
    assert "record=" in row["evidence"]
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_a_paper_is_ordered_once_asked_and_says_nothing_in_public(
    place: make.County, tender: Tender
) -> None:
    auditor = place.client(place.auditor)
    make.ok(auditor.post(f"/findings/{tender.id}/paper"))
    [paper] = place.read(
        lambda session: session.scalars(
            select(IssuedDocument).where(IssuedDocument.kind == "finding_report")
        ).all()
    )
    assert not paper.public
    assert paper.recipient_id is None
    assert tender.number not in paper.name
    assert paper.tender_id != tender.id
    assert tender.number == paper.context["context"]["head"]["tender_no"]
    order = select(OutboxRow).where(OutboxRow.kind == "document.produce")
    orders = place.read(lambda session: session.scalars(order).all())
    assert paper.id in {row.payload["document"] for row in orders}
    clerk = place.client(place.clerk)
    assert clerk.get(f"/findings/{tender.id}/papers/{paper.name}.pdf").status_code == 403
    assert clerk.get(f"/documents/{paper.name}.pdf").status_code == 404


def test_a_decision_tells_the_public_ledger_neither_tender_nor_kind(
    place: make.County, tender: Tender
) -> None:
    [row] = _rows(place, "D1")
    url = f"/findings/{tender.id}/{row.id}/decide"
    form = {"decision": "confirmed", "reason": "同一账户缴款"}
    make.ok(place.client(place.supervisor).post(url, data=form))
    line = place.read(
        lambda session: session.scalars(
            select(LedgerEntry.line).where(LedgerEntry.event == "finding.decided")
        ).one()
    )
    # In quotes: two letters also come by chance in the nonce.
    for word in (tender.id, tender.number, '"D1"', "confirmed"):
        assert word not in line


def test_a_register_extract_shows_control_at_once(place: make.County, tender: Tender) -> None:
    supervisor = place.client(place.supervisor)
    ids = [place.bidders[name].organisation.id for name in NAMES]
    form = {"holders": "91330000MA27XYZ123 60", "source": "国家企业信用信息公示系统 2026-12-20"}
    base = f"/findings/{tender.id}/registers"
    assert supervisor.get(f"{base}/{ids[1]}").status_code == 200
    wrong = supervisor.post(f"{base}/{ids[1]}", data=form | {"holders": "张三 很多"})
    assert wrong.status_code == 422
    make.ok(supervisor.post(f"{base}/{ids[1]}", data=form))
    assert _rows(place, "P3") == []
    for _ in range(2):
        make.ok(supervisor.post(f"{base}/{ids[2]}", data=form))
    [row] = _rows(place, "P3")
    assert row.strength == "A"
    assert set(row.bidders) == set(ids[1:])
    assert supervisor.get(f"{base}/{'0' * 32}").status_code == 404


def test_an_explanation_says_whether_it_was_checked_and_with_what() -> None:
    with speaking("en"):
        told = explanations((innocent.VENUE_OUT, innocent.SAME_SUPPLIER), {"venue": 3})
    assert [each.checked for each in told] == [False, True]
    assert told[1].found.endswith("Computers on the centre's list: 3.")
