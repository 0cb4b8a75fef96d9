"""Screening again: what was unfinished or everything; decisions stay, nothing comes twice."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings.feeds import INDICATORS
from evaluation.findings.inputs.exhibits import Seen
from evaluation.findings.keeping import keep_found
from evaluation.findings.screening import run_screens, screened_lots
from evaluation.models import FindingDecision, FindingRow, ScreenRun, ScreenStatus
from evaluation.screens.finding import Finding, Strength
from evaluation.ticking import screen_opened
from tender.core.outbox import OutboxRow
from tender.ledger.models import LedgerEntry
from tender.procedure.models import Tender
from tests.evaluation import county as make
from tests.evaluation.twins import ADDRESS, PHONE, THIRD, TWINS, opened_lease

KNOWN = f'networks = ["{ADDRESS}/32"]\ncontacts = ["{PHONE}"]\n'


@pytest.fixture
def tender(place: make.County) -> Tender:
    """Three opened bids, two of them with much in common."""
    return opened_lease(place)


def _rows(place: make.County) -> dict[str, FindingRow]:
    rows = place.read(lambda session: session.scalars(select(FindingRow)).all())
    assert len({row.code for row in rows}) == len(rows)
    return {row.code: row for row in rows}


def _run(place: make.County) -> ScreenRun:
    run: ScreenRun = place.read(lambda session: session.scalars(select(ScreenRun)).one())
    return run


def _again(place: make.County, tender: Tender, what: str) -> int:
    url = f"/findings/{tender.id}/screens"
    return place.client(place.supervisor).post(url, data={"what": what}).status_code


def _known(place: make.County, text: str) -> None:
    (place.world.platform.settings.data / "known.toml").write_text(text, encoding="utf-8")


def _failed(place: make.County) -> set[str]:
    return {step["code"] for step in _run(place).progress if step.get("failed")}


def test_screens_that_failed_are_done_again_one_by_one_or_together(
    place: make.County, tender: Tender
) -> None:
    _known(place, "networks = 3")
    assert screen_opened(place.world.platform) == 1
    run_screens(place.world.platform, {"run": _run(place).id})
    assert _run(place).status is ScreenStatus.DONE
    failed = _failed(place)
    assert {"P2", "H5", "D1"} <= failed
    assert _rows(place) == {}
    desk = place.client(place.supervisor)
    page = desk.get(f"/findings/{tender.id}").get_data(as_text=True)
    assert page.count("未完成：") == len(failed)
    assert "重新筛查未完成的项目" in page
    assert "重新筛查" not in place.client(place.auditor).get(f"/findings/{tender.id}").get_data(
        True
    )
    (place.world.platform.settings.data / "known.toml").unlink()
    assert _again(place, tender, "T") == 422
    assert _again(place, tender, "P2") == 303
    progress = desk.get(f"/findings/{tender.id}/progress").get_json()
    assert (progress["status"], progress["done"]) == ("waiting", len(INDICATORS) - 1)
    run_screens(place.world.platform, {"run": _run(place).id})
    assert _failed(place) == failed - {"P2"}
    assert set(_rows(place)) == {"P2"}
    assert _again(place, tender, "unfinished") == 303
    make.finish_screening(place, _run(place).id)
    assert set(_rows(place)) == {"P2", "H5", "D1"}
    assert _again(place, tender, "unfinished") == 409


def test_nobody_but_its_supervisor_orders_and_not_while_it_runs(
    place: make.County, tender: Tender
) -> None:
    make.screen(place)
    url = f"/findings/{tender.id}/screens"
    for who in (place.auditor, place.clerk, place.bidders[TWINS[0]].actor):
        assert place.client(who).post(url, data={"what": "all"}).status_code == 403
    assert _again(place, tender, "all") == 303
    refused = place.client(place.supervisor).post(url, data={"what": "all"})
    assert refused.status_code == 409
    assert "筛查正在进行" in refused.get_data(as_text=True)

    def give_up(session: Session) -> None:
        orders = select(OutboxRow).where(OutboxRow.kind == "screens.run")
        for row in session.scalars(orders):
            row.failed_at = make.START

    place.write(give_up)
    page = place.client(place.supervisor).get(f"/findings/{tender.id}").get_data(as_text=True)
    assert "未能完成" in page
    assert _again(place, tender, "unfinished") == 303
    make.finish_screening(place, _run(place).id)
    orders = select(LedgerEntry.line).where(LedgerEntry.event == "screens.ordered")
    lines = place.read(lambda session: session.scalars(orders).all())
    assert len(lines) == 2
    assert not any(tender.id in line or tender.number in line for line in lines)


def test_after_the_lists_change_decisions_stay_and_what_is_gone_is_said(
    place: make.County, tender: Tender
) -> None:
    make.screen(place)
    before = _rows(place)
    desk, url = place.client(place.supervisor), f"/findings/{tender.id}"
    for code in ("D1", "H5"):
        form = {"decision": "confirmed", "reason": "已核对缴款凭证"}
        make.ok(desk.post(f"{url}/{before[code].id}/decide", data=form))
    assert "known.toml" not in desk.get(url).get_data(as_text=True)
    _known(place, KNOWN)
    assert "known.toml" in desk.get(url).get_data(as_text=True)
    for text, gone in ((KNOWN, {"P2", "H5"}), ("", set())):
        _known(place, text)
        assert _again(place, tender, "all") == 303
        make.finish_screening(place, _run(place).id)
        rows = _rows(place)
        assert {code: row.id for code, row in rows.items()} == {
            code: row.id for code, row in before.items()
        }
        assert {code for code, row in rows.items() if row.gone_at} == gone
        decided = {c for c, row in rows.items() if row.decision is FindingDecision.CONFIRMED}
        assert decided == {"D1", "H5"}
        page = desk.get(f"{url}/{rows['H5'].id}").get_data(as_text=True)
        assert ("未再出现" in page) == bool(gone)
        assert "已核对缴款凭证" in page


def test_only_a_stronger_sign_than_people_decided_about_is_put_before_them_anew(
    place: make.County, tender: Tender
) -> None:
    def keep(strength: Strength) -> int:
        seen = Seen(Finding("T1", strength, ("a", "b"), 1.0))
        with place.world.platform.database.write() as session:
            [lot] = screened_lots(session, tender.id)
            return keep_found(session, tender, lot, "T", [seen], now=place.world.clock.now())

    def decide(session: Session) -> None:
        row = session.scalars(select(FindingRow)).one()
        row.decision, row.reason, row.decided_at = FindingDecision.REJECTED, "查明", make.START

    assert [keep(Strength.C), keep(Strength.B)] == [1, 0]
    assert _rows(place)["T1"].strength == "B"
    place.write(decide)
    assert [keep(Strength.C), keep(Strength.B), keep(Strength.A), keep(Strength.A)] == [0, 0, 1, 0]
    rows = place.read(lambda session: session.scalars(select(FindingRow)).all())
    assert {(row.strength, row.decision.value) for row in rows} == {
        ("B", "rejected"),
        ("A", "open"),
    }
    assert json.loads(json.dumps(rows[0].content))["bidders"] == ["a", "b"]


def test_what_an_unfinished_screen_did_not_find_is_not_called_gone(
    place: make.County, tender: Tender
) -> None:
    def keep(*found: Seen, whole: bool) -> bool:
        with place.world.platform.database.write() as session:
            [lot] = screened_lots(session, tender.id)
            now = place.world.clock.now()
            keep_found(session, tender, lot, "P1", found, now=now, whole=whole)
            return session.scalars(select(FindingRow)).one().gone_at is not None

    seen = Seen(Finding("P1", Strength.A, ("a", "b"), 1.0))
    assert [keep(seen, whole=True), keep(whole=False), keep(whole=True)] == [False, False, True]
    assert not keep(seen, whole=False)


def test_the_list_is_narrowed_down_and_leads_from_one_that_waits_to_the_next(
    place: make.County, tender: Tender
) -> None:
    make.screen(place)
    rows, desk = _rows(place), place.client(place.supervisor)
    base = f"/findings/{tender.id}"

    def listed(query: str) -> set[str]:
        text = desk.get(f"{base}?{query}").get_data(as_text=True)
        return {code for code, row in rows.items() if f'id="{row.id}"' in text}

    assert listed("strength=C") == {"H5"}
    assert listed("code=D1&state=open") == {"D1"}
    assert listed(f"bidder={place.bidders[THIRD].organisation.id}") == set()
    assert listed("state=nonsense&strength=Z") == set(rows)
    order = [rows[code].id for code in ("D1", "P2", "H5")]
    text = desk.get(f"{base}/{order[0]}?state=open").get_data(as_text=True)
    assert f'rel="next" href="{base}/{order[1]}?state=open"' in text
    assert f'rel="prev" href="{base}/{order[2]}?state=open"' in text
    assert "另有2条待处理" in text
    form = {"decision": "rejected", "reason": "查明为同一代办公司"}
    answer = make.ok(desk.post(f"{base}/{order[1]}/decide?state=open", data=form))
    assert answer.location.endswith("?state=open")
    assert listed("state=open") == {"D1", "H5"}
    text = desk.get(f"{base}/{order[0]}").get_data(as_text=True)
    assert f'rel="next" href="{base}/{order[2]}"' in text
    assert "还有2条待处理" in desk.get(base).get_data(as_text=True)
