"""Every route as a stranger and in every role: doors, tokens, headers, garbage, and secrecy."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

import wsgi
from tender.accounts import sessions
from tender.accounts.authority import ensure_centre
from tender.accounts.models import Organisation, OrganisationKind, Person
from tender.bids.committer import Committer
from tender.core.actor import Actor, Role
from tender.procedure.custody.opening_records import record_of
from tender.procedure.facts import public_facts
from tender.procedure.models import Lot, Tender
from tender.procedure.notices import tender_notice
from tender.publication.service import publish
from tests.tender import factories as make

PROGRAMS = {"custody_api", "opening_api"}  # statements signed by custodians need no form token
VARYING = re.compile(
    r'name="csrf_token" value="[^"]*"|"csrf": "[^"]*"|csrf-token[^>]*|data-now="[^"]*"'
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make.World]:
    made = make.world(tmp_path_factory.mktemp("routes"))
    ensure_centre(made.platform.settings, "清源县公共资源交易中心", now=made.clock.now())
    yield made
    made.platform.database.close()


@pytest.fixture(scope="module")
def app(world: make.World) -> Flask:
    return wsgi.create_app(world.platform)


@pytest.fixture(scope="module")
def actors(world: make.World) -> dict[Role, Actor]:
    """One person in each role, all of the county but the bidder."""
    found = {}
    with world.platform.database.write() as session:
        county = session.get_one(Organisation, world.village.path.split("/")[1])
        company = make.organisation(session, OrganisationKind.COMPANY, "旁观的公司")
        for role in Role:
            found[role] = make.member(session, role, company if role is Role.BIDDER else county)
    return found


def _client(app: Flask, world: make.World, actor: Actor | None) -> FlaskClient:
    client = app.test_client()
    if actor is not None:
        with world.platform.database.write() as session:
            person = session.get_one(Person, actor.person_id)
            token = sessions.start_session(
                session, person, second_factor=True, address=None, agent=None,
                now=world.clock.now(),
            )  # fmt: skip
        client.set_cookie("sid", token)
    return client


def _rules(app: Flask, method: str) -> list[Rule]:
    return [
        rule
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or set()) and rule.endpoint != "static"
    ]


def _path(rule: Rule, value: str = "0" * 32) -> str:
    text = re.sub(r"<int:[^>]+>", "1", str(rule.rule))
    return re.sub(r"<[^>]+>", value, text)


def _status(client: FlaskClient, path: str) -> int:
    with client.get(path) as answer:
        return answer.status_code


def test_every_route_is_marked_public_or_signed_in(app: Flask) -> None:
    marks = {
        rule.endpoint: getattr(app.view_functions[rule.endpoint], "access", None)
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
    }
    assert len(marks) > 80
    assert [name for name, mark in marks.items() if mark not in ("public", "signed_in")] == []


def test_strangers_and_wrong_roles_stay_outside(
    app: Flask, world: make.World, actors: dict[Role, Actor]
) -> None:
    clients = {role: _client(app, world, actor) for role, actor in actors.items()}
    stranger = _client(app, world, None)
    wrong = []
    for rule in _rules(app, "GET"):
        view = app.view_functions[rule.endpoint]
        if getattr(view, "access", "") != "signed_in":
            continue
        if _status(stranger, _path(rule)) != 401:
            wrong.append(f"stranger {rule}")
        allowed = getattr(view, "roles", ())
        for role, client in clients.items():
            status = _status(client, _path(rule))
            if allowed and role not in allowed and status != 403:
                wrong.append(f"{role} {rule}: {status}")
    assert wrong == []


@pytest.mark.parametrize("value", ["0" * 32, "%00", "..%2f..", "1' OR 1=1", "龙" * 40])
def test_garbage_in_an_address_is_never_a_server_error(
    app: Flask, world: make.World, actors: dict[Role, Actor], value: str
) -> None:
    broken = []
    for role in (None, Role.COUNTY_CLERK, Role.BIDDER, Role.SUPERVISOR):
        client = _client(app, world, actors[role] if role else None)
        for rule in _rules(app, "GET"):
            status = _status(client, _path(rule, value))
            if status >= 500 and "cosigned" not in str(rule):
                broken.append(f"{role} {rule}: {status}")
    assert broken == []


def test_no_act_without_the_form_token(
    app: Flask, world: make.World, actors: dict[Role, Actor]
) -> None:
    client = _client(app, world, actors[Role.COUNTY_CLERK])
    passed = []
    for method in ("POST", "PATCH"):
        for rule in _rules(app, method):
            if rule.endpoint.split(".")[0] in PROGRAMS:
                continue
            answer = client.open(_path(rule), method=method, data={})
            if answer.status_code != 403:
                passed.append(f"{method} {rule}: {answer.status_code}")
    assert passed == []


def test_programs_get_a_clear_refusal_for_garbage(app: Flask, world: make.World) -> None:
    client = _client(app, world, None)
    bodies: list[object] = [None, [], {}, {"v": "x"}, {"identity": 1, "keys": [{}]}, "text"]
    for rule in _rules(app, "POST"):
        if rule.endpoint.split(".")[0] in PROGRAMS:
            for body in bodies:
                answer = client.post(_path(rule), json=body)
                assert 400 <= answer.status_code < 500, f"{rule} {body}"
                assert set(answer.get_json()["error"]) >= {"code", "message"}


def test_every_answer_carries_the_security_headers(app: Flask, world: make.World) -> None:
    client = _client(app, world, None)
    for path in ("/", "/login", "/nothing-here", "/api/ledger/entries"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_before_the_deadline_no_page_of_anybody_tells_who_bids_or_how_many(
    app: Flask, world: make.World, actors: dict[Role, Actor]
) -> None:
    tender = make.open_tender(world)
    with world.platform.database.write() as session:
        kept = session.get_one(Tender, tender.id)
        content = tender_notice(session, kept, now=world.clock.now(), url="http://x")
        facts = public_facts(session, kept, now=world.clock.now())
        publish(
            session, world.platform.settings, facts, content, actor_id="x", now=world.clock.now()
        )
        lot = session.query(Lot).filter(Lot.tender_id == tender.id).one()
        record = record_of(session, lot.opening_id or "")
        bidders = [make.bidder(session, name) for name in ("秘密养殖场", "另一家养殖场")]

    def pages() -> dict[str, str]:
        shown = {}
        for role in (None, *Role):
            client = _client(app, world, actors[role] if role else None)
            for rule in _rules(app, "GET"):
                if "ledger" in rule.endpoint or rule.endpoint == "opening.plain_files":
                    continue  # the ledger shows bare leaves among fillers: tested with the rooms
                for value in (tender.id, tender.number, lot.opening_id or ""):
                    with client.get(_path(rule, value)) as answer:
                        text = VARYING.sub("", answer.get_data(as_text=True))
                        shown[f"{role} {rule} {value}"] = f"{answer.status_code} {text}"
        return shown

    def bid(bidder: make.Bidder) -> None:
        request = make.seal_request(world, bidder, make.seal_body(bidder, record, 250_000))
        Committer(world.platform).seal(request)

    bid(bidders[0])
    one = pages()
    bid(bidders[1])
    two = pages()
    for bidder in bidders:
        for word in (bidder.organisation.name, bidder.organisation.party_id):
            assert [place for place, text in two.items() if word in text] == []
    # An own account shows the sessions of this walk, the list of reads its own reads: what that
    # list must not tell is tested in tests/evaluation/test_reads.py.
    own = ("/account", "/administration/reads")
    moved = [place for place in one if one[place] != two[place]]
    changed = [place for place in moved if not any(page in place for page in own)]
    assert changed == []
