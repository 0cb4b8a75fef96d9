"""The panel: a draw that nobody steers, answers, replacements, and names that stay secret."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import select

from evaluation.models import MemberStatus, PanelDraw, PanelMember
from evaluation.panel.drawing import CONTRIBUTION, Quotas, draw
from evaluation.panel.panel import draw_of
from evaluation.panel.pool import read_parties, read_pool
from keys.encoding import canonical, sha256_hex, unb64u
from tender.core.actor import Actor
from tender.core.messages import InboxMessage
from tender.ledger.models import LedgerEntry
from tender.ledger.ticking import sign_if_grown
from tender.procedure.models import Tender
from tests.evaluation import county as make

PRICES = {f"投标人{n}": 300_000_000 + n * 1_000_000 for n in range(1, 6)}


def _opened(place: make.County) -> Tender:
    tender = make.works_tender(place)
    make.bid(place, tender, PRICES)
    make.open_all(place, tender)
    return tender


def _draw(place: make.County, tender: Tender) -> PanelDraw:
    found = place.read(lambda session: draw_of(session, tender.id))
    assert isinstance(found, PanelDraw)
    return found


def _entry(place: make.County, event: str) -> dict[str, object]:
    line = place.read(
        lambda session: session.scalars(
            select(LedgerEntry.line).where(LedgerEntry.event == event)
        ).one()
    )
    found: dict[str, object] = json.loads(line)
    return found


def test_a_stranger_computes_the_same_panel_from_what_the_result_reveals(
    place: make.County,
) -> None:
    make.add_experts(place, 12)
    tender = _opened(place)
    drawn = make.draw_panel(place, tender)
    made = _draw(place, tender)
    frozen = _entry(place, "pool.frozen")
    assert frozen["pool_sha256"] == sha256_hex(canonical(made.pool))
    assert frozen["commitment"] == sha256_hex(unb64u(made.secret))
    again = draw(
        read_pool(made.pool),
        {each["contributor"]: unb64u(each["value"], CONTRIBUTION) for each in made.contributions},
        Quotas(made.quotas),
        read_parties(made.parties),
        on=date(2026, 12, 26),
        years=3,
    )
    assert again.seed == made.seed
    assert set(again.members) == {who.person_id for who in drawn}
    assert [each["contributor"] for each in made.contributions] == ["tenderer", "centre", "ledger"]


def test_the_draw_waits_until_the_ledger_has_signed_the_frozen_pool(place: make.County) -> None:
    make.add_experts(place, 8)
    tender = _opened(place)
    clerk, base = place.client(place.clerk), f"/work/{tender.id}/evaluation"
    make.ok(clerk.post(f"{base}/pool", data={"speciality": "A03", "size": "5"}))
    assert clerk.post(f"{base}/draw", data={"words": "掷骰子 1 2 3"}).status_code == 409
    sign_if_grown(place.world.platform)
    assert clerk.post(f"{base}/draw", data={"words": "短"}).status_code == 422
    make.ok(clerk.post(f"{base}/draw", data={"words": "掷骰子 1 2 3"}))


def test_supervision_contributes_once_and_its_words_change_the_seed(place: make.County) -> None:
    make.add_experts(place, 8)
    tender = _opened(place)
    clerk, base = place.client(place.clerk), f"/work/{tender.id}/evaluation"
    make.ok(clerk.post(f"{base}/pool", data={"speciality": "A03", "size": "5"}))
    supervisor = place.client(place.supervisor)
    sign_if_grown(place.world.platform)
    make.ok(clerk.post(f"{base}/words", data={"words": "掷骰子 1 2 3"}))
    make.ok(supervisor.post(f"{base}/words", data={"words": "今天是晴天" + "很好"}))
    assert supervisor.post(f"{base}/words", data={"words": "再来一次不行的"}).status_code == 409
    make.ok(clerk.post(f"{base}/draw"))
    names = [each["contributor"] for each in _draw(place, tender).contributions]
    assert names == ["tenderer", "supervision", "centre", "ledger"]


def test_who_knows_the_centres_bytes_cannot_try_words_after_supervision_has_spoken(
    place: make.County,
) -> None:
    make.add_experts(place, 8)
    tender = _opened(place)
    clerk, base = place.client(place.clerk), f"/work/{tender.id}/evaluation"
    supervisor = place.client(place.supervisor)
    make.ok(clerk.post(f"{base}/pool", data={"speciality": "A03", "size": "5"}))
    sign_if_grown(place.world.platform)
    early = supervisor.post(f"{base}/words", data={"words": "今天是晴天很好"})
    assert early.status_code == 409
    make.ok(clerk.post(f"{base}/words", data={"words": "掷骰子 1 2 3"}))
    make.ok(supervisor.post(f"{base}/words", data={"words": "今天是晴天很好"}))
    for path in ("words", "draw"):
        tried = clerk.post(f"{base}/{path}", data={"words": "试出来的一句话"})
        assert tried.status_code == 409
    make.ok(clerk.post(f"{base}/draw"))


def test_nobody_speaks_before_the_root_that_joins_the_draw_is_signed(place: make.County) -> None:
    make.add_experts(place, 8)
    tender = _opened(place)
    clerk, base = place.client(place.clerk), f"/work/{tender.id}/evaluation"
    make.ok(clerk.post(f"{base}/pool", data={"speciality": "A03", "size": "5"}))
    # A centre that holds checkpoints back could otherwise choose the root when it knows all words.
    assert clerk.post(f"{base}/words", data={"words": "掷骰子 1 2 3"}).status_code == 409
    sign_if_grown(place.world.platform)
    make.ok(clerk.post(f"{base}/words", data={"words": "掷骰子 1 2 3"}))
    make.ok(clerk.post(f"{base}/draw"))
    (ledger,) = [e for e in _draw(place, tender).contributions if e["contributor"] == "ledger"]
    seq = _entry(place, "draw.contributed")["seq"]
    assert isinstance(seq, int)
    assert seq >= ledger["size"]


def test_who_works_for_a_bidder_is_never_seated(place: make.County) -> None:
    make.add_experts(place, 5)
    make.add_experts(place, 3, employer="投标人1")
    tender = _opened(place)
    drawn = make.draw_panel(place, tender)
    assert {who.name for who in drawn} == {f"专家{n:02d}" for n in range(1, 6)}
    outcomes = {each["expert"]: each["outcome"] for each in _draw(place, tender).order}
    barred = {who.person_id for who in place.experts[5:]}
    assert {outcomes[person] for person in barred} == {"recused"}


@pytest.mark.parametrize(("experts", "size", "status"), [(4, 5, 409), (9, 4, 422), (9, 6, 422)])
def test_a_pool_that_is_too_small_or_a_panel_that_is_unlawful_is_refused_before_the_draw(
    place: make.County, experts: int, size: int, status: int
) -> None:
    make.add_experts(place, experts)
    tender = _opened(place)
    form = {"speciality": "A03", "size": str(size)}
    answer = place.client(place.clerk).post(f"/work/{tender.id}/evaluation/pool", data=form)
    assert answer.status_code == status
    assert place.read(lambda session: draw_of(session, tender.id)) is None


def test_who_declines_is_replaced_by_the_next_in_the_order(place: make.County) -> None:
    make.add_experts(place, 7)
    tender = _opened(place)
    drawn = make.draw_panel(place, tender)
    leaving = place.client(drawn[0])
    form = {"kind": "recused", "reason": "近亲属在投标人处任职"}
    make.ok(leaving.post(f"/panel/{tender.id}/decline", data=form))
    order = _draw(place, tender).order
    seated = [each["expert"] for each in order if each["outcome"] == "seated"]
    kept = {who.person_id for who in drawn[1:]}
    assert kept < set(seated)
    assert drawn[0].person_id not in seated
    new = (set(seated) - kept).pop()
    first_free = next(
        each["expert"] for each in order if each["expert"] not in {w.person_id for w in drawn}
    )
    assert new == first_free
    tasks = place.read(
        lambda session: session.scalars(
            select(InboxMessage).where(
                InboxMessage.person_id == new, InboxMessage.due_at.is_not(None)
            )
        ).all()
    )
    assert len(tasks) == 1


def test_nobody_but_the_drawn_has_a_desk_and_no_page_or_ledger_line_names_them(
    place: make.County,
) -> None:
    make.add_experts(place, 8)
    tender = _opened(place)
    drawn = make.draw_panel(place, tender)
    others = [who for who in place.experts if who not in drawn]
    assert {place.client(who).get(f"/panel/{tender.id}").status_code for who in others} == {404}
    readers: list[Actor | None] = [
        None,
        place.clerk,
        place.supervisor,
        place.auditor,
        place.world.agent,
    ]
    for who in readers:
        for url in (f"/work/{tender.id}/evaluation", f"/tenders/{tender.number}", "/ledger"):
            text = place.client(who).get(url).get_data(as_text=True)
            assert not any(member.name in text for member in drawn), (who, url)
    lines = place.read(
        lambda session: "\n".join(
            session.scalars(select(LedgerEntry.line).where(LedgerEntry.subject == tender.id))
        )
    )
    assert not any(member.person_id in lines for member in drawn)
    made = _draw(place, tender)
    assert made.seed not in lines
    assert made.secret not in lines


def test_seats_carry_ids_that_tell_no_person(place: make.County) -> None:
    make.add_experts(place, 6)
    tender = _opened(place)
    make.draw_panel(place, tender)
    seats = place.read(lambda session: session.scalars(select(PanelMember)).all())
    actors = place.read(
        lambda session: set(
            session.scalars(
                select(LedgerEntry.actor).where(LedgerEntry.event == "panel.member_seated")
            )
        )
    )
    assert actors == {seat.id for seat in seats}
    assert {seat.status for seat in seats} == {MemberStatus.SEATED}
