"""SEALs over HTTP, few at a time: who comes in, who waits for whom, and that nobody is kept out."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

import wsgi
from keys.records import OpeningRecord
from tender.accounts.models import LoginSession, Membership, Person
from tender.accounts.sessions import start_session
from tender.bids import committer
from tender.bids.committer import Committer
from tender.bids.models import SealedBid
from tender.bids.submission import parsed_record
from tender.bids.turnstile import PLACES, Turnstile
from tender.core.actor import Role
from tender.core.refusals import Refusal
from tender.procedure.models import OpeningRecordRow
from tests.tender import factories as make

SOON = 20.0  # seconds after which a thread that still waits has hung


def _until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not reached():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.002)


def test_no_more_pass_than_there_are_places_and_all_pass_in_the_end() -> None:
    turnstile, lock = Turnstile(2), threading.Lock()
    inside, most = 0, 0

    def step(by: int) -> None:
        nonlocal inside, most
        with lock:
            inside += by
            most = max(most, inside)

    def go(_number: int) -> None:
        turnstile.enter()
        step(1)
        time.sleep(0.005)
        step(-1)
        turnstile.leave()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(go, range(16)))
    assert most == 2
    turnstile.let_in(0)


def test_a_place_is_given_back_once_and_by_whoever_has_it() -> None:
    turnstile = Turnstile(1)
    turnstile.leave()
    turnstile.enter()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(turnstile.leave).result(SOON)  # this thread has no place
        waits = pool.submit(turnstile.enter)
        time.sleep(0.02)
        assert not waits.done()
        turnstile.leave()
        turnstile.leave()
        waits.result(SOON)
        pool.submit(turnstile.leave).result(SOON)


@dataclass
class Hall:
    """An installation with one open tender and its application."""

    world: make.World
    app: Flask
    record: OpeningRecord

    def comes(self, name: str) -> tuple[make.Bidder, str]:
        """A company with a key on file, and the token of its person's session."""
        with self.world.platform.database.write() as session:
            who = make.bidder(session, name)
            person = session.get_one(Person, who.actor.person_id)
            token = start_session(
                session, person, second_factor=False, address=None, agent=None,
                now=self.world.clock.now(),
            )  # fmt: skip
            return who, token

    def request(self, who: make.Bidder, sequence: int = 1) -> Any:
        """A checked request of a bidder."""
        body = make.seal_body(who, self.record, 250_000, sequence)
        return make.seal_request(self.world, who, body)

    def sends(self, token: str, body: Any, **environ: Any) -> tuple[int, Any]:
        """Send a SEAL; gives the answer's status and object."""
        client = self.app.test_client()
        client.set_cookie("sid", token)
        data = json.dumps(body).encode()
        with client.post(
            "/api/bids/seal", data=data, content_type="application/json", environ_overrides=environ
        ) as answer:
            return answer.status_code, answer.get_json()

    def count(self) -> int:
        """How many bids were taken."""
        with self.world.platform.database.read() as session:
            return session.scalar(select(func.count()).select_from(SealedBid)) or 0

    def refusals(self) -> list[tuple[str, str | None]]:
        """Codes and persons of the refusals that were logged, oldest first."""
        with self.world.platform.database.read() as session:
            rows = session.execute(select(Refusal.code, Refusal.person_id).order_by(Refusal.time))
            return [(code, person) for code, person in rows]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    world = make.world(tmp_path)
    app = wsgi.create_app(world.platform)
    app.config.update(WTF_CSRF_ENABLED=False)
    make.open_tender(world)
    with world.platform.database.read() as session:
        record = parsed_record(session.scalars(select(OpeningRecordRow.record)).one())
    yield Hall(world, app, record)
    world.platform.database.close()


def test_a_bid_waits_for_the_ones_that_are_being_checked_and_shares_their_commit(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer, "MOMENT", 10 * SOON)  # longer than anybody is patient
    first, second = (hall.request(hall.comes(name)[0]) for name in ("甲公司", "乙公司"))
    commits: list[object] = []
    event.listen(hall.world.platform.database.engine, "commit", commits.append)
    made = Committer(hall.world.platform)
    made.turnstile.enter()
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(made.seal, first)
        _until(lambda: made._thread is not None and made.waiting.empty())
        assert not commits
        made.seal(second)  # gives the place back, and is let in
        assert waits.result(SOON)["v"] == "receipt/v1"
    assert len(commits) == 1


def test_whoever_never_gets_through_holds_nobody_up(hall: Hall) -> None:
    made = Committer(hall.world.platform)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(made.turnstile.enter).result(SOON)
        assert made.seal(hall.request(hall.comes("甲公司")[0]))["v"] == "receipt/v1"


def test_refused_requests_give_their_places_back_and_each_refusal_is_logged(hall: Hall) -> None:
    who, token = hall.comes("甲公司")
    body = make.seal_body(who, hall.record, 250_000)
    for _ in range(PLACES):
        assert hall.sends(token, {"statement": 1})[0] == 422
        assert hall.sends("nobody", body)[0] == 401
        assert hall.sends(token, {**body, "envelope": "AAAA"})[0] == 422
    assert hall.sends(token, body)[0] == 201
    assert hall.sends(token, make.seal_body(who, hall.record, 1))[1]["error"]["code"] == (
        "bid.sequence"
    )
    person = who.actor.person_id
    hall.world.clock.moment += timedelta(days=30)
    with hall.world.platform.database.write() as session:
        session.scalars(select(LoginSession)).one().seen_at = hall.world.clock.now()
        session.scalars(select(LoginSession)).one().expires_at += timedelta(days=31)
    status, late = hall.sends(token, make.seal_body(who, hall.record, 1, 2))
    assert (status, late["error"]["code"]) == (409, "bid.late")
    told = hall.refusals()
    assert told.count(("bid.form", person)) == PLACES
    assert told.count(("bid.damaged", person)) == PLACES
    assert told.count(("not_signed_in", None)) == PLACES
    assert told[-2:] == [("bid.sequence", person), ("bid.late", person)]
    assert hall.count() == 1


def _sign_out(session: Session, login: LoginSession) -> None:
    login.revoked_at = make.START


def _give_another_role(session: Session, login: LoginSession) -> None:
    session.get_one(Membership, login.membership_id).role = Role.EXPERT


def _ask_second_factor(session: Session, login: LoginSession) -> None:
    login.person.totp_confirmed = True


@pytest.mark.parametrize(
    ("end", "status", "code"),
    [
        (_sign_out, 401, "not_signed_in"),
        (_give_another_role, 403, "role.wrong"),
        (_ask_second_factor, 401, "not_signed_in"),
    ],
)
def test_whoever_may_no_longer_seals_nothing_from_the_next_request_on(
    hall: Hall, end: Callable[[Session, LoginSession], None], status: int, code: str
) -> None:
    who, token = hall.comes("甲公司")
    assert hall.sends(token, make.seal_body(who, hall.record, 250_000))[0] == 201
    with hall.world.platform.database.write() as session:
        end(session, session.scalars(select(LoginSession)).one())
    got, answer = hall.sends(token, make.seal_body(who, hall.record, 250_000, 2))
    assert (got, answer["error"]["code"]) == (status, code)
    assert hall.sends(token, {"no": "form"})[1]["error"]["code"] == code  # before what was sent
    assert [each for each, _ in hall.refusals()] == [code, code]
    assert hall.count() == 1


class SlowLine(io.BytesIO):
    """A request's body that comes when it is told to."""

    def __init__(self, asked: threading.Semaphore, come: threading.Event) -> None:
        super().__init__(b"{}")
        self._asked, self._come = asked, come

    def read(self, size: int | None = -1) -> bytes:
        """Wait for the line."""
        self._asked.release()
        assert self._come.wait(SOON)
        return super().read(size)

    def readinto(self, buffer: Any) -> int:
        """Wait for the line."""
        self._asked.release()
        assert self._come.wait(SOON)
        return super().readinto(buffer)


def test_slow_lines_hold_no_place(hall: Hall) -> None:
    who, token = hall.comes("甲公司")
    come, asked = threading.Event(), threading.Semaphore(0)
    count = PLACES + 1
    with ThreadPoolExecutor(count) as pool:
        slow = [
            pool.submit(hall.sends, token, {}, **{"wsgi.input": SlowLine(asked, come)})
            for _ in range(count)
        ]
        try:
            assert all(asked.acquire(timeout=SOON) for _ in range(count))
            assert hall.sends(token, make.seal_body(who, hall.record, 250_000))[0] == 201
            assert not any(each.done() for each in slow)
        finally:
            come.set()
        assert {each.result(SOON)[0] for each in slow} == {422}


def test_a_crowd_at_once_is_taken_whole(hall: Hall) -> None:
    crowd = [hall.comes(f"投标人{number}") for number in range(12)]
    bodies = [make.seal_body(who, hall.record, 250_000) for who, _ in crowd]
    with ThreadPoolExecutor(len(crowd)) as pool:
        answers = list(pool.map(hall.sends, [token for _, token in crowd], bodies))
    assert {status for status, _ in answers} == {201}
    assert len({answer["receipt"]["entry"]["bid"] for _, answer in answers}) == len(crowd)
    assert hall.count() == len(crowd)
