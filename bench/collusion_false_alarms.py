"""How often the screens raise a sign where everybody is honest.

    ./manage bench collusion-false-alarms [TENDERS]

Seeded honest tenders with 3, 6 and 10 % spread: strength-C signs of totals per 100 tenders, each
tender seen against 300 past ones. Honest bills of quantities: signs per 1,000 unrelated pairs.
First digits of larger bills, honest and made up, at three spreads of the items' costs. Bids full of
common names and telephones, which X1 must not take for another bidder's people. Then the
exceptions that look like collusion and are none, where no A may be raised. Each beside its
limit: at most 5 C per 100 tenders, one B per 1,000 pairs.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np

from bench.generate_documents import Writer
from evaluation.compare.background import ground_of_texts
from evaluation.compare.compare import Document, Options, compare_documents
from evaluation.compare.corpus import Text
from evaluation.compare.extracted import Extracted, Properties
from evaluation.compare.mixed import Identity, mixed_findings
from evaluation.compare.people_marks import People, Post
from evaluation.screens.bills import Basis, Bill, Item, compare_bills
from evaluation.screens.computers import Known, Machine, Upload, maker_signs, upload_signs
from evaluation.screens.digits import digit_signs
from evaluation.screens.finding import Finding, Strength
from evaluation.screens.people import Firm, Person, people_signs
from evaluation.screens.signs import total_signs
from evaluation.screens.table import BidTable

MOST_C, MOST_B = 5, 1  # Per 100 tenders, and per 1,000 unrelated pairs.
SPREADS, PAST, ITEMS, BIDDERS = (0.03, 0.06, 0.10), 300, 200, 8
POSTS = ("项目经理", "技术负责人", "施工员", "安全员", "项目负责人", "联系人", "造价员")
FAMILIES, GIVEN = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗",
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚",
)
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def tenders(random: np.random.Generator, count: int, spread: float) -> list[BidTable]:
    """Draw honest tenders of 3 to 12 bids around costs of many sizes."""
    drawn = []
    for number in range(count):
        bids = int(random.integers(3, 13))
        cost = float(np.exp(random.normal(13, 1)))
        prices = (cost * np.exp(spread * random.normal(size=bids))).round(2)
        drawn.append(BidTable(f"t{number}", tuple(prices.tolist())))
    return drawn


def bills(random: np.random.Generator, spread: float) -> list[Bill]:
    """Draw the bills of one honest lot; one item in six is quota-priced and equal for all."""
    costs = np.exp(random.normal(9, 1.5, ITEMS))
    bound = random.random(ITEMS) < 1 / 6
    answer = []
    for bidder in range(BIDDERS):
        own = costs * np.exp(spread * random.normal(size=ITEMS))
        fen = np.maximum(np.where(bound, costs, own).round(), 1)
        items = (
            Item(f"{row:09d}", f"item {row}", "m3", int(price),
                 Basis.QUOTA if quota else Basis.OWN, f"S!F{row}")
            for row, (price, quota) in enumerate(zip(fen, bound, strict=True))
        )  # fmt: skip
        answer.append(Bill(f"b{bidder}", tuple(items)))
    return answer


def digits(spread: float, lots: int) -> tuple[int, int, int]:
    """Count bills and S-BENFORD signs of honest lots, and made-up bills found in as many lots.

    `spread` is that of ln cost over the items of a lot; half of the lots are large.
    """
    random = np.random.default_rng(int(100 * spread))
    bids = signs = caught = 0
    for lot in range(lots):
        items = (400, 1500)[lot % 2]
        costs = np.exp(random.normal(9, spread, items))
        honest = [costs * np.exp(0.06 * random.normal(size=items)) for _ in range(4)]
        invented = random.uniform(1, 10, items) * 10.0 ** random.integers(2, 6, items)
        made = [_plain_bill(f"b{k}", prices) for k, prices in enumerate(honest)]
        bids, signs = bids + len(made), signs + len(digit_signs(made))
        found = digit_signs([*made[1:], _plain_bill("x", invented)])
        caught += any(sign.bidders == ("x",) for sign in found)
    return bids, signs, caught


def _plain_bill(bidder: str, prices: np.typing.NDArray[np.float64]) -> Bill:
    fen = np.maximum(prices.round(), 1).astype(int).tolist()
    return Bill(bidder, tuple(Item(f"{row:09d}", "", "m3", price) for row, price in enumerate(fen)))


def namesakes(lots: int) -> tuple[int, int]:
    """Count pairs of honest bids full of common names, and X1 signs among them.

    Half of the bidders send another agent than the registered one, and a third leave another
    telephone; every bid names thirty people with their posts and ten references.
    """
    draw = Random(5)
    signs = 0
    for _ in range(lots):
        known, texts = {}, []
        for number in range(12):
            head, agent, phone = _name(draw), _name(draw), _phone(draw)
            people = People(frozenset({phone}), frozenset({(Post.HEAD, head), (Post.AGENT, agent)}))
            known[f"b{number}"] = Identity(people=people)
            sent = draw.choice((agent, _name(draw)))
            lines = [f"法定代表人（签字）：{head}", f"委托代理人：{sent}（签字）"]
            lines.append(f"联系电话{draw.choice((phone, phone, _phone(draw)))}")
            lines += [f"{draw.choice(POSTS)}：{_name(draw)}，{_phone(draw)}" for _ in range(30)]
            lines += [f"业绩：建设单位法定代表人：{_name(draw)} {_phone(draw)}" for _ in range(10)]
            texts.append(Text(f"b{number}", "bid", "\n".join(lines)))
        signs += len(mixed_findings(texts, [], known))
    return lots * 66, signs


def _name(draw: Random) -> str:
    """Draw a name; the first surnames are the commonest, and half of the names have two letters."""
    family = draw.choices(FAMILIES, [max(0.2, 8 - 0.3 * k) for k in range(len(FAMILIES))])[0]
    given = draw.choice(GIVEN)
    return family + given + (draw.choice(GIVEN) if draw.random() < 0.5 else "")


def _phone(draw: Random) -> str:
    return f"1{draw.choice('3578')}{draw.randrange(10**9):09d}"


def exceptions() -> dict[str, list[Finding]]:
    """Return what the screens say of each honest reason for something in common."""
    desk = Machine("3C-7C-3F-01-02-03", "BFEBFBFF000906EA", "S3Z1NB0K512345", "DG-771203")
    head = Person("王伟", id_number="110101199001011237")
    at_venue = [Upload(name, "121.40.1.7", NOON, desk) for name in "ab"]
    behind_nat = [Upload(name, "100.64.9.1", NOON) for name in "ab"]
    one = Known(pairs=frozenset({frozenset({"a", "b"})}))
    old = Machine(desk.mac, desk.cpu, desk.disk, creation="5f1c9a77-20aa", at=NOON - timedelta(9))
    template = Known(control=(Machine(creation="5f1c9a77-20aa"),), published=NOON)
    dongle = Machine(dongle=desk.dongle)
    return {
        "venue computer": upload_signs(at_venue, Known(venue=(desk,), networks=("121.40.1.7",))),
        "NAT": upload_signs(behind_nat),
        "control-price dongle": maker_signs(
            [("a", dongle), ("b", dongle)], Known(control=(dongle,))
        ),
        "shared consultant's template": maker_signs([("a", old), ("b", old)], template),
        "quota prices": compare_bills([quota_bill(name) for name in "ab"]),
        "typo in the tender itself": tender_with_typos(),
        "consultant's documents": consultant_documents(),
        "parent and branch": [
            *people_signs(
                [
                    Firm("a", number="A1", head=head),
                    Firm("b", number="B1", head=head, branch_of="A1"),
                ]
            ),
            *upload_signs(at_venue, one),
        ],
    }


def quota_bill(bidder: str) -> Bill:
    """Return a bill in which the quota sets every price."""
    items = (Item(f"{n:09d}", f"item {n}", "m3", 1200 + 37 * n, Basis.QUOTA) for n in range(80))
    return Bill(bidder, tuple(items))


def tender_with_typos() -> list[Finding]:
    """Return what two bids show that copied a clause and a wrong credit code of the tender."""
    clause = Writer(1).paragraph(400)
    wrong = clause[:100] + "囍" + clause[101:200] + "彧" + clause[201:]
    form = f"{wrong}\n招标人统一社会信用代码：91110000600037341K"
    bids = [
        Document(bidder, f"{bidder}.txt", Extracted(f"{Writer(seed).paragraph(5000)}\n{form}"))
        for seed, bidder in enumerate("ab", start=2)
    ]
    return compare_documents(bids, ground_of_texts([clause, form]), Options())


def consultant_documents() -> list[Finding]:
    """Return what two bids show that one consultant wrote into its own template."""
    made = Properties(
        author="consultant", software="Word 16", template="consultant.dotx", company="Consult Ltd"
    )
    bids = [
        Document(bidder, f"{bidder}.docx", Extracted(Writer(seed).paragraph(5000), properties=made))
        for seed, bidder in enumerate("ab", start=5)
    ]
    return compare_documents(bids, ground_of_texts([]), Options())


def main() -> int:
    """Run the bench; 0 if every limit was met."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    met = True
    for spread in SPREADS:
        random = np.random.default_rng(int(1000 * spread))
        past = tenders(random, PAST, spread)
        found = [
            sign for table in tenders(random, count, spread) for sign in total_signs(table, past)
        ]
        codes = {code: sum(sign.code == code for sign in found) for code in ("S-CV", "S-RD", "B4")}
        lots = [compare_bills(bills(random, spread)) for _ in range(max(1, count // 10))]
        pairs = len(lots) * BIDDERS * (BIDDERS - 1) // 2
        strong = sum(sign.strength is Strength.B for lot in lots for sign in lot)
        weak = sum(sign.strength is Strength.C for lot in lots for sign in lot)
        print(
            f"spread {spread:.0%}: {100 * len(found) / count:.1f} C in totals per 100 tenders "
            f"{codes} | bills: {1000 * strong / pairs:.2f} B and {1000 * weak / pairs:.2f} C "
            f"per 1,000 of {pairs} pairs, {100 * weak / len(lots):.1f} C per 100 lots",
            flush=True,
        )
        met &= 100 * len(found) <= MOST_C * count and 1000 * strong <= MOST_B * pairs
    for costs in (0.9, 1.2, 1.6):
        bids, signs, caught = digits(costs, count)
        print(
            f"first digits, spread of ln cost {costs}: {signs} signs in {bids} honest bills, "
            f"{caught} of {count} made-up bills found",
            flush=True,
        )
        met &= 1000 * signs <= bids
    pairs, signs = namesakes(count)
    print(f"namesakes: {1000 * signs / pairs:.2f} X1 per 1,000 of {pairs} pairs", flush=True)
    met &= 1000 * signs <= MOST_B * pairs
    for name, found in exceptions().items():
        raised = ", ".join(f"{sign.code} {sign.strength}" for sign in found) or "nothing"
        print(f"{name}: {raised}")
        met &= all(sign.strength is not Strength.A for sign in found)
    print("every limit met" if met else "a limit was missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
