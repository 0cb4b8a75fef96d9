"""The demo county's past: tenders of all kinds, played on the sandbox clock up to now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from demo import equipment, low_price, market, panel, plans, works
from demo.bidders import builder, supplier, villager
from demo.client import Bidder
from demo.county import County
from demo.people import agent_login
from demo.seed import Seeded
from demo.story import Story, morning
from tender.core.shanghai import SHANGHAI
from tender.procedure.models import Lot, Tender

BIDDERS, BUILDERS, SUPPLIERS = 8, 6, 5
PAIR, PAIR_PHONE = (2, 4), "13807390026"  # builders whose bids are from one hand
CHEAP, CHEAP_MILLIONTHS = 3, -563_118  # the supplier who must explain its price


def play_history(county: County, seeded: Seeded, start: datetime) -> Story:
    """Play sixty days; at the end the county's clock is the machine's."""
    county.set_clock(start - timedelta(days=60))
    story = Story(county, seeded)
    story.register_custodians(keys=60)
    bidders = [villager(county, n, f"bidder{n + 1}") for n in range(BIDDERS)]
    builders = [builder(county, n, phone=phone(n)) for n in range(BUILDERS)]
    suppliers = [supplier(county, n) for n in range(SUPPLIERS)]
    story.register_bidders([*bidders, *builders, *suppliers])
    early = [plans.publish_case(story, number, _at(start, 39 - number)) for number in (0, 1)]
    clinic = plans.publish_invented(story, "clinic", _at(start, 27))
    for tender in early:
        _bids(story, tender, bidders)
    _bid_purchase(story, clinic, suppliers)
    _lease(story, early)
    _purchase(story, clinic, suppliers[CHEAP])
    roads = plans.publish_invented(story, "works", _at(start, 4))
    _bid_works(story, roads, builders)
    story.reach(start - timedelta(days=14))
    _contract(story, clinic, "clerk", equipment.contract_rows())
    failed = plans.publish_invented(story, "granary", _at(start, 5))
    desks = plans.publish_invented(story, "desks", _at(start, -8))
    third = plans.publish_case(story, 2, _at(start, 2))
    closing = plans.publish_invented(story, "pond", start + timedelta(minutes=11))
    _bids(story, third, bidders)
    _bids(story, failed, bidders[:1])
    story.open(failed)
    _seat_works(story, roads)
    story.open(third)
    agent = story.person(agent_login(2))
    agent.post(f"/work/{third.id}/evaluation/run")
    panel.finish(story, third, agent)
    _running(story, start, desks)
    _bids(story, closing, bidders[:5])
    _drafts(story, start)
    county.set_clock(datetime.now(UTC))
    story.close()
    return story


def phone(builder_number: int) -> str:
    """The telephone that the pair shares; nobody else has one planted."""
    return PAIR_PHONE if builder_number in PAIR else ""


def _at(start: datetime, days_ago: int) -> datetime:
    return morning(start - timedelta(days=days_ago))


def _bids(story: Story, tender: Tender, bidders: Sequence[Bidder]) -> None:
    lots = story.lots(tender.id)
    for offer in market.offers(_limits(lots), [bidder.name for bidder in bidders]):
        story.bid(bidders[offer.bidder], lots[offer.lot], offer.fen)


def _limits(lots: Sequence[Lot]) -> list[tuple[str, int]]:
    return [(lot.name, lot.limit_fen or 0) for lot in lots]


def _bid_works(story: Story, tender: Tender, builders: Sequence[Bidder]) -> None:
    """Six builders; what the bids of two of them have in common is for the screens to find."""
    (lot,) = story.lots(tender.id)
    names = [bidder.name for bidder in builders]
    for offer in market.offers(_limits([lot]), names, purchase=True):
        files = works.bid_files(offer.bidder, PAIR)
        story.bid(builders[offer.bidder], lot, offer.fen, files=files)


def _seat_works(story: Story, tender: Tender) -> None:
    """Open the works tender and seat its panel, which looks at the findings before it scores."""
    story.open(tender)
    panel.seat(story, tender, story.person("clerk"), "A01")


def _bid_purchase(story: Story, tender: Tender, suppliers: Sequence[Bidder]) -> None:
    """Suppliers' bids, one of them so low that the panel must review it; that one is joint."""
    (lot,) = story.lots(tender.id)
    names = [bidder.name for bidder in suppliers]
    for offer in market.offers(_limits([lot]), names, purchase=True):
        bidder, fen = suppliers[offer.bidder], offer.fen
        files = equipment.bid_files(bidder.name, joint=offer.bidder == CHEAP)
        if offer.bidder == CHEAP:
            fen = market.above(lot.limit_fen or 0, CHEAP_MILLIONTHS)
        story.bid(bidder, lot, fen, files=files)


def _purchase(story: Story, tender: Tender, cheap: Bidder) -> None:
    """A government purchase from its opening to the award, with a review of its low price."""
    story.open(tender)
    clerk = story.person("clerk")
    review = partial(low_price.review, story, tender, bidder=cheap)
    panel.evaluate(story, tender, clerk, "B02", review)
    panel.award(story, tender, clerk)


def _lease(story: Story, early: Sequence[Tender]) -> None:
    """The first two villages' leases from their openings to the awards, and one's contract."""
    for tender in early:
        story.open(tender)
    for tender in reversed(early):
        _to_award(story, tender)
    story.county.advance(days=1)
    _contract(story, early[1], agent_login(1))


def _to_award(story: Story, tender: Tender) -> None:
    case = next(number for number, case in enumerate(plans.CASES) if case["title"] in tender.title)
    agent = story.person(agent_login(case))
    agent.post(f"/work/{tender.id}/evaluation/run")
    panel.finish(story, tender, agent)
    panel.award(story, tender, agent)


def _contract(
    story: Story, tender: Tender, login: str, firms: Mapping[str, str] | None = None
) -> None:
    """Record the contracts of a tender; `firms` are the rows of who else works on them."""
    staff = story.person(login)
    page = staff.get(f"/work/{tender.id}/evaluation").text
    for lot in story.lots(tender.id):
        if lot.status.value != "awarded" or lot.id not in page:
            continue
        total = story.award_total(lot.id)
        form = {
            "lot": lot.id,
            "signed_on": f"{story.county.now().astimezone(SHANGHAI) - timedelta(days=1):%Y-%m-%d}",
            "amount": f"{total // 100}.{total % 100:02d}",
            **(firms or {}),
        }
        staff.post(f"/work/{tender.id}/evaluation/contract", form)


def _running(story: Story, start: datetime, desks: Tender) -> None:
    """What takes bids now; the desks' documents were amended, and their deadline moved."""
    for code, days in (("land", 32), ("arcade", 32), ("road", 9)):
        plans.publish_invented(story, code, _at(start, -days))
    story.amend(
        desks, "clerk", "reviewer",
        "多所小学反映低年级学生需要可升降的桌面，招标文件对高度的要求不够明确。",
        {
            "text-conditions": "课桌椅符合GB/T 3976-2014的要求；小学用课桌椅桌面和座面高度可调，"
            "至少覆盖5号至10号，每套随附高度调节说明",
            "criterion-T1-guidance": "样品高度调节平稳、无毛刺得20至24分，检测报告齐全得12至16分",
        },
    )  # fmt: skip


def _drafts(story: Story, start: datetime) -> None:
    agent = story.person("agent")
    organisations = story.seeded.organisations
    agent.post("/work/new", plans.tender_form("tea", organisations, _at(start, -12)))
    form = plans.tender_form("shops", organisations, _at(start, -14))
    place = agent.post("/work/new", form).headers["location"]
    agent.post(f"{place}/submit")
    cancelled = plans.publish_invented(story, "bamboo", _at(start, -12))
    agent.post(f"/work/{cancelled.id}/cancel", {"reason": "村民代表会议决定调整方案后另行组织"})
