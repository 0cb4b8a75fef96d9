"""The demo county's past: tenders of all kinds, played on the sandbox clock up to now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from demo import panel, plans
from demo.client import Bidder
from demo.county import County
from demo.people import BUILDERS, company_name, credit_code, id_number, person_name
from demo.seed import Seeded
from demo.story import Story, form_moment
from tender.core.shanghai import SHANGHAI
from tender.procedure.models import Tender

BIDDERS = 8


def play_history(county: County, seeded: Seeded, start: datetime) -> Story:
    """Play sixty days; at the end the county's clock is the machine's."""
    county.set_clock(start - timedelta(days=60))
    story = Story(county, seeded)
    story.register_custodians(keys=60)
    bidders = [_bidder(county, number) for number in range(BIDDERS)]
    builders = [_builder(county, number) for number in range(6)]
    story.register_bidders([*bidders, *builders])
    early = [_lease(story, number, 40 - number) for number in (0, 1)]
    for tender in early:
        _bids(story, tender, bidders)
    for tender in (early[1], early[0]):
        story.open(tender)
        _to_award(story, tender)
    county.advance(days=2)
    _contract(story, early[1])
    story.reach(start - timedelta(days=31))
    works = story.publish(
        plans.works_form(story.seeded.organisations["清源县交通运输局"], _at(start, 4)),
        "clerk", "reviewer",
    )  # fmt: skip
    _bids(story, works, builders)
    story.reach(start - timedelta(days=14))
    failed = _simple(story, "旧粮仓出租", _at(start, 5), "8000")
    third = _lease(story, 2, 3)
    closing = _simple(story, "3号鱼塘承包经营权出租", start + timedelta(minutes=11), "12000")
    _bids(story, third, bidders)
    _bids(story, failed, bidders[:1])
    story.open(failed)
    story.open(works)
    story.open(third)
    agent = story.person(_agent_of(2))
    agent.post(f"/work/{third.id}/evaluation/run")
    panel.finish(story, third, agent)
    _running(story, start)
    _bids(story, closing, bidders[:5])
    _drafts(story, start)
    county.set_clock(datetime.now(UTC))
    story.close()
    return story


def _at(start: datetime, days_ago: int) -> datetime:
    moment = (start - timedelta(days=days_ago)).astimezone(SHANGHAI)
    return moment.replace(hour=9, minute=30, second=0, microsecond=0)


def _bidder(county: County, number: int) -> Bidder:
    natural = number % 2 == 1
    return Bidder(
        county.url, f"bidder{number + 1}", county.now, natural=natural,
        name=person_name(number) if natural else company_name(number),
        code=id_number(number) if natural else credit_code(number),
    )  # fmt: skip


def _builder(county: County, number: int) -> Bidder:
    return Bidder(
        county.url, f"builder{number + 1}", county.now, name=company_name(30 + number, BUILDERS),
        code=credit_code(500 + number),
    )  # fmt: skip


def _agent_of(case: int, second: bool = False) -> str:
    return ("agent2" if second else "agent") + ("" if case == 0 else f"-{case + 1}")


def _lease(story: Story, case_number: int, days_ago: int) -> Tender:
    case = plans.CASES[case_number]
    deadline = _at(datetime.now(UTC), days_ago - 1)
    form = plans.lease_form(case, story.seeded.organisations[case["village"]], deadline)
    return story.publish(form, _agent_of(case_number), _agent_of(case_number, second=True))


def _simple(story: Story, title: str, deadline: datetime, reserve: str, **more: str) -> Tender:
    village = plans.CASES[0]["village"]
    return story.publish(_form(story, title, deadline, reserve, village, **more), "agent", "agent2")


def _form(
    story: Story, title: str, deadline: datetime, reserve: str, owner: str, **more: str
) -> dict[str, str]:
    return {
        "title": f"{owner}{title}",
        "organisation_id": story.seeded.organisations[owner],
        "kind": "village",
        "direction": "DISPOSAL",
        "method": "sealed_highest_price",
        "deadline": form_moment(deadline),
        "decision": "村民代表会议表决通过",
        **plans.CONTACT,
        "lot-1-name": title,
        "lot-1-price_basis": "per_year",
        "lot-1-quantity": "1",
        "lot-1-unit": "处",
        "lot-1-term": "5",
        "lot-1-limit": reserve,
        **more,
    }


def _bids(story: Story, tender: Tender, bidders: list[Bidder]) -> None:
    for place, lot in enumerate(story.lots(tender.id)):
        limit = lot.limit_fen or 0
        for number, bidder in enumerate(bidders[: max(1, len(bidders) - place % 3)]):
            purchase = tender.direction.value == "PURCHASE"
            percent = -(5 + number * 2) if purchase else 4 + (number * 7 + place * 3) % 30
            story.bid(bidder, lot, plans.price(limit, percent))


def _to_award(story: Story, tender: Tender) -> None:
    case = next(number for number, case in enumerate(plans.CASES) if case["title"] in tender.title)
    agent = story.person(_agent_of(case))
    agent.post(f"/work/{tender.id}/evaluation/run")
    panel.finish(story, tender, agent)
    panel.award(story, tender, agent)


def _contract(story: Story, tender: Tender) -> None:
    agent = story.person(_agent_of(1))
    page = agent.get(f"/work/{tender.id}/evaluation").text
    for lot in story.lots(tender.id):
        if lot.status.value != "awarded" or lot.id not in page:
            continue
        total = story.award_total(lot.id)
        form = {
            "lot": lot.id,
            "signed_on": f"{story.county.now().astimezone(SHANGHAI) - timedelta(days=1):%Y-%m-%d}",
            "amount": f"{total // 100}.{total % 100:02d}",
        }
        agent.post(f"/work/{tender.id}/evaluation/contract", form)


def _running(story: Story, start: datetime) -> None:
    county = plans_county(story)
    common: dict[str, Any] = {"decision": "县人民政府批准"}
    for title, kind, method, direction, reserve, days in (
        ("城东片区工业用地使用权出让", "land", "sealed_highest_price", "DISPOSAL", "5200000", 32),
        ("国有门面房五年租赁权转让", "property", "sealed_highest_price", "DISPOSAL", "96000", 32),
        (
            "义务教育学校课桌椅采购",
            "procurement",
            "comprehensive_scoring",
            "PURCHASE",
            "880000",
            24,
        ),
    ):
        form = _form(story, title, _at(start, -days), reserve, county, **common)
        form |= {"kind": kind, "method": method, "direction": direction, "must_tender": "yes"}
        if direction == "PURCHASE":
            works = plans.works_form(form["organisation_id"], start)
            form |= {key: text for key, text in works.items() if key.startswith("criterion-")}
            form["lot-1-price_basis"] = "total"
        story.publish(form, "clerk", "reviewer")
    _simple(
        story, "村道硬化工程", _at(start, -9), "186000", direction="PURCHASE", method="lowest_price"
    )


def plans_county(story: Story) -> str:
    """The county centre's name among the seeded organisations."""
    return next(name for name in story.seeded.organisations if name.endswith("交易中心"))


def _drafts(story: Story, start: datetime) -> None:
    agent = story.person("agent")
    village = plans.CASES[0]["village"]
    agent.post("/work/new", _form(story, "茶园承包经营权出租", _at(start, -12), "24000", village))
    form = _form(story, "集体商铺出租", _at(start, -14), "15000", village)
    place = agent.post("/work/new", form).headers["location"]
    agent.post(f"{place}/submit")
    cancelled = _simple(story, "竹林采伐权转让", _at(start, -12), "30000")
    agent.post(f"/work/{cancelled.id}/cancel", {"reason": "村民代表会议决定调整方案后另行组织"})
