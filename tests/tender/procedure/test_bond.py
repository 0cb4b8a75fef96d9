"""The bid bond of a draft against the law: limited where a rule limits it, free elsewhere."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tender.procedure.drafting.lawfulness import problems_of
from tender.procedure.law.kinds import Direction, Kind, Method
from tender.procedure.models import Tender
from tests.evaluation import county as make


def _bond_problems(place: make.County, tender: Tender) -> list[str]:
    now = place.world.clock.now()

    def codes(session: Session) -> list[str]:
        found = problems_of(session, session.get_one(Tender, tender.id), now=now)
        return [problem.code for problem in found if problem.where == "bond"]

    found: list[str] = place.read(codes)
    return found


def test_a_works_bond_is_at_most_two_in_a_hundred(place: make.County) -> None:
    allowed = make.works_tender(place, limit_fen=500_000_000, bond_fen=10_000_000)
    beyond = make.works_tender(place, limit_fen=500_000_000, bond_fen=10_000_001)
    assert _bond_problems(place, allowed) == []
    assert len(_bond_problems(place, beyond)) == 1


@pytest.mark.parametrize("kind", [Kind.LAND, Kind.PROPERTY])
def test_land_and_property_rights_ask_for_any_bond(place: make.County, kind: Kind) -> None:
    tender = make.works_tender(
        place, kind=kind, direction=Direction.DISPOSAL, method=Method.SEALED_HIGHEST_PRICE,
        limit_fen=420_300_000, bond_fen=84_000_000,
    )  # fmt: skip
    assert _bond_problems(place, tender) == []
