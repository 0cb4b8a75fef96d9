"""Custodian agents against a real HTTP server: the honest course, and what is on disk."""

import pytest

from keys import encoding, notes
from tests.keys.http_county import closed, rounds


def test_agents_deposit_accept_witness_and_release(county, desks):
    opening = closed(county, desks)
    assert not opening.releases
    rounds(desks, 2)
    assert len(opening.releases) == 3
    county.sign()
    assert county.perform(opening)
    rows = county.rows(opening, None)
    assert [row["verdict"] for row in rows] == ["opened", "opened"]
    for desk, release in zip(desks, opening.releases, strict=False):
        size, root = notes.parse_brief(release.checkpoint)
        assert root == county.tree.root(size)
        assert [line["act"] for line in desk.store.journal() if line["act"] == "release"]


def test_the_journal_is_written_before_anything_is_signed(county, desks):
    opening = closed(county, desks)
    rounds(desks, 2)
    acts = [line["act"] for line in desks[0].store.journal()]
    assert acts.index("batch_made") < acts.index("accept") < acts.index("release")
    assert opening.id in {line.get("opening") for line in desks[0].acts("accept")}


def test_the_database_is_synchronous(desks):
    assert desks[0].store.query("PRAGMA synchronous") == [(2,)]
    assert desks[0].store.query("PRAGMA journal_mode") == [("wal",)]


@pytest.mark.parametrize("private", ["config.json", "identity.box", "agent.sqlite"])
def test_nobody_else_can_read_the_directory(desks, private):
    root = desks[0].root
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / private).stat().st_mode & 0o777 == 0o600


def test_no_private_half_or_seed_lies_open_in_the_directory(county, desks):
    opening = closed(county, desks)
    private = desks[0].private(opening)
    identity = desks[0].custodian.identity.private_bytes_raw()
    for path in desks[0].root.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert private not in raw
            assert identity not in raw
            assert encoding.b64u(private).encode() not in raw
    rounds(desks, 2)
    kept = desks[0].store.statement("release", opening.id)
    assert kept is not None
    assert encoding.b64u(private).encode() in kept
