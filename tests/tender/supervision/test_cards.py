"""Acts on cards: explained, accepted, sent back; who may, in which place, how often, how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tender.accounts.permissions import GRANTS, Permission
from tender.core.actor import Actor, Role
from tender.core.errors import DomainError
from tender.ledger.models import LedgerEntry, PrivateData
from tender.supervision import cards
from tender.supervision.milestones import Terms
from tender.supervision.models import CardExplanation, CardStatus, Holder
from tests.tender.supervision.place import DUE, TEXT, Place


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, f"sqlite:///{tmp_path / 't.sqlite'}")
    yield made
    made.world.platform.database.close()


def _code(refused: pytest.ExceptionInfo[DomainError]) -> str:
    return refused.value.code


def test_explained_sent_back_explained_again_accepted_and_all_of_it_kept(small: Place) -> None:
    small.schedule()
    small.at(DUE + timedelta(hours=1))
    small.explain()
    assert [each.done_at is None for each in small.told("agent")] == [False]
    assert len(small.told("township")) == len(small.told("county")) == 1
    small.decide(reason="请附公示截图")
    small.explain(text=f"{TEXT}截图见附件。", version=2)
    small.decide("township")
    assert small.card().status is CardStatus.ACCEPTED
    first, second = sorted(small.rows(CardExplanation), key=lambda each: each.version)
    assert (first.accepted, first.reason) == (False, "请附公示截图")
    assert (second.accepted, second.reason) == (True, None)
    events = [each.event for each in small.rows(LedgerEntry) if each.event.startswith("card.")]
    assert events == [
        "card.issued", "card.explained", "card.returned", "card.explained", "card.accepted",
    ]  # fmt: skip
    lines = "".join(each.line for each in small.rows(LedgerEntry))
    assert "截图" not in lines
    assert "延误" not in lines
    kept = [each.data for each in small.rows(PrivateData)]
    assert {"text": TEXT} in kept
    assert {"reason": "请附公示截图"} in kept


def test_one_explanation_for_each_version(small: Place) -> None:
    small.schedule()
    small.at(DUE + timedelta(hours=1))
    for version in (0, 2):
        with pytest.raises(DomainError) as refused:
            small.explain(version=version)
        assert _code(refused) == "card.version"
    small.explain()
    for version in (1, 2):
        with pytest.raises(DomainError) as refused:
            small.explain("clerk", version=version)
        assert _code(refused) in ("card.version", "state.not_allowed")
    assert len(small.rows(CardExplanation)) == 1


@pytest.mark.parametrize("text", ["", " " * 40, "太短了", "长" * 2001])
def test_an_explanation_has_its_limits(small: Place, text: str) -> None:
    small.schedule()
    small.at(DUE + timedelta(hours=1))
    with pytest.raises(DomainError) as refused:
        small.explain(text=text)
    assert refused.value.fields.keys() == {"text"}
    assert small.card().status is CardStatus.OPEN


def test_only_what_is_explained_can_be_decided_and_only_with_a_reason_sent_back(
    small: Place,
) -> None:
    small.schedule()
    small.at(DUE + timedelta(hours=1))
    with pytest.raises(DomainError) as refused:
        small.decide()
    assert _code(refused) == "card.not_explained"
    small.explain()
    with pytest.raises(DomainError) as refused:
        small.decide(reason=" ")
    assert refused.value.fields.keys() == {"reason"}
    small.decide()
    with pytest.raises(DomainError):
        small.decide()
    with pytest.raises(DomainError):
        small.explain(version=2)


@pytest.mark.parametrize("who", ["county", "township", "auditor", "finance", "other agent"])
def test_others_than_the_unit_do_not_explain_its_cards(small: Place, who: str) -> None:
    small.schedule()
    small.at(DUE + timedelta(hours=1))
    with pytest.raises(DomainError) as refused:
        small.explain(who)
    assert _code(refused) in ("forbidden", "card.not_yours")


@pytest.mark.parametrize("who", ["agent", "clerk", "auditor", "other"])
def test_others_than_the_supervisors_of_the_place_do_not_decide(small: Place, who: str) -> None:
    small.schedule()
    small.at(DUE + timedelta(hours=1))
    small.explain()
    for reason in (None, "请补充"):
        with pytest.raises(DomainError) as refused:
            small.decide(who, reason)
        assert _code(refused) == "forbidden"


def test_a_supervisor_does_not_accept_his_own_explanation(small: Place) -> None:
    small.schedule(terms=Terms(holder=Holder.SUPERVISION))
    small.at(DUE + timedelta(hours=1))
    small.explain("county")
    with pytest.raises(DomainError) as refused:
        small.decide("county")
    assert _code(refused) == "duties.separate"
    small.decide("township")


def test_a_card_is_read_in_its_place_only(small: Place) -> None:
    small.schedule()
    small.at(DUE + timedelta(hours=1))
    card_id = small.card().id
    may = {}
    with small.world.platform.database.read() as session:
        for who, actor in small.people.items():
            try:
                cards.readable(session, actor, card_id)
                may[who] = True
            except DomainError:
                may[who] = False
    assert [who for who, allowed in may.items() if allowed] == [
        "agent", "clerk", "county", "township", "auditor",
    ]  # fmt: skip


def _done(small: Place, who: str, code: str, words: str = "已于当日电汇退还") -> None:
    actor, duty, now = small.people[who], small.duty(code), small.world.clock.now()
    small.write(lambda session: cards.record_done(session, actor, duty.id, words, now=now))


def test_what_is_done_outside_is_noted_by_those_whose_duty_it_is(small: Place) -> None:
    bonds = Terms(holder=Holder.FINANCE, pausable=True, by_hand=True)
    small.schedule("bonds", terms=bonds)
    small.schedule("contract")
    for who in ("agent", "county", "auditor", "other agent"):
        with pytest.raises(DomainError):
            _done(small, who, "bonds")
    with pytest.raises(DomainError) as refused:
        _done(small, "clerk", "contract")
    assert _code(refused) == "duty.by_platform"
    _done(small, "finance", "bonds")
    assert small.duty("bonds").note == "已于当日电汇退还"
    with pytest.raises(DomainError) as refused:
        _done(small, "finance", "bonds")
    assert _code(refused) == "duty.not_open"


def test_only_the_roles_of_the_grant_table_touch_cards() -> None:
    assert [role for role, may in GRANTS.items() if Permission.CARD_DECIDE in may] == [
        Role.SUPERVISOR
    ]
    explaining = {role for role, may in GRANTS.items() if Permission.CARD_EXPLAIN in may}
    assert explaining == {
        Role.TOWNSHIP_AGENT, Role.COUNTY_CLERK, Role.FINANCE, Role.SUPERVISOR,
    }  # fmt: skip
    assert not {
        permission for permission in GRANTS[Role.AUDITOR] if permission.value.endswith("decide")
    }


def _nobody() -> Actor:
    return Actor("x", "x", Role.BIDDER, "x", "x", "x", "/x/")


def test_a_bidder_learns_nothing_of_cards(small: Place) -> None:
    small.schedule()
    small.at(DUE + timedelta(hours=1))
    with (
        small.world.platform.database.read() as session,
        pytest.raises(DomainError) as refused,
    ):
        cards.readable(session, _nobody(), small.card().id)
    assert _code(refused) == "forbidden"
