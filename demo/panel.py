"""A scored tender after its opening: draw, sheets, candidates, an objection, the award."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from demo.client import Bidder, Person, Refused
from demo.story import Story
from tender.procedure.models import Tender

SCORES = {"T1": (30, 8), "T2": (14, 4)}  # base and spread of the invented scores


def evaluate(
    story: Story,
    tender: Tender,
    clerk: Person,
    speciality: str,
    review: Callable[[list[Person]], None] | None = None,
) -> None:
    """Draw three experts of a speciality and two of costs, let each score alone, rank.

    `review` is what the seated panel does before it scores.
    """
    seated = seat(story, tender, clerk, speciality)
    if review is not None:
        review(seated)
    for place_number, expert in enumerate(seated):
        _score(expert, tender, place_number)
    story.tell("五份评分表各自独立提交，互不可见，提交后汇总")
    clerk.post(f"/work/{tender.id}/evaluation/run")
    for expert in seated:
        expert.post(f"/panel/{tender.id}/report", {"dissent": ""})
    story.tell("评标报告由五名成员签署")


def seat(story: Story, tender: Tender, clerk: Person, speciality: str) -> list[Person]:
    """Draw three experts of a speciality and two of costs; those drawn confirm and may score."""
    place = f"/work/{tender.id}/evaluation"
    quotas = {"speciality": speciality, "size": "3", "speciality_2": "A04", "size_2": "2"}
    clerk.post(f"{place}/pool", quotas)
    said = {"words": "招标人现场报出的随机词：风调雨顺"}
    story.retry(lambda: clerk.post(f"{place}/words", said), "panel.no_checkpoint")
    story.person("supervisor").post(
        f"{place}/words", {"words": "监督部门现场报出的随机词：松柏长青"}
    )
    story.tell("评委库已冻结并写入账本，招标人和监督部门先后报出随机词")
    clerk.post(f"{place}/draw")
    seated = _confirmed(story, tender)
    story.tell(f"抽取 {len(seated)} 名专家并到场，姓名在结果公布前保密")
    return seated


def _confirmed(story: Story, tender: Tender) -> list[Person]:
    seated = []
    for login in story.seeded.experts:
        expert = story.person(login)
        if f"/panel/{tender.id}" in expert.get("/panel").text:
            expert.post(f"/panel/{tender.id}/confirm", {"no_conflict": "yes"})
            seated.append(expert)
    return seated


def _score(expert: Person, tender: Tender, seat: int) -> None:
    page = expert.get(f"/panel/{tender.id}").text
    form: dict[str, str] = {"act": "submit", "confirm": "yes"}
    cells = sorted(set(re.findall(r'name="(score|passed)-([0-9a-f]{32})-([A-Z0-9]+)"', page)))
    bids = sorted({bid for _, bid, _ in cells})
    for kind, bid, code in cells:
        if kind == "passed":
            form[f"passed-{bid}-{code}"] = "yes"
        else:
            base, spread = SCORES[code]
            points = base + (bids.index(bid) * 3 + seat) % spread
            form[f"score-{bid}-{code}"] = str(points)
    expert.post(f"/panel/{tender.id}/sheet", form)


def _not_first(bidders: list[Bidder], page: str) -> Bidder:
    """The bidder whom the candidates' notice names last, or not at all."""
    return max(bidders, key=lambda each: page.find(each.name) if each.name in page else len(page))


def object_and_answer(story: Story, tender: Tender, bidders: list[Bidder], clerk: Person) -> None:
    """A bidder objects to the first candidate; the procedure pauses until it is answered."""
    objector = _not_first(bidders, clerk.get(f"/tenders/{tender.number}").text)
    path = f"/tenders/{tender.number}/objections"
    objector.post(
        path,
        {
            "stage": "candidates",
            "facts": "第一中标候选人的类似业绩合同签订日期早于招标文件要求的起算日期。",
            "request": "请核实业绩材料并公布核实结果。",
        },
    )
    if story.tender(tender.id).paused_at is None:
        raise RuntimeError("the objection did not pause the procedure")
    story.tell(f"{objector.name} 在公示期内提出异议，程序暂停")
    try:
        clerk.post(f"/work/{tender.id}/evaluation/award")
    except Refused as refusal:
        story.tell(f"暂停期间定标被拒绝：{refusal.code}")
    else:
        raise RuntimeError("an award was made while an objection was open")
    story.county.advance(days=1)
    clerk.get(f"/work/{tender.id}/evaluation")  # signs in again after the night
    page = clerk.get(path).text
    found = re.search(r"/objections/([0-9a-f]{32})/answer", page)
    if found is None:
        raise RuntimeError("the clerk does not see the objection")
    clerk.post(
        f"/objections/{found[1]}/answer",
        {
            "result": "rejected",
            "answer": "经核实，该业绩合同签订日期符合招标文件要求，异议不成立。",
        },
    )
    story.tell("招标人三日内答复，异议不成立，程序恢复")


def finish(story: Story, tender: Tender, staff: Person) -> None:
    """Publish candidates, wait for the end of the standstill, award."""
    staff.post(f"/work/{tender.id}/evaluation/candidates")
    story.tell(f"{tender.number} 中标（成交）候选人公示开始")


def award(story: Story, tender: Tender, staff: Person) -> None:
    """Let the standstill end and award every lot that has a ranking."""
    until = story.tender(tender.id).standstill_until
    if until is not None:
        story.reach(until + timedelta(seconds=2))
    staff.post(f"/work/{tender.id}/evaluation/award")
    story.tell(f"{tender.number} 定标，中标（成交）通知书与结果公告发出")
