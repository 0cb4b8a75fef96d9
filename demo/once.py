"""`./manage demo --once`: whole lives on a sandbox clock, over HTTP, with real custodians.

Three village leases and a works tender from the draft to the signed award letter; then everything
leaves as plain files, and the separate verifier judges it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

from sqlalchemy import select

from demo import market, panel, plans, works
from demo.bidders import builder, villager
from demo.client import Bidder
from demo.county import ROOT, County, running_county
from demo.people import agent_login
from demo.seed import seed_county
from demo.story import Story, morning
from evaluation.models import Award
from tender.accounts.models import Organisation
from tender.core.shanghai import SHANGHAI
from tender.opening.export import export_when_cosigned
from tender.opening.models import Opening, VerdictRow
from tender.procedure.models import Lot, Tender
from tender.publication.models import DocumentStatus, IssuedDocument

VILLAGERS, FIRMS = 9, 7
RUBBISH, MISMATCH, WITHDRAWS, REPLACES, LATE, BROKEN = 4, 5, 6, 0, 7, 8
HONEST = 7  # the first seven bid in every other lot


def play(directory: Path | None) -> int:
    """Play, export to `directory`, verify; prints the JSON line. 0 only if everything held."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="county-") as working:
        target = directory or Path(working) / "export"
        if target.exists() and any(target.iterdir()):
            sys.stderr.write(f"demo: {target} is not empty; name a new directory.\n")
            return 2
        with running_county(Path(working) / "data") as county:
            tenders = _lives(county)
            export_when_cosigned(
                county.platform, target, number=None, with_files=True,
                patience=60, tell=lambda words: sys.stderr.write(words + "\n"),
            )  # fmt: skip
            verified, summary = _verify(target)
            rows = [row for tender in tenders for row in _rows(county, tender, target)]
    for row in rows:
        row["receipts_verified"] = verified and row["receipts_verified"]
    letters = [row["award_pdf"] for row in rows if row["winner"] is not None]
    held = (
        verified
        and all(row["receipts_verified"] for row in rows)
        and all(letter is not None and (target / letter).exists() for letter in letters)
    )
    result = {
        "tenders": rows,
        "ledger": {**summary["ledger"], "verified": verified},
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(result, ensure_ascii=False))
    return 0 if held else 1


def _lives(county: County) -> list[tuple[Tender, Story]]:
    start = datetime.combine(county.now().astimezone(SHANGHAI).date(), clock_time(9), SHANGHAI)
    county.set_clock(start)
    county.start_agents()
    story = Story(county, seed_county(county.platform, plans.places(), now=county.now()))
    story.register_custodians(keys=16)
    villagers = [villager(county, n, f"villager{n}") for n in range(VILLAGERS)]
    firms = [builder(county, n) for n in range(FIRMS)]
    story.register_bidders([*villagers, *firms])
    village = [_publish_case(story, number) for number in range(3)]
    roads = plans.publish_invented(story, "works", morning(start + timedelta(days=24)))
    for number in (1, 2):
        _bid_plainly(story, number, village[number], villagers)
    wanted = _bid_with_faults(story, village[0], villagers)
    _bid_works(story, roads, firms)
    for number in (1, 2):
        story.open(village[number])
    _open_with_two_dead(story, village[0], wanted)
    for number, tender in enumerate(village):
        agent = story.person(agent_login(number))
        agent.post(f"/work/{tender.id}/evaluation/run")
        panel.finish(story, tender, agent)
    for number, tender in enumerate(village):
        panel.award(story, tender, story.person(agent_login(number)))
    story.open(roads)
    clerk = story.person("clerk")
    panel.evaluate(story, roads, clerk, "A01")
    panel.finish(story, roads, clerk)
    panel.object_and_answer(story, roads, firms, clerk)
    panel.award(story, roads, clerk)
    _wait_for_documents(story)
    story.close()
    return [(tender, story) for tender in (*village, roads)]


def _publish_case(story: Story, number: int) -> Tender:
    days = timedelta(days=plans.CASES[number]["days"])
    return plans.publish_case(story, number, morning(story.county.now() + days))


def _bid_plainly(story: Story, number: int, tender: Tender, villagers: list[Bidder]) -> None:
    for place, lot in enumerate(story.lots(tender.id)):
        count = 5 if place == 0 else 3
        _honest_bids(story, lot, villagers, market.takers(count, number + place, HONEST))
    story.tell(f"{tender.number} 各标段投标在截止前加密递交，内容和数量无人可知")


def _honest_bids(story: Story, lot: Lot, villagers: list[Bidder], numbers: Iterable[int]) -> None:
    for number in numbers:
        bidder = villagers[number]
        story.bid(bidder, lot, market.honest_fen(lot.name, lot.limit_fen or 0, bidder.name))


def _bid_with_faults(story: Story, tender: Tender, villagers: list[Bidder]) -> dict[str, Any]:
    """The case with everything that goes wrong; gives what the late bidder had prepared."""
    lots = story.lots(tender.id)
    first = lots[0]
    limit = first.limit_fen or 0
    _honest_bids(story, first, villagers, range(4))
    story.bid(villagers[REPLACES], first, market.above(limit, 361_738))
    story.tell(f"{villagers[REPLACES].name} 以新的投标文件替换前一份")
    story.bid(villagers[RUBBISH], first, market.above(limit, 904_127), spoil=rubbish)
    story.tell(f"{villagers[RUBBISH].name} 的密封头合规，里面是乱码")
    story.bid(villagers[MISMATCH], first, market.above(limit, 802_663), spoil=other_files)
    story.tell(f"{villagers[MISMATCH].name} 的附件与其清单不符")
    story.bid(villagers[BROKEN], first, market.above(limit, 851_309), spoil=broken_share)
    story.tell(f"{villagers[BROKEN].name} 的密钥份额被改坏")
    receipt = story.bid(villagers[WITHDRAWS], first, market.above(limit, 703_871))
    story.withdraw(villagers[WITHDRAWS], first, receipt)
    late = villagers[LATE]
    late.enrol(first.opening_id or "")
    context = late.context(first.opening_id or "")
    for place, lot in enumerate(lots[1:], start=1):
        count = 2 if place == len(lots) - 1 else 3
        _honest_bids(story, lot, villagers, market.takers(count, place, HONEST))
    return {"bidder": late, "context": context, "lot": first}


def rubbish(envelope: bytes, stream: bytes) -> tuple[bytes, bytes]:
    """A well-formed header with noise where the form should be."""
    header, mark, form = envelope.partition(b"\n---\n")
    noise = bytes((number * 73 + 41) % 256 for number in range(len(form)))
    return header + mark + noise, stream


def broken_share(envelope: bytes, stream: bytes) -> tuple[bytes, bytes]:
    """A well-formed header whose second share opens for nobody."""
    before, mark, rest = envelope.partition(b"\nshare 2 ")
    swapped = b"A" if rest[:1] != b"A" else b"B"
    return before + mark + swapped + rest[1:], stream


def other_files(envelope: bytes, stream: bytes) -> tuple[bytes, bytes]:
    """Sealed files that are not those of the manifest."""
    middle = len(stream) // 2
    return envelope, stream[:middle] + bytes([stream[middle] ^ 1]) + stream[middle + 1 :]


def _bid_works(story: Story, tender: Tender, firms: list[Bidder]) -> None:
    (lot,) = story.lots(tender.id)
    for number, firm in enumerate(firms):
        fen = market.honest_fen(lot.name, lot.limit_fen or 0, firm.name, purchase=True)
        files = [*works.bid_files(number), ("业绩证明.txt", firm.name.encode())]
        story.bid(firm, lot, fen, files=files)
    story.tell(f"{tender.number} 七家施工单位加密递交，附件分片续传")


def _open_with_two_dead(story: Story, tender: Tender, wanted: dict[str, Any]) -> None:
    county = story.county
    for number in (1, 4):
        pid = county.kill_agent(number)
        story.tell(f"密钥保管人 {county.agents[number - 1].name} 的程序（进程 {pid}）被强行终止")
    deadline = story.tender(tender.id).deadline
    if deadline is not None:
        story.reach(deadline + timedelta(seconds=1))
    lot: Lot = wanted["lot"]
    fen = market.above(lot.limit_fen or 0, 598_437)
    story.bid_late(wanted["bidder"], lot, wanted["context"], fen)
    story.open(tender)
    hall = story.person("agent").get(f"/tenders/{tender.number}/hall").text
    for number in (1, 4):
        if county.agents[number - 1].name not in hall:
            raise RuntimeError("the hall does not name a custodian that is late")
    story.tell("五家保管人到了三家，照常开标；开标大厅列明未到者")
    for number in (1, 4):
        county.run_agent(number)


def _wait_for_documents(story: Story) -> None:
    def done() -> bool:
        with story.county.platform.database.read() as session:
            waiting = select(IssuedDocument.id).where(
                IssuedDocument.status == DocumentStatus.WAITING
            )
            return session.scalars(waiting.limit(1)).first() is None

    story.county.wait("signed documents", done, 180)
    story.tell("全部文书已签章、加盖时间戳并写入账本")


def _verify(target: Path) -> tuple[bool, dict[str, Any]]:
    """Run the separate verifier on the exported files; nothing here judges."""
    done = subprocess.run(
        [sys.executable, "-m", "keys", "verify", str(target.resolve())],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    for line in done.stdout.splitlines():
        if line.startswith("FAIL"):
            sys.stderr.write(line + "\n")
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return done.returncode == 0, summary


def _rows(county: County, told: tuple[Tender, Story], target: Path) -> list[dict[str, Any]]:
    tender, story = told
    rows = []
    with county.platform.database.read() as session:
        for lot in story.lots(tender.id):
            opening = session.get_one(Opening, lot.opening_id)
            verdicts = list(
                session.scalars(select(VerdictRow).where(VerdictRow.opening_id == lot.opening_id))
            )
            won = session.get(Award, lot.id)
            winner = session.get_one(Organisation, won.organisation_id) if won else None
            letter = session.get(IssuedDocument, won.letter_id) if won and won.letter_id else None
            rows.append(
                {
                    "id": opening.opening_id,
                    "tender": tender.number,
                    "lot": lot.number,
                    "kind": tender.kind.value,
                    "direction": tender.direction.value,
                    "bids_received": opening.count,
                    "opened": sum(each.verdict == "opened" for each in verdicts),
                    "bidder_fault": sum(each.verdict == "bidder_fault" for each in verdicts),
                    "withdrawn": story.withdrawn.get(opening.opening_id, 0),
                    "late_refused": story.late.get(opening.opening_id, 0),
                    "winner": winner.party_id if winner else None,
                    "winner_name": winner.name if winner else None,
                    "award_fen": won.total_fen if won else 0,
                    "award_pdf": f"documents/{letter.name}.pdf" if letter else None,
                    "receipts_verified": _receipts(target, opening),
                }
            )
    return rows


def _receipts(target: Path, opening: Opening) -> bool:
    """Whether every bid that counted has its receipt among the files that were verified."""
    envelopes = target / "openings" / opening.opening_id / "envelopes"
    bids = [path.stem for path in envelopes.glob("*.sealed")]
    present = all((target / "receipts" / f"{bid}.json").exists() for bid in bids)
    return present and len(bids) == opening.count
