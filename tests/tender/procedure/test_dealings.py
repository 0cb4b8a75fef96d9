"""What a tender gives or buys: which rules of law follow from it, and where the reader sees it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy.orm import Session

from tender.core.errors import DomainError
from tender.core.i18n import speaking
from tender.procedure.amendment.amendable import apply, refuse
from tender.procedure.dealings import DEALINGS, Dealing, dealing_of
from tender.procedure.drafting.drafting import create_draft, submit_for_review
from tender.procedure.drafting.drafts import as_json, from_json, read_draft
from tender.procedure.drafting.forms import fill_form, read_form
from tender.procedure.drafting.lawfulness import problems_of
from tender.procedure.facts import course_of, public_facts
from tender.procedure.law.kinds import Direction, Kind, kind_row
from tender.procedure.models import Tender
from tender.procedure.notices import tender_notice
from tests.evaluation import county as make

POND = {
    "title": "鱼塘", "kind": "village", "direction": "DISPOSAL", "method": "sealed_highest_price",
    "decision": "村民代表会议表决通过", "contact_name": "老王", "deadline": "2026-12-31T09:30",
    "lot-1-name": "3号鱼塘", "lot-1-price_basis": "per_year", "lot-1-limit": "1000",
}  # fmt: skip
LAPTOPS = {
    "title": "电脑", "kind": "procurement", "direction": "PURCHASE",
    "method": "comprehensive_scoring", "decision": "预算批复", "contact_name": "老王",
    "deadline": "2026-12-31T09:30", "lot-1-name": "电脑", "lot-1-limit": "100000",
}  # fmt: skip


def _form(place: make.County, fields: Mapping[str, str], **changes: str) -> dict[str, str]:
    return {**fields, "organisation_id": place.world.village.id, **changes}


def _drafted(place: make.County, form: Mapping[str, str]) -> list[str]:
    """Codes of the problems of the draft that a form makes."""
    now = place.world.clock.now()

    def draft(session: Session) -> list[str]:
        made = create_draft(session, place.world.agent, read_form(form), now=now)
        return [each.code for each in problems_of(session, made, now=now)]

    found: list[str] = place.write(draft)
    return found


def _points(**points: str) -> dict[str, str]:
    rows = enumerate(points.items(), start=1)
    return {
        f"criterion-{n}-{part}": text
        for n, (kind, most) in rows
        for part, text in (("name", kind), ("kind", kind), ("maximum", most))
    }


@pytest.mark.parametrize(
    ("dealing", "term", "found"),
    [
        ("lease", "20", []),
        ("lease", "20.5", ["term.too_long"]),
        ("", "21", ["term.too_long"]),
        ("four_wastes", "50", []),
        ("transfer", "50", []),
    ],
)
def test_a_village_lease_lasts_at_most_twenty_years(
    place: make.County, dealing: str, term: str, found: list[str]
) -> None:
    form = _form(place, POND, **{"dealing": dealing, "lot-1-term": term})
    assert _drafted(place, form) == found


def test_a_lease_of_state_property_has_the_same_limit_and_a_sale_has_none(
    place: make.County,
) -> None:
    form = _form(place, POND, **{"kind": "property", "lot-1-term": "30"})
    assert _drafted(place, form) == ["term.too_long"]
    assert _drafted(place, {**form, "dealing": "transfer"}) == []
    assert _drafted(place, {**form, "kind": "land", "dealing": ""}) == []


def test_too_long_a_lease_is_not_sent_for_review(place: make.County) -> None:
    form = _form(place, POND, **{"lot-1-term": "30"})
    now, agent = place.world.clock.now(), place.world.agent

    def send(session: Session) -> str:
        made = create_draft(session, agent, read_form(form), now=now)
        with pytest.raises(DomainError) as refused, speaking("en"):
            submit_for_review(session, agent, made.id, now=now)
        assert refused.value.code == "draft.unlawful"
        return str(refused.value.params["problem"])

    text = place.write(send)
    assert "30 years" in text
    assert "Civil Code" in text
    assert "705" in text


@pytest.mark.parametrize(
    ("dealing", "points", "found"),
    [
        ("goods", {"price": "30", "subjective": "70"}, []),
        ("goods", {"price": "29.5", "subjective": "70.5"}, ["weight.too_low"]),
        ("", {"price": "29", "subjective": "71"}, ["weight.too_low"]),
        ("services", {"price": "10", "subjective": "90"}, []),
        ("services", {"price": "9.5", "subjective": "90.5"}, ["weight.too_low"]),
        ("goods", {"subjective": "100"}, ["weight.too_low"]),
        ("goods", {"review": "1", "price": "30", "objective": "70"}, []),
        ("goods", {}, ["criteria.sum", "weight.too_low"]),
    ],
)
def test_the_price_of_a_procurement_weighs_what_the_law_wants(
    place: make.County, dealing: str, points: dict[str, str], found: list[str]
) -> None:
    assert _drafted(place, _form(place, LAPTOPS, dealing=dealing, **_points(**points))) == found


def test_the_law_sets_no_weight_where_nothing_is_scored_or_for_works(place: make.County) -> None:
    bare = _form(place, LAPTOPS, method="lowest_evaluated_price")
    assert _drafted(place, bare) == []
    works = _form(place, LAPTOPS, kind="construction", **_points(price="20", subjective="80"))
    assert _drafted(place, works) == []


def test_what_fits_the_kind_is_kept_and_nothing_else() -> None:
    form = {**POND, "organisation_id": "village"}
    draft = read_form({**form, "dealing": "transfer"})
    assert draft.facts["dealing"] == "transfer"
    assert read_form(fill_form(draft)) == draft
    assert from_json(as_json(draft)) == draft
    assert read_form(form).facts["dealing"] == "lease"
    assert read_form({**form, "kind": "property"}).facts["dealing"] == "lease"
    assert "dealing" not in read_form({**form, "kind": "land", "dealing": "lease"}).facts
    for wrong in ("goods", "gift"):
        with pytest.raises(DomainError) as refused:
            read_form({**form, "dealing": wrong})
        assert list(refused.value.fields) == ["dealing"]
    with pytest.raises(DomainError):
        read_form({**form, "kind": "property", "dealing": "four_wastes"})


def test_a_tender_that_says_nothing_has_the_usual_fact_of_its_kind(place: make.County) -> None:
    for (kind, direction), offered in DEALINGS.items():
        silent = Tender(kind=kind, direction=direction, facts={})
        assert dealing_of(silent) is offered[0]
        assert offered[0] in kind_row(kind.value).facts
    works = Tender(kind=Kind.VILLAGE, direction=Direction.PURCHASE, facts={"dealing": "lease"})
    assert dealing_of(works) is None
    tender = make.works_tender(place, kind=Kind.PROCUREMENT, facts={"dealing": "services"})
    facts = course_of(tender, now=make.START).facts
    assert facts == frozenset({"services"})


def test_an_amendment_keeps_it_and_cannot_change_it() -> None:
    tender = Tender(kind=Kind.VILLAGE, direction=Direction.DISPOSAL, facts={"dealing": "transfer"})
    apply(tender, (), {"text-payment": "按月支付"})
    assert dealing_of(tender) is Dealing.TRANSFER
    with pytest.raises(DomainError) as refused:
        refuse("dealing")
    assert refused.value.code == "amendment.forbidden"


def test_the_notice_and_the_public_facts_say_it_in_one_row(place: make.County) -> None:
    pond = make.lease(place, facts={"dealing": "four_wastes"})
    desks = make.works_tender(place, kind=Kind.PROCUREMENT)
    works = make.works_tender(place, kind=Kind.CONSTRUCTION)
    said: list[tuple[str | None, str | None]] = []
    with place.world.platform.database.read() as session, speaking("zh"):
        for made in (pond, desks, works):
            here = session.get_one(Tender, made.id)
            content = tender_notice(session, here, now=make.START, url="https://test.county/t")
            rows = dict(content.blocks[0].rows)
            shown = public_facts(session, here, now=make.START).facts["dealing"]
            said.append((rows.get("How it is given") or rows.get("What is bought"), shown))
    contract = "Contracting out (land, barren land)"
    assert said == [(contract, contract), ("Goods", "Goods"), (None, None)]


def test_a_draft_made_from_another_keeps_it(place: make.County) -> None:
    tender = make.lease(place, facts={"dealing": "transfer"})

    def again(session: Session) -> Dealing | None:
        draft = read_draft(session, session.get_one(Tender, tender.id))
        return dealing_of(create_draft(session, place.world.agent, draft, now=make.START))

    assert place.write(again) is Dealing.TRANSFER
