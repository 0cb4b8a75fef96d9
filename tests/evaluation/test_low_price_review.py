"""The review of abnormally low prices: who asks, answers, decides; what the result honours."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from evaluation.low_price.due import shares_of, watched_bids
from evaluation.low_price.models import LowPriceReview, ReviewStatus
from evaluation.models import Evaluation, PanelMember
from evaluation.panel.review import rejections_of
from evaluation.scoring.criteria import criteria_of
from keys.entries import parse_entry
from tender.core.actor import Actor
from tender.core.messages import InboxMessage
from tender.ledger.models import LedgerEntry
from tender.procedure.law.kinds import Kind, Method
from tender.procedure.models import Tender, TenderStatus
from tender.publication.models import IssuedDocument, Notice, NoticeKind
from tests.evaluation import county as make

PRICES = {
    "低价公司": 100_000_000,
    "乙公司": 300_000_000,
    "丙公司": 320_000_000,
    "丁公司": 310_000_000,
}
LOW = "低价公司"
WORDS = "自有设备闲置成本低廉"
VOTE = "材料报价单可信程度"


def _tender(place: make.County, **changes: Any) -> tuple[Tender, list[Actor]]:
    """A procurement tender, opened, with a seated panel of five."""
    make.add_experts(place, 6)
    columns = {"kind": Kind.PROCUREMENT, "title": "县医院影像设备采购", **changes}
    tender = make.works_tender(place, **columns)
    make.bid(place, tender, PRICES)
    make.open_all(place, tender)
    return tender, make.draw_panel(place, tender)


def _bid(place: make.County, tender: Tender, name: str = LOW) -> str:
    return make.bid_ids(place, tender)[name]


def _open(place: make.County, tender: Tender, who: Actor, name: str = LOW, **form: str) -> int:
    url = f"/panel/{tender.id}/low-price/{_bid(place, tender, name)}/open"
    return int(place.client(who).post(url, data={"minutes": "60", **form}).status_code)


def _review(place: make.County) -> LowPriceReview:
    found = place.read(lambda s: s.scalars(select(LowPriceReview)).one())
    assert isinstance(found, LowPriceReview)
    return found


def _answer(place: make.County, who: str = LOW, text: str = WORDS) -> int:
    data = {"text": text, "files": (io.BytesIO("成本测算".encode()), "成本测算.txt")}
    url = f"/low-price/{_review(place).id}"
    return int(place.client(place.bidders[who].actor).post(url, data=data).status_code)


def _vote(place: make.County, tender: Tender, who: Actor, explained: bool) -> int:
    url = f"/panel/{tender.id}/low-price/{_review(place).id}/vote"
    form = {"explained": "yes" if explained else "no", "reason": VOTE}
    return int(place.client(who).post(url, data=form).status_code)


def _score(place: make.County, tender: Tender, panel: list[Actor]) -> None:
    form = make.sheet_form(place, tender, dict.fromkeys(PRICES, ("30", "15")))
    for who in panel:
        answer = place.client(who).post(
            f"/panel/{tender.id}/sheet", data={**form, "act": "submit", "confirm": "yes"}
        )
        make.ok(answer)


def _run(place: make.County, tender: Tender) -> int:
    answer = place.client(place.clerk).post(f"/work/{tender.id}/evaluation/run")
    return int(answer.status_code)


def _ranking(place: make.County) -> Evaluation:
    found = place.read(lambda s: s.scalars(select(Evaluation)).one())
    assert isinstance(found, Evaluation)
    return found


def _text(place: make.County, who: Actor | None, url: str) -> str:
    answer = place.client(who).get(url)
    text: str = answer.get_data(as_text=True)
    return text


def _sign_and_award(place: make.County, tender: Tender, panel: list[Actor]) -> None:
    """The report with the review in it, and the award that reveals it."""
    for who in panel:
        make.ok(place.client(who).post(f"/panel/{tender.id}/report", data={"dissent": ""}))
    report = place.read(
        lambda s: s.scalars(
            select(IssuedDocument).where(IssuedDocument.kind == "evaluation_report")
        ).one()
    )
    [votes] = set(re.findall(r"[01](?: \+ [01]){4}", str(report.context)))
    assert sum(map(int, votes.split(" + "))) == 3
    (said,) = report.context["context"]["clarifications"]
    assert said["by"] == LOW
    assert WORDS in said["answer"]
    assert said["answer"].count(VOTE) == 5
    make.ok(place.client(place.clerk).post(f"/work/{tender.id}/evaluation/award"))
    public = _text(place, None, f"/tenders/{tender.number}")
    assert "异常低价审查" in public
    assert "说明成立，报价有效（3 / 5）" in public
    assert WORDS not in public
    revealed = place.read(
        lambda s: s.scalars(
            select(LedgerEntry).where(LedgerEntry.event == "low_price.revealed")
        ).one()
    )
    (row,) = parse_entry(revealed.line.encode()).fields["reviews"]
    assert row["decision"] == "accepted"
    assert len(row["entries"]) == 8


def test_a_procurement_lives_through_a_review_that_accepts_the_price(place: make.County) -> None:
    tender, panel = _tender(place)
    assert "必须审查" in _text(place, panel[0], f"/panel/{tender.id}/low-price")
    assert _open(place, tender, panel[0]) == 303
    low = place.bidders[LOW].actor
    task = place.read(
        lambda s: s.scalars(
            select(InboxMessage).where(InboxMessage.person_id == low.person_id)
        ).one()
    )
    assert task.due_at == place.world.clock.now() + timedelta(minutes=60)
    page = _text(place, low, task.link)
    assert "38.83" in page
    assert "20.00" in page
    assert _answer(place) == 303
    read = _text(place, panel[1], f"/panel/{tender.id}/low-price")
    assert WORDS in read
    with place.client(panel[1]).get(f"/low-price/{_review(place).id}/files/1") as file:
        assert file.get_data(as_text=True) == "成本测算"
        assert file.headers["Content-Disposition"].startswith("attachment")
    for number, who in enumerate(panel):
        assert _vote(place, tender, who, number < 3) == 303
    assert _review(place).status is ReviewStatus.ACCEPTED
    _score(place, tender, panel)
    assert WORDS in _text(place, place.clerk, f"/work/{tender.id}/evaluation")
    assert _run(place, tender) == 303
    found = _ranking(place)
    assert found.ranking[0]["name"] == LOW
    assert found.ranking[0]["scores"]["P1"] == "40.00"
    first = next(row["steps"] for row in found.steps if row["bid"] == found.ranking[0]["bid"])
    assert [step["result"] for step in first[:4]] == ["38.83", "33.33", "20.00", "3"]
    _sign_and_award(place, tender, panel)


def test_a_price_that_most_find_unexplained_makes_the_bid_invalid_and_sets_no_base(
    place: make.County,
) -> None:
    tender, panel = _tender(place)
    make_asked = _open(place, tender, panel[2])
    assert make_asked == 303
    assert _answer(place) == 303
    for number, who in enumerate(panel):
        assert _vote(place, tender, who, number < 2) == 303
    assert _review(place).status is ReviewStatus.REFUSED
    _score(place, tender, panel)
    assert _run(place, tender) == 303
    ranking = {row["name"]: row for row in _ranking(place).ranking}
    assert LOW not in ranking
    assert ranking["乙公司"]["scores"]["P1"] == "40.00"
    make.ok(place.client(place.clerk).post(f"/work/{tender.id}/evaluation/award"))
    notice = place.read(
        lambda s: s.scalars(select(Notice).where(Notice.kind == NoticeKind.RESULT)).one()
    )
    words = str(notice.blocks)
    assert "投标人不能证明其报价合理性" in words
    assert "第60条" in words
    own = _text(place, place.bidders[LOW].actor, f"/results/{tender.id}")
    assert "不能证明其报价合理性" in own
    assert "说明不成立" in _text(place, place.bidders[LOW].actor, f"/low-price/{_review(place).id}")


def test_nothing_is_ranked_before_the_review_is_decided(place: make.County) -> None:
    tender, panel = _tender(place)
    _score(place, tender, panel)
    assert _run(place, tender) == 409
    assert _open(place, tender, panel[0]) == 303
    assert _run(place, tender) == 409
    assert _vote(place, tender, panel[0], True) == 409
    place.world.clock.advance(minutes=61)
    for who in panel:
        assert _vote(place, tender, who, False) == 303
    assert _run(place, tender) == 303
    assert place.tender(tender.id).status is TenderStatus.EVALUATED


def test_a_bidder_explains_once_in_time_and_nobody_else_does(place: make.County) -> None:
    tender, panel = _tender(place)
    assert _open(place, tender, panel[0], minutes="29") == 422
    assert _open(place, tender, panel[0], minutes="x") == 422
    assert _open(place, tender, panel[0], minutes="30") == 303
    assert _open(place, tender, panel[1]) == 409
    review = _review(place)
    for who in (place.bidders["乙公司"].actor, place.bidders["丙公司"].actor):
        assert place.client(who).get(f"/low-price/{review.id}").status_code == 404
        assert place.client(who).get(f"/low-price/{review.id}/files/1").status_code == 404
    assert _answer(place, "乙公司") == 404
    assert _answer(place, text=" ") == 422
    place.world.clock.advance(minutes=30)
    assert _answer(place) == 409
    assert _review(place).answer is None


def test_an_answer_stands_and_a_vote_is_cast_once(place: make.County) -> None:
    tender, panel = _tender(place)
    assert _open(place, tender, panel[0]) == 303
    assert _answer(place) == 303
    assert _answer(place) == 409
    url = f"/panel/{tender.id}/low-price/{_review(place).id}/vote"
    bare = place.client(panel[0]).post(url, data={"explained": "no", "reason": " "})
    assert bare.status_code == 422
    assert _vote(place, tender, panel[0], False) == 303
    assert _vote(place, tender, panel[0], True) == 409
    outsider = next(who for who in place.experts if who not in panel)
    assert _vote(place, tender, outsider, True) == 404
    shown = _text(place, panel[1], f"/panel/{tender.id}/low-price")
    assert VOTE not in shown


def test_the_panels_judgement_opens_a_review_only_by_the_majority(place: make.County) -> None:
    tender, panel = _tender(place)
    assert _open(place, tender, panel[0], "乙公司") == 422
    for who in panel[:2]:
        assert _open(place, tender, who, "乙公司", reason="低于成本") == 303
    assert _open(place, tender, panel[0], "乙公司", reason="低于成本") == 409
    assert place.read(lambda s: s.scalars(select(LowPriceReview)).all()) == []
    assert _open(place, tender, panel[2], "乙公司", reason="设备单价过低") == 303
    assert _review(place).triggers == []
    assert "设备单价过低" in _text(
        place, place.bidders["乙公司"].actor, f"/low-price/{_review(place).id}"
    )


def test_the_clerk_cannot_reject_for_a_low_price(place: make.County) -> None:
    tender, _ = _tender(place)
    form = {"bid": _bid(place, tender), "ground": "low_price", "reason": "报价太低"}
    answer = place.client(place.clerk).post(f"/work/{tender.id}/evaluation/reject", data=form)
    assert answer.status_code == 422
    assert place.read(lambda s: rejections_of(s, tender.id)) == {}


def test_before_the_result_nothing_of_it_reaches_other_bidders_or_the_public(
    place: make.County,
) -> None:
    tender, panel = _tender(place)
    assert _open(place, tender, panel[0], reason="请说明人工成本构成") == 303
    assert _answer(place) == 303
    for who in panel:
        assert _vote(place, tender, who, False) == 303
    _score(place, tender, panel)
    assert _run(place, tender) == 303
    review = _review(place)
    canaries = (review.id, WORDS, VOTE, "请说明人工成本构成", "low_price", "异常低价")
    other = place.bidders["乙公司"].actor
    outsider = next(who for who in place.experts if who not in panel)
    values = {
        "tender_id": tender.id, "number": tender.number, "review_id": review.id,
        "bid_id": review.bid_id, "place": 1, "year": 2026, "seq": 1,
    }  # fmt: skip
    urls = []
    with place.app.test_request_context():
        for rule in place.app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and rule.endpoint != "static":
                built = rule.build({name: values.get(name, "x") for name in rule.arguments})
                urls += [built[1]] if built else []
    pages = {
        (who, url): _text(place, who, url).replace(url, "")
        for who in (None, other, outsider)
        for url in urls
    }
    leaks = [(at, word) for at, text in pages.items() for word in canaries if word in text]
    assert leaks == []
    assert WORDS in _text(place, panel[0], f"/panel/{tender.id}/low-price")
    events = place.read(
        lambda s: s.scalars(select(LedgerEntry.event).where(LedgerEntry.subject == tender.id)).all()
    )
    assert not [event for event in events if "price" in event or event == "rejection.made"]


def test_staff_see_who_is_asked_only_once_all_sheets_are_submitted(place: make.County) -> None:
    tender, panel = _tender(place)
    assert _open(place, tender, panel[0]) == 303
    assert _answer(place) == 303
    url = f"/work/{tender.id}/evaluation"
    for who in (place.clerk, place.supervisor):
        assert WORDS not in _text(place, who, url)
        assert "有1个报价待评标委员会审查" in _text(place, who, url)
        file = f"/low-price/{_review(place).id}/files/1"
        assert place.client(who).get(file).status_code == 404
    _score(place, tender, panel)
    assert WORDS in _text(place, place.supervisor, url)
    with place.client(place.supervisor).get(f"/low-price/{_review(place).id}/files/1") as answer:
        assert answer.status_code == 200


def test_works_and_honest_prices_know_no_review(place: make.County) -> None:
    make.add_experts(place, 6)
    tender = make.works_tender(place)
    make.bid(place, tender, PRICES)
    make.open_all(place, tender)
    panel = make.draw_panel(place, tender)
    now = place.world.clock.now()
    assert place.read(lambda s: watched_bids(s, s.get_one(Tender, tender.id), now=now)) == []
    assert "不适用" in _text(place, panel[0], f"/panel/{tender.id}/low-price")


def test_the_documents_may_raise_the_shares_up_to_the_laws_bound(place: make.County) -> None:
    raised = make.works_tender(
        place, kind=Kind.PROCUREMENT, method_parameters={"low_price_percent": "60"}
    )
    beyond = make.works_tender(
        place, kind=Kind.PROCUREMENT, method_parameters={"low_price_percent": "80"}
    )
    now = place.world.clock.now()

    def shares(tender: Tender) -> Decimal:
        found = place.read(lambda s: shares_of(s.get_one(Tender, tender.id), now=now))
        assert found is not None
        return Decimal(found.mean.numerator) / Decimal(found.mean.denominator)

    assert shares(raised) == Decimal("0.6")
    assert shares(beyond) == Decimal("0.5")


def test_blind_bids_are_reviewed_after_the_sheets(place: make.County) -> None:
    tender, panel = _tender(place, method_parameters={"blind": True})
    assert place.client(panel[0]).get(f"/panel/{tender.id}/low-price").status_code == 409
    assert _open(place, tender, panel[0]) == 409
    _score(place, tender, panel)
    assert _open(place, tender, panel[0]) == 303


def test_the_lowest_price_method_asks_for_a_panel_when_a_price_must_be_reviewed(
    place: make.County,
) -> None:
    make.add_experts(place, 6)
    tender = make.works_tender(place, kind=Kind.PROCUREMENT, method=Method.LOWEST_EVALUATED_PRICE)
    make.bid(place, tender, PRICES)
    make.open_all(place, tender)
    assert _run(place, tender) == 409
    assert place.read(lambda s: criteria_of(s, tender.id)) == []
    panel = make.draw_panel(place, tender)
    assert _open(place, tender, panel[0]) == 303
    assert _answer(place) == 303
    for who in panel:
        assert _vote(place, tender, who, True) == 303
        data = {"act": "submit", "confirm": "yes"}
        make.ok(place.client(who).post(f"/panel/{tender.id}/sheet", data=data))
    assert _run(place, tender) == 303
    assert _ranking(place).ranking[0]["name"] == LOW


def test_a_replaced_members_vote_is_void(place: make.County) -> None:
    tender, panel = _tender(place)
    assert _open(place, tender, panel[0]) == 303
    assert _answer(place) == 303
    for who in panel[:4]:
        assert _vote(place, tender, who, True) == 303
    decline = {"kind": "declined", "reason": "突发疾病"}
    make.ok(place.client(panel[0]).post(f"/panel/{tender.id}/decline", data=decline))
    assert _vote(place, tender, panel[4], True) == 303
    assert _review(place).status is ReviewStatus.ANSWERED
    seats = place.read(lambda s: s.scalars(select(PanelMember.person_id)).all())
    after = next(who for who in place.experts if who.person_id in seats and who not in panel)
    make.ok(place.client(after).post(f"/panel/{tender.id}/confirm", data={"no_conflict": "yes"}))
    assert _vote(place, tender, after, True) == 303
    assert _review(place).status is ReviewStatus.ACCEPTED
