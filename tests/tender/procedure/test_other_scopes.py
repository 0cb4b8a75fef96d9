"""Staff of one township at another township's tender: no name, no act, no crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tender.accounts.models import Organisation, OrganisationKind
from tender.core.actor import Actor, Role
from tender.procedure.models import Bond, Tender
from tests.evaluation import county as counties
from tests.tender import factories as make

BONDS = {"code": "91330000MA00000001", "form": "transfer", "amount": "10", "payer": "付款人甲"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[counties.County]:
    path: Path = tmp_path_factory.mktemp("scopes")
    made = counties.county(path)
    made.app.config["PROPAGATE_EXCEPTIONS"] = False
    yield made
    made.world.platform.database.close()


@pytest.fixture(scope="module")
def tender(place: counties.County) -> Tender:
    """A tender of the village that asks for a bond; one bidder is registered."""
    made = make.open_tender(place.world)
    with place.world.platform.database.write() as session:
        session.get_one(Tender, made.id).bond_fen = 100_000
        make.organisation(session, OrganisationKind.COMPANY, "投标公司", code=BONDS["code"])
    return made


def _member(place: counties.County, role: Role, *, own: bool) -> Actor:
    with place.world.platform.database.write() as session:
        county = session.get_one(Organisation, place.county.id)
        of = (
            county if own else make.organisation(session, OrganisationKind.TOWNSHIP, "邻镇", county)
        )
        return make.member(session, role, of)


def test_finance_of_another_township_neither_records_nor_sees_a_bond(
    place: counties.County, tender: Tender
) -> None:
    own = place.client(_member(place, Role.FINANCE, own=True))
    other = place.client(_member(place, Role.FINANCE, own=False))
    assert other.post(f"/bonds/{tender.id}", data=BONDS).status_code == 403
    assert own.post(f"/bonds/{tender.id}", data=BONDS).status_code == 303
    bond = place.read(lambda session: session.scalars(select(Bond)).one())
    assert other.post(f"/bonds/{bond.id}/return", data={"reason": "x"}).status_code == 403
    assert "付款人甲" in own.get("/bonds").text
    assert "付款人甲" not in other.get("/bonds").text


def test_staff_of_another_township_open_and_do_nothing_and_are_told_so(
    place: counties.County, tender: Tender
) -> None:
    agent = place.client(_member(place, Role.TOWNSHIP_AGENT, own=False))
    form = {"reason": "没有理由", "words": "随便说一句话", "deadline": "2027-01-01T10:00"}
    wrong = []
    for rule in place.app.url_map.iter_rules():
        if "<tender_id>" not in rule.rule or rule.endpoint.startswith(("feeds", "sandbox")):
            continue
        path = rule.rule.replace("<tender_id>", tender.id).replace("<act>", "publish")
        for method in {"GET", "POST"} & (rule.methods or set()):
            answer = agent.open(path, method=method, data=form if method == "POST" else None)
            if answer.status_code not in (403, 404, 405, 409, 422):
                wrong.append(f"{method} {rule}: {answer.status_code}")
    assert wrong == []
