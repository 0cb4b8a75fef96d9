"""Criteria of a draft: what a panel scores adds up to 100, and every code stands there once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tender.core.errors import DomainError
from tender.procedure.drafting.forms import read_form
from tender.procedure.drafting.lawfulness import problems_of
from tender.procedure.models import Criterion, Tender
from tests.evaluation import county as make


def _problems(session: Session, tender: Tender, place: make.County) -> list[str]:
    kept = session.get_one(Tender, tender.id)
    found = problems_of(session, kept, now=place.world.clock.now())
    return [problem.code for problem in found if problem.where == "criteria"]


def test_what_a_panel_scores_adds_up_to_a_hundred(place: make.County) -> None:
    tender = make.works_tender(place)

    def changed(session: Session) -> list[list[str]]:
        rows = select(Criterion).where(Criterion.tender_id == tender.id)
        scored = [row for row in session.scalars(rows) if row.kind != "review"]
        before = _problems(session, tender, place)
        scored[0].maximum += Decimal("0.5")
        session.flush()
        after = _problems(session, tender, place)
        session.execute(delete(Criterion).where(Criterion.tender_id == tender.id))
        return [before, after, _problems(session, tender, place)]

    assert place.write(changed) == [[], ["criteria.sum"], ["criteria.sum"]]


def test_two_criteria_of_one_code_are_told_at_the_field() -> None:
    form = {"title": "村道硬化", "organisation_id": "village"}
    form |= {f"criterion-{n}-{part}": text for n, code in ((1, "T1"), (2, "T1"))
             for part, text in (("name", "方案"), ("code", code), ("maximum", "50"))}  # fmt: skip
    with pytest.raises(DomainError) as refused:
        read_form(form)
    assert list(refused.value.fields) == ["criterion-2-code"]
