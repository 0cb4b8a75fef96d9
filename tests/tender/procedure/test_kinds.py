"""The five kinds as data."""

from datetime import date

import pytest

from tender.procedure.law.kinds import (
    Direction,
    Kind,
    Method,
    OpeningForm,
    Price,
    kind_row,
    kinds,
    minimum_bidders,
    read_kinds,
)
from tender.procedure.law.law import NoRule, law
from tender.procedure.law.rules import Override
from tender.procedure.timeline.milestones import MilestoneCode

NOW = date(2026, 12, 1)


def test_the_five_kinds_and_their_directions():
    assert {code: row.directions for code, row in kinds().items()} == {
        Kind.CONSTRUCTION: (Direction.PURCHASE,),
        Kind.PROCUREMENT: (Direction.PURCHASE,),
        Kind.LAND: (Direction.DISPOSAL,),
        Kind.PROPERTY: (Direction.DISPOSAL,),
        Kind.VILLAGE: (Direction.DISPOSAL, Direction.PURCHASE),
    }


@pytest.mark.parametrize(
    ("kind", "direction", "default"),
    [
        ("construction", Direction.PURCHASE, Method.COMPREHENSIVE_SCORING),
        ("procurement", Direction.PURCHASE, Method.COMPREHENSIVE_SCORING),
        ("land", Direction.DISPOSAL, Method.SEALED_HIGHEST_PRICE),
        ("property", Direction.DISPOSAL, Method.SEALED_HIGHEST_PRICE),
        ("village", Direction.DISPOSAL, Method.SEALED_HIGHEST_PRICE),
        ("village", Direction.PURCHASE, Method.LOWEST_PRICE),
    ],
)
def test_each_direction_has_its_default_method(kind, direction, default):
    assert kind_row(kind).choices(direction, NOW)[0].code is default


def test_disposals_never_prefer_the_lower_price():
    for row in kinds().values():
        for method in row.methods:
            wanted = Price.HIGHEST if method.direction is Direction.DISPOSAL else Price.LOWEST
            assert method.price is wanted
            assert method.direction in row.directions


def test_methods_are_dated_and_cited():
    for row in kinds().values():
        for method in row.methods:
            assert method.articles
            assert not method.in_force(date(1999, 1, 1))
            assert method.opening in OpeningForm
    assert kind_row("procurement").choices(Direction.PURCHASE, date(2010, 1, 1)) == ()


def test_every_course_runs_from_the_notice_to_the_contract():
    for row in kinds().values():
        for direction in row.directions:
            names = [MilestoneCode(stage.milestone) for stage in row.flow(direction)]
            assert names[0] is MilestoneCode.NOTICE
            assert MilestoneCode.CONTRACT in names
            assert len(names) == len(set(names))


def test_a_kind_has_only_its_own_methods():
    with pytest.raises(KeyError):
        kind_row("village").method("auction", Direction.DISPOSAL)
    with pytest.raises(KeyError):
        kind_row("construction").flow(Direction.DISPOSAL)
    with pytest.raises(ValueError):
        kind_row("lottery")


def needed(documents: int | None = None, **override) -> int:
    return minimum_bidders(
        law(),
        "village",
        direction=Direction.DISPOSAL,
        method="sealed_highest_price",
        on=NOW,
        documents=documents,
        **override,
    )[0]


def test_a_village_default_of_three_yields_to_the_documents():
    assert needed() == 3
    assert needed(1) == 1
    assert needed(0) == 1
    aside = {"minimum_bidders_village_disposal": Override("county rule", set_aside=True)}
    with pytest.raises(NoRule):
        needed(overrides=aside)


def test_the_laws_three_bidders_can_be_raised_but_not_lowered():
    for documents, expected in ((None, 3), (2, 3), (5, 5)):
        number, rule = minimum_bidders(
            law(),
            "construction",
            direction=Direction.PURCHASE,
            method="comprehensive_scoring",
            on=NOW,
            documents=documents,
        )
        assert number == expected
        assert "TBL 28" in {str(article) for article in rule.articles}


def test_a_course_that_follows_nothing_is_refused():
    row = {
        "name": "x",
        "directions": ["PURCHASE"],
        "facts": [],
        "flow": {"PURCHASE": [["notice", ""], ["award", "deadline"]]},
        "methods": [],
    }
    with pytest.raises(ValueError, match="does not stand before"):
        read_kinds({"land": row}, law())
