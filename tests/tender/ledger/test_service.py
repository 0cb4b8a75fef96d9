"""Lines stand in the order of their commits, hidden ones stay hidden, personal data can go."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from keys import entries
from keys.errors import Malformed
from tender.core.platform import Platform
from tender.core.retention import keep_until
from tender.ledger import service
from tender.ledger.audit import audit
from tender.ledger.guarding import REFUSAL
from tender.ledger.models import DataKind, LedgerEntry, PrivateData
from tender.ledger.purging import purge_ended, purge_private
from tests.tender.ledger.lines import BID, NOW, OPENING, add, leaves, served, sign


def test_lines_are_numbered_without_a_gap_and_read_back_as_they_were_told(
    platform: Platform,
) -> None:
    assert add(platform, 3, fields={"place": "村委会"}) == [0, 1, 2]
    told = [entries.parse_entry(line.encode()) for line in served(platform)]
    assert [entry.seq for entry in told] == [0, 1, 2]
    assert {entry.fields["place"] for entry in told} == {"村委会"}
    assert len({entry.nonce for entry in told}) == 3
    with platform.database.read() as session:
        assert service.entry_of(session, 1) == told[1]


def test_a_clock_that_was_set_back_never_makes_a_line_older_than_the_one_above(
    platform: Platform,
) -> None:
    add(platform)
    add(platform, now=NOW - timedelta(hours=1))
    add(platform, now=NOW + timedelta(seconds=5))
    add(platform, now=NOW)
    with platform.database.read() as session:
        rows = session.scalars(select(LedgerEntry).order_by(LedgerEntry.seq)).all()
        assert service.not_before_last(session, NOW) == NOW + timedelta(seconds=5)
        later = NOW + timedelta(days=1)
        assert service.not_before_last(session, later) == later
    seconds = [(row.time - NOW).total_seconds() for row in rows]
    assert seconds == [0, 0, 5, 5]
    lines = [entries.parse_entry(line.encode()).time for line in served(platform)]
    assert lines == sorted(lines)


def test_an_unusable_fact_is_refused_and_leaves_no_gap(platform: Platform) -> None:
    add(platform)
    for broken in ({"subject": "no spaces allowed"}, {"fields": {"seq": 9}}, {"actor": ""}):
        with pytest.raises(Malformed):
            add(platform, **broken)
    with platform.database.write() as session, pytest.raises(Malformed):
        service.append(session, "bid.submitted", subject="s", actor="a", now=NOW, fields={})
    assert add(platform) == [1]


def test_a_refused_request_takes_its_lines_back(platform: Platform) -> None:
    add(platform)

    def refused() -> None:
        with platform.database.write() as session:
            service.append(session, "meeting.held", subject="s", actor="a", now=NOW)
            raise RuntimeError("refused")

    with pytest.raises(RuntimeError, match="refused"):
        refused()
    assert add(platform) == [1]
    assert len(served(platform)) == 2


def test_bids_and_fillers_are_bare_leaves_until_their_opening_closes(platform: Platform) -> None:
    other = "e" * 64
    with platform.database.write() as session:

        def hidden(event: str, opening: str, fields: dict[str, object]) -> None:
            told = {**fields, "opening": opening}
            service.append(
                session, event, subject="lot", actor="party-1", now=NOW, fields=told,
                hidden_by=opening,
            )  # fmt: skip

        hidden("bid.submitted", OPENING, BID)
        hidden("filler", OPENING, {})
        hidden("bid.withdrawn", OPENING, {"bid": "b" * 32, "bidder": "party-1", "sequence": 1})
        hidden("filler", other, {})
    before = leaves(platform)
    assert all(line.startswith('{"leaf":"') and len(line) == 75 for line in served(platform))
    assert "party-1" not in "".join(served(platform))
    with platform.database.write() as session:
        service.reveal(session, OPENING)
    plain = served(platform)
    events = [entries.parse_entry(line.encode()).event for line in plain[:3]]
    assert events == ["bid.submitted", "filler", "bid.withdrawn"]
    assert plain[3].startswith('{"leaf":')
    assert leaves(platform) == before


def test_personal_data_stand_beside_the_ledger_and_can_go_when_their_time_ends(
    platform: Platform,
) -> None:
    person = {"name": "王小明", "phone": "13800000000"}
    add(platform, private=person, kind=DataKind.NETWORK)
    add(platform, private=person, kind=DataKind.PERSON)
    signed = sign(platform)
    first, second = (entries.parse_entry(line.encode()) for line in served(platform))
    assert "王小明" not in "".join(served(platform))
    with platform.database.read() as session:
        kept = session.get_one(PrivateData, 0)
        assert entries.personal_digest(bytes.fromhex(kept.salt), kept.data) == first.data_sha256
        assert first.data_sha256 != second.data_sha256
        assert kept.keep_until == keep_until("ledger_network", NOW)
    last_day = keep_until("ledger_network", NOW)

    def purged(now: datetime) -> dict[str, int]:
        with platform.database.write() as session:
            steps = [purge_private]
            return dict(purge_ended(session, platform.settings, steps, actor="platform", now=now))

    assert purged(last_day - timedelta(seconds=1)) == {}
    assert purged(last_day) == {"ledger_network": 1}
    assert purged(last_day) == {}
    with platform.database.read() as session:
        assert session.get(PrivateData, 0) is None
        assert session.get_one(PrivateData, 1).data == person
        found = audit(session, platform.settings)
    assert (found.size, found.checkpoints) == (3, 1)
    assert signed.size == 2
    told = entries.parse_entry(served(platform)[2].encode())
    assert (told.event, told.fields) == ("data.purged", {"counts": {"ledger_network": 1}})


ACTS = (
    "UPDATE ledger_entry SET line = line || ' ' WHERE seq = 0",
    "UPDATE ledger_entry SET time = '2030-01-01 00:00:00+00' WHERE seq = 0",
    "UPDATE ledger_entry SET hidden_by = 'an-opening' WHERE seq = 0",
    "UPDATE ledger_entry SET seq = 7 WHERE seq = 0",
    "DELETE FROM ledger_entry WHERE seq = 1",
    "UPDATE ledger_node SET position = 5 WHERE level = 0",
    "DELETE FROM ledger_node",
    "UPDATE ledger_checkpoint SET note = 'x'",
    "DELETE FROM ledger_checkpoint",
)


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_node", "ledger_checkpoint"])
def test_the_database_itself_refuses_to_change_or_drop_what_was_entered(
    platform: Platform, table: str
) -> None:
    add(platform, 2)
    sign(platform)
    acts = [act for act in ACTS if table in act]
    if not platform.database.sqlite:
        acts.append(f"TRUNCATE {table} CASCADE")
    for act in acts:
        with pytest.raises(DBAPIError, match=REFUSAL), platform.database.write() as session:
            session.connection().exec_driver_sql(act)
    with platform.database.read() as session:
        assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 2
        assert audit(session, platform.settings).checkpoints == 1
