"""Files come to their end: what bids stated about people, strays without a row; held ones stay."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.models import FindingDecision, FindingRow
from keys.bid_statement import NAME, Computer, Member
from tender.accounts.models import Organisation, OrganisationKind, Standing
from tender.bids.models import SealedBid
from tender.core.files import StoredFile, store_blob
from tender.core.messages import InboxMessage, tell
from tender.core.purging import erase_files
from tender.ledger import service as ledger
from tender.ledger.models import LedgerEntry, PrivateData
from tender.ledger.purging import would_purge
from tender.procedure.models import Tender, TenderStatus
from tests.evaluation import county as make
from tests.evaluation.compare.documents import docx
from tests.evaluation.marked import added
from tests.evaluation.purged import bids_of, opened, purge
from tests.evaluation.stating import stating
from wsgi import PURGES, USES

NUMBER, PERSON, MAC = "11010519491231002X", "欧阳千山", "3c:7c:3f:11:22:33"
TEAM = (Member(PERSON, NUMBER, "京1112020", "项目经理"),)
FIRMS = ("青石建设", "白水建筑", "南山工程")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[make.County]:
    made = make.county(tmp_path)
    yield made
    made.world.platform.database.close()


def _holding(data: Path, words: tuple[str, ...]) -> list[str]:
    """Files of the data directory that hold one of some words, plain or as JSON escapes."""
    wanted = [each.encode() for each in words]
    wanted += [each.encode("unicode_escape") for each in words if not each.isascii()]
    return sorted(
        str(path.relative_to(data))
        for path in data.rglob("*")
        if path.is_file() and any(each in path.read_bytes() for each in wanted)
    )


def test_nothing_that_a_bid_stated_about_people_outlives_the_archives_time(
    place: make.County, tmp_path: Path
) -> None:
    tender = make.works_tender(place)
    for number, name in enumerate(FIRMS):
        stated = stating(team=TEAM, computer=Computer(MAC)) if number < 2 else stating()
        files = {"技术标.docx": docx([f"{name}项目经理{PERSON}，身份证号{NUMBER}"]), NAME: stated}
        make.bid_with_files(place, tender, name, 300_000_000 + number, files)
    make.open_all(place, tender)
    make.screen(place)
    assert place.read(lambda session: len(session.scalars(select(FindingRow)).all())) > 0
    held = _holding(tmp_path, (NUMBER, PERSON, MAC))
    assert {path.split("/")[0].split(".")[0] for path in held} == {"store", "screens", "tender"}
    with place.world.platform.database.write() as session:
        row = session.get_one(Tender, tender.id)
        row.status = TenderStatus.FAILED
    place.world.clock.advance(days=366 * 14)
    purge(place)
    assert len(_holding(tmp_path / "store", (NUMBER,))) > 0
    place.world.clock.advance(days=366 * 3)
    counts = purge(place)
    assert counts["bid_files"] >= 6
    assert _holding(tmp_path, (NUMBER, PERSON, MAC)) == []
    assert list((tmp_path / "uploads").glob("??/*")) == []


def _made(path: Path, days: float) -> Path:
    """A file that was touched so many days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left behind")
    os.utime(path, (time.time() - days * 86_400,) * 2)
    return path


def test_files_that_no_row_names_go_after_a_week_and_younger_and_named_ones_stay(
    place: make.County, tmp_path: Path
) -> None:
    places = (
        f"store/ab/{'ab' * 32}", "store/.new-x", f"store/incoming/cd/{'cd' * 32}",
        "uploads/ef/ef00", "run/opening-x/files/0001", "run/backup-7/database.sqlite",
        f"screens/read/{'12'}/{'12' * 32}.json", "restoring/data/store/x",
    )  # fmt: skip
    old = [_made(tmp_path / each, 8) for each in places]
    young = [_made(path.with_name(f"{path.name}9"), 6) for path in old]
    other = [_made(tmp_path / each, 900) for each in ("secrets/x", "known.toml", "platform/x")]
    named, _ = store_blob(tmp_path / "store", [b"named"])
    stored = tmp_path / "store" / named[:2] / named
    os.utime(stored, (1, 1))
    with place.world.platform.database.write() as session:
        now = place.world.clock.now()
        session.add(
            StoredFile(
                name="a.pdf", media_type="application/pdf", size=5, sha256=named, created_at=now,
                created_by="x",
            )
        )  # fmt: skip
    assert would_purge(place.world.platform, PURGES) == {"stray_file": len(old)}
    assert purge(place) == {"stray_file": len(old)}
    assert [path for path in old if path.exists()] == []
    assert [path for path in (*young, *other, stored) if not path.exists()] == []
    assert purge(place) == {}


def test_bytes_that_came_after_the_order_to_erase_them_wait_for_their_row(
    place: make.County, tmp_path: Path
) -> None:
    digest, _ = store_blob(tmp_path / "store", [b"opened just now"])
    path = tmp_path / "store" / digest[:2] / digest
    order = {"blobs": [digest], "paths": [], "before": path.stat().st_mtime - 1}
    assert erase_files(place.world.platform, order, USES) == 0
    assert path.exists()
    order["before"] = path.stat().st_mtime
    assert erase_files(place.world.platform, order, USES) == 1


def test_what_goes_early_goes_from_the_ledgers_private_data_too(place: make.County) -> None:
    tender = opened(place)
    make.award_lease(place, tender)
    now = place.world.clock.now()

    def fill(session: Session) -> list[str]:
        refused = added(
            session, Organisation, kind=OrganisationKind.PERSON, status=Standing.RETURNED,
            created_at=now,
        )  # fmt: skip
        found = added(
            session, FindingRow, tender_id=tender.id, decision=FindingDecision.REJECTED,
            reason="x", decided_at=now, found_at=now,
        )  # fmt: skip
        for subject in (refused.party_id, found.id, tender.id):
            tell(session, "clerk", "%(name)s waits", now=now, subject=refused.id, name=NUMBER)
            ledger.append(
                session, "a.fact", subject=subject, actor="a", now=now, private={"n": NUMBER}
            )
        return [refused.party_id, found.id, tender.id]

    def told(session: Session) -> set[str]:
        rows = select(LedgerEntry.subject).join(PrivateData, PrivateData.seq == LedgerEntry.seq)
        return set(session.scalars(rows))

    refused, found, lasting = place.write(fill)
    assert {refused, found, lasting} <= place.read(told)
    place.world.clock.advance(days=200)
    purge(place)
    assert {found, lasting} == {refused, found, lasting} & place.read(told)
    named = place.read(lambda session: session.scalars(select(InboxMessage)).all())
    assert [message for message in named if NUMBER in str(message.params)] == []
    place.world.clock.advance(days=300)
    purge(place)
    assert {lasting} == {refused, found, lasting} & place.read(told)


def test_a_held_bidder_keeps_all_of_its_own_and_the_others_do_not(place: make.County) -> None:
    tender = opened(place)
    make.award_lease(place, tender)
    form = {"subject": "甲一", "reason": "监察调阅"}
    make.ok(place.client(place.supervisor).post("/administration/holds", data=form))
    form["subject"] = "丁四"
    make.ok(place.client(place.supervisor).post("/administration/holds", data=form))

    def seen(name: str) -> tuple[str | None, bool]:
        bid: SealedBid = bids_of(place)[name, 1]
        return bid.address, bid.envelope is not None

    assert seen("丁四") == seen("乙二") == ("192.0.2.7", True)
    place.world.clock.advance(days=366 * 20)
    purge(place)
    assert seen("甲一") == ("192.0.2.7", True)
    assert seen("丁四") == ("192.0.2.7", True)
    assert seen("乙二") == (None, True)
