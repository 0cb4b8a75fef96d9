"""Who a token stands for: asked anew at every request, so that whatever ends it ends it at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tender.accounts.models import LoginSession, Membership, OrganisationKind, Person
from tender.accounts.sessions import (
    IDLE,
    LIFETIME,
    find_session,
    identify,
    start_session,
    switch_role,
)
from tender.core.actor import Actor, Role
from tender.core.db import Database
from tests.tender import factories as make
from tests.tender.accounts.people import Town

NOW = make.START + timedelta(microseconds=1)  # SQLite compares times as texts: none may be shorter


class Door:
    """A database with one company, whose people come with tokens."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.write() as session:
            self.company = make.organisation(session, OrganisationKind.COMPANY, "甲公司")

    def comes(self, role: Role = Role.BIDDER, *, second_factor: bool = False) -> tuple[str, str]:
        """Somebody with a running session; gives the person's id and the token."""
        with self.database.write() as session:
            actor = make.member(session, role, self.company)
            person = session.get_one(Person, actor.person_id)
            token = start_session(
                session, person, second_factor=second_factor, address=None, agent=None, now=NOW
            )
            return person.id, token

    def identified(self, token: str, now: datetime = NOW) -> Actor | None:
        """What the next request's own snapshot says."""
        with self.database.read() as session:
            return identify(session, token, now)


@pytest.fixture
def door(migrated_url: str, tmp_path: Path) -> Iterator[Door]:
    database = Database(migrated_url, tmp_path / "write.lock")
    yield Door(database)
    database.close()


def _login(session: Session, person: str) -> LoginSession:
    return session.scalars(select(LoginSession).where(LoginSession.person_id == person)).one()


def _role(session: Session, person: str) -> Membership:
    return session.scalars(select(Membership).where(Membership.person_id == person)).one()


def _revoke(session: Session, person: str) -> None:
    _login(session, person).revoked_at = NOW


def _disable(session: Session, person: str) -> None:
    session.get_one(Person, person).disabled_at = NOW


def _end_role(session: Session, person: str) -> None:
    _role(session, person).ended_at = NOW


def _take_role(session: Session, person: str) -> None:
    _login(session, person).membership_id = None


def _ask_second_factor(session: Session, person: str) -> None:
    session.get_one(Person, person).totp_confirmed = True


def test_a_live_token_stands_for_its_person_in_the_active_role(door: Door) -> None:
    person, token = door.comes()
    found = door.identified(token)
    with door.database.read() as session:
        role = _role(session, person).id
    assert found == Actor(
        person_id=person, name="测试人员", role=Role.BIDDER, membership_id=role,
        organisation_id=door.company.id, organisation_name="甲公司", scope=door.company.path,
        seen_at=NOW,
    )  # fmt: skip
    assert door.identified(token + "x") is None
    assert door.identified("") is None


@pytest.mark.parametrize("end", [_revoke, _disable, _end_role, _take_role, _ask_second_factor])
def test_whatever_ends_a_token_ends_it_with_the_next_request(
    door: Door, end: Callable[[Session, str], None]
) -> None:
    person, token = door.comes()
    other, kept = door.comes()
    assert door.identified(token) is not None
    with door.database.write() as session:
        end(session, person)
    assert door.identified(token) is None
    found = door.identified(kept)
    assert found is not None
    assert found.person_id == other


@pytest.mark.parametrize("role", Role)
def test_staff_come_in_after_the_second_factor_only(door: Door, role: Role) -> None:
    asked = role not in (Role.BIDDER, Role.EXPERT)
    person, token = door.comes(role)
    assert (door.identified(token) is None) is asked
    with door.database.write() as session:
        _login(session, person).second_factor = True
    found = door.identified(token)
    assert found is not None
    assert found.role is role


def test_a_token_ends_at_the_very_moment_and_not_a_blink_before(door: Door) -> None:
    person, token = door.comes()
    blink = timedelta(microseconds=1)
    assert door.identified(token, NOW + IDLE - blink) is not None
    assert door.identified(token, NOW + IDLE) is None
    with door.database.write() as session:
        _login(session, person).seen_at = NOW + LIFETIME - IDLE / 2
    assert door.identified(token, NOW + LIFETIME - blink) is not None
    assert door.identified(token, NOW + LIFETIME) is None


def test_a_session_is_found_under_the_same_rule_and_with_its_person(door: Door) -> None:
    person, token = door.comes()
    with door.database.read() as session:
        found = find_session(session, token, NOW)
        assert find_session(session, token, NOW + IDLE) is None
    assert found is not None
    assert found.person.id == person
    with door.database.write() as session:
        _disable(session, person)
    with door.database.read() as session:
        assert find_session(session, token, NOW) is None


def test_a_switched_role_counts_from_the_next_request(door: Door) -> None:
    person, token = door.comes()
    with door.database.write() as session:
        second = Membership(
            person_id=person, organisation_id=door.company.id, role=Role.EXPERT, created_at=NOW
        )
        session.add(second)
        session.flush()
        switch_role(session, token, second.id, now=NOW)
    found = door.identified(token)
    assert found is not None
    assert (found.role, found.membership_id) == (Role.EXPERT, second.id)


def test_identifying_costs_one_statement(door: Door) -> None:
    _, token = door.comes()
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(door.database.engine, "before_cursor_execute", note)
    door.identified(token)
    assert [each.split()[0] for each in said if not each.startswith("BEGIN")] == ["SELECT"]


def test_nothing_that_begins_after_a_sign_out_gets_in_however_many_ask_at_once(
    place: Town,
) -> None:
    place.person("bidder", Role.BIDDER, place.company("甲公司"))
    client = place.signed_in("bidder")
    cookie = client.get_cookie("sid")
    assert cookie is not None
    headers = {"Cookie": f"sid={cookie.value}"}
    out, inside, asking = threading.Event(), threading.Event(), 4

    def ask(_number: int) -> list[int]:
        after: list[int] = []
        while len(after) < 5:
            begun_outside = out.is_set()
            with place.app.test_client(use_cookies=False).get("/account", headers=headers) as got:
                if begun_outside:
                    after.append(got.status_code)
                elif got.status_code == 200:
                    inside.set()
        return after

    with ThreadPoolExecutor(asking) as pool:
        answers = [pool.submit(ask, number) for number in range(asking)]
        assert inside.wait(20)
        assert client.post("/logout").status_code == 303
        out.set()
        assert {status for each in answers for status in each.result(20)} == {401}
