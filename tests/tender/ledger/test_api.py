"""The public ledger over HTTP: pages of lines, never beyond what was signed, witnesses' lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import wsgi
from keys import merkle, notes
from keys.entries import parse_entry
from tender.core.platform import Platform
from tender.ledger import service
from tender.ledger.api import MAX_LINES
from tender.ledger.signing import note_key
from tests.tender import factories as make
from tests.tender.ledger.lines import NOW, add, sign


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One line more than a page may hold, signed, and two lines that are not signed yet."""
    made = make.platform(tmp_path_factory.mktemp("api"))
    with made.database.write() as session:
        for number in range(MAX_LINES + 1):
            service.append(session, "meeting.held", subject=f"m-{number}", actor="a", now=NOW)
    sign(made)
    add(made, 2)
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def client(filled: Platform) -> FlaskClient:
    return wsgi.create_app(filled).test_client()


def seqs(client: FlaskClient, query: str) -> list[int]:
    answer = client.get(f"/api/ledger/entries{query}")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    return [parse_entry(line).seq for line in answer.data.splitlines()]


def test_a_stranger_reads_the_whole_ledger_in_pages_and_computes_its_root(
    client: FlaskClient, filled: Platform
) -> None:
    note = client.get("/api/ledger/checkpoint").get_data(as_text=True)
    stated = notes.check_checkpoint(note, note_key(filled.settings))
    frontier = merkle.Frontier()
    while frontier.size < stated.size:
        answer = client.get(f"/api/ledger/entries?start={frontier.size}&limit=300")
        for line in answer.data.splitlines():
            frontier.append(merkle.leaf_hash(line))
    assert frontier.root() == stated.root


def test_a_page_holds_at_most_a_thousand_lines(client: FlaskClient) -> None:
    assert seqs(client, "") == list(range(MAX_LINES))
    assert seqs(client, "?limit=99999") == list(range(MAX_LINES))
    assert seqs(client, f"?start={MAX_LINES}") == [MAX_LINES]


def test_lines_beyond_the_newest_checkpoint_are_not_served(client: FlaskClient) -> None:
    assert seqs(client, f"?start={MAX_LINES + 1}") == []
    assert seqs(client, f"?start={MAX_LINES - 1}&limit=50") == [MAX_LINES - 1, MAX_LINES]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?start=5&limit=3", [5, 6, 7]),
        ("?start=5&limit=0", []),
        ("?start=5&limit=-3", []),
        ("?start=-2&limit=4", [0, 1, 2, 3]),
        ("?start=" + "9" * 40, []),
        ("?start=3&limit=" + "9" * 40, list(range(3, MAX_LINES + 1))),
        ("?start=-" + "9" * 40, list(range(MAX_LINES))),
        ("?limit=2&start=x", [0, 1]),
    ],
)
def test_odd_numbers_are_an_answer(client: FlaskClient, query: str, expected: list[int]) -> None:
    assert seqs(client, query) == expected[:MAX_LINES]


def test_an_empty_ledger_says_so(tmp_path: Path) -> None:
    empty = make.platform(tmp_path)
    client = wsgi.create_app(empty).test_client()
    assert client.get("/api/ledger/checkpoint").status_code == 404
    assert client.get("/api/ledger/checkpoint").get_json()["error"]["code"] == "ledger.empty"
    assert seqs(client, "") == []
    empty.database.close()


def test_only_registered_custodians_witness(tmp_path: Path) -> None:
    world = make.world(tmp_path)
    client = wsgi.create_app(world.platform).test_client()
    add(world.platform)
    text = notes.parse_note(sign(world.platform).note).text
    stranger = make.Keeper("陌生人")

    def hand_in(keeper: make.Keeper, line: str = "") -> int:
        line = line or notes.cosign(text, keeper.identity, NOW)
        body = {"checkpoint": text, "cosignature": line}
        return client.post("/api/ledger/cosignatures", json=body).status_code

    assert hand_in(stranger) in (403, 404)
    assert hand_in(world.keepers[0]) == 201
    assert hand_in(world.keepers[1], notes.cosign(text, world.keepers[1].identity, NOW)[:-2]) == 422
    note = notes.parse_note(client.get("/api/ledger/checkpoint").get_data(as_text=True))
    assert [line.name for line in note.signatures] == [
        world.platform.settings.platform,
        f"custodian/{world.keepers[0].public}",
    ]
    world.platform.database.close()
