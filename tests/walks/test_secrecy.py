"""Canary words of sealed bids: in no byte of disk, queue or logs before the opening.

The search is proved first: a leak of every form is planted and must be found.
"""

from __future__ import annotations

import base64
import gzip
import time
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import func, select

from demo import plans
from demo.bidders import villager
from demo.county import running_county
from demo.seed import seed_county
from demo.story import Story
from tender.opening.models import ReleaseRow, VerdictRow
from tender.procedure.models import Tender

CANARY = "金丝雀暗标内容Kx7Qp2"
WINDOW = 1 << 20
ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def forms(word: str) -> list[bytes]:
    """The word as it might lie somewhere: encodings, hexadecimal, base64 at each alignment."""
    found = []
    for code in ("utf-8", "utf-16-le", "utf-16-be"):
        raw = word.encode(code)
        found += [raw, raw.hex().encode(), raw.hex().upper().encode()]
        for lead in range(3):
            text = base64.b64encode(b"\0" * lead + raw)
            found.append(text[4 if lead else 0 : -4])
            found.append(found[-1].replace(b"+", b"-").replace(b"/", b"_"))
    found.append(word.encode("unicode_escape"))
    return found


def inflated(data: bytes) -> Iterator[bytes]:
    """What comes out of every compressed stream that may begin in the data."""
    for magic, bits in ((b"\x1f\x8b\x08", 31), *((each, 15) for each in ZLIB)):
        place = data.find(magic)
        while place >= 0:
            try:
                text = zlib.decompressobj(bits).decompress(data[place : place + WINDOW], WINDOW)
            except zlib.error:
                text = b""
            if len(text) > len(CANARY):
                yield text
            place = data.find(magic, place + 1)


def holds(data: bytes, words: list[bytes]) -> bool:
    """Whether data holds one of the words, also inside a compressed stream."""
    if any(word in data for word in words):
        return True
    return any(word in text for text in inflated(data) for word in words)


def leaks(directories: list[Path], queue: str, words: list[bytes]) -> list[str]:
    """Where a word lies: files of the directories, keys and values of the queue server."""
    found = [
        str(path)
        for directory in directories
        for path in directory.rglob("*")
        if path.is_file() and holds(path.read_bytes(), words)
    ]
    with redis.Redis.from_url(queue) as server:
        for key in server.scan_iter():
            dumped = server.dump(key) or b""
            if holds(bytes(key), words) or holds(bytes(dumped), words):
                found.append(f"queue {key!r}")
    return found


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    data = tmp_path_factory.mktemp("secrecy")
    with running_county(data / "data") as county:
        county.set_clock(county.now())
        county.start_agents()
        seeded = seed_county(county.platform, plans.places(), now=county.now())
        story = Story(county, seeded, quiet=True)
        story.register_custodians(keys=6)
        yield story
        story.close()


@pytest.fixture(scope="module")
def tender(story: Story) -> Tender:
    """A lease with three bids whose files and names of files hold the canary."""
    made = plans.publish_case(story, 1, story.county.now() + timedelta(days=16))
    bidders = [villager(story.county, number, f"bidder{number}") for number in range(3)]
    story.register_bidders(bidders)
    (lot,) = story.lots(made.id)
    for number, bidder in enumerate(bidders):
        files = [
            (f"{CANARY}.txt", (CANARY * 40).encode()),
            ("b.gz", gzip.compress(CANARY.encode())),
        ]
        story.bid(bidder, lot, 9_000_000 + number, files=files)
    return made


def test_the_search_finds_a_planted_leak_of_every_form(tmp_path: Path) -> None:
    words = forms(CANARY)
    raw = CANARY.encode()
    planted = {
        "plain": b"x" * 100 + raw,
        "utf16": CANARY.encode("utf-16-le"),
        "hex": b"a" + raw.hex().encode(),
        "base64": base64.b64encode(b"y" + raw + b"zz"),
        "gzip": b"log" + gzip.compress(b"line " + raw * 3),
        "zlib": b"\0\1" + zlib.compress(raw * 5),
    }
    for name, data in planted.items():
        (tmp_path / name).write_bytes(data)
        assert holds(data, words), name
    assert not holds(b"nothing here" * 1000, words)


def test_before_the_opening_no_byte_anywhere_tells_a_bid(story: Story, tender: Tender) -> None:
    settings = story.county.platform.settings
    words = forms(CANARY)
    assert story.tender(tender.id).published_at is not None
    assert leaks([settings.data], settings.redis_url, words) == []
    planted = settings.data / "logs" / "planted.log"
    planted.write_bytes(gzip.compress(CANARY.encode() * 2))
    assert leaks([settings.data], settings.redis_url, words) == [str(planted)]
    planted.unlink()


def test_below_the_threshold_nothing_opens_and_the_hall_names_who_is_late(
    story: Story, tender: Tender
) -> None:
    county = story.county
    for number in (1, 2, 3):
        county.kill_agent(number)
    deadline = story.tender(tender.id).deadline
    assert deadline is not None
    story.reach(deadline + timedelta(seconds=2))

    def releases() -> int:
        with county.platform.database.read() as session:
            return session.scalar(select(func.count()).select_from(ReleaseRow)) or 0

    def named() -> bool:
        hall = story.person("agent-2").get(f"/tenders/{tender.number}/hall").text
        return all(county.agents[number - 1].name in hall for number in (1, 2, 3))

    county.wait("the hall that names who is late", named, 60)
    time.sleep(4)  # The two that live have had time to release.
    with county.platform.database.read() as session:
        assert session.scalars(select(VerdictRow)).first() is None
    assert releases() < 3
    assert leaks([county.data], county.platform.settings.redis_url, forms(CANARY)) == []
    for number in (1, 2, 3):
        county.run_agent(number)
    story.open(tender)
    with county.platform.database.read() as session:
        assert {row.verdict for row in session.scalars(select(VerdictRow))} == {"opened"}
    assert leaks([county.data], county.platform.settings.redis_url, forms(CANARY)) != []
