"""What a thief of a password, or of a browser left open, tries on somebody's account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

import wsgi
from tender.accounts import credentials, sessions
from tender.accounts.models import OrganisationKind, Person
from tender.core.actor import Role
from tender.core.messages import link_of
from tender.core.outbox import OutboxRow
from tests.tender import factories as make

LOGIN, PASSWORD = "li-xiulan", "correct horse battery"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[make.World]:
    made = make.world(tmp_path)
    yield made
    made.platform.database.close()


@pytest.fixture
def secret(world: make.World) -> str:
    """The one-time secret of a bidder who has set a second factor up."""
    with world.platform.database.write() as session:
        company = make.organisation(session, OrganisationKind.COMPANY, "清河建筑公司")
        actor = make.member(session, Role.BIDDER, company)
        person = session.get_one(Person, actor.person_id)
        person.login, person.email = LOGIN, "li@example.cn"
        person.password_hash = credentials.hash_password(PASSWORD)
        plain = credentials.new_totp(world.platform.settings, person)
        person.totp_confirmed = True
    return plain


def _browser(world: make.World) -> FlaskClient:
    app = wsgi.create_app(world.platform)
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    return app.test_client()


def test_a_strange_code_is_a_wrong_code(world: make.World, secret: str) -> None:
    with world.platform.database.read() as session:
        person = session.scalars(select(Person).where(Person.login == LOGIN)).one()
        settings, now = world.platform.settings, world.clock.now()
        for code in ("²²²²²²", "١٢٣٤٥٦", "٣" * 6, "", "0" * 5000, "\ud7ff", "123 456 789 012"):
            assert not credentials.take_code(settings, person, code, now=now)
        good = pyotp.TOTP(secret).at(int(now.timestamp()))
        assert credentials.take_code(settings, person, f"{good[:3]} {good[3:]}", now=now)


def test_a_recovery_code_of_digits_alone_signs_in(world: make.World, secret: str) -> None:
    settings = world.platform.settings
    with world.platform.database.write() as session:
        person = session.scalars(select(Person).where(Person.login == LOGIN)).one()
        digits = credentials.recovery_hash(settings, person, "1234567890")
        person.recovery_hashes = [digits]
        now = world.clock.now()
        assert credentials.take_code(settings, person, "12345-67890", now=now)
        assert not credentials.take_code(settings, person, "12345-67890", now=now)


def test_the_link_to_a_new_password_goes_by_mail_and_never_into_the_inbox(
    world: make.World, secret: str
) -> None:
    client = _browser(world)
    with world.platform.database.write() as session:
        person = session.scalars(select(Person).where(Person.login == LOGIN)).one()
        token = sessions.start_session(
            session, person, second_factor=True, address=None, agent=None, now=world.clock.now()
        )
    client.set_cookie("sid", token)
    # The host of the request is the attacker's word; the link is made of the platform's own name.
    client.post("/recover", data={"login": LOGIN}, headers={"Host": "evil.example"})
    shown = client.get("/inbox").text
    assert "/recover/" not in shown
    with world.platform.database.read() as session:
        mail = session.scalars(select(OutboxRow).where(OutboxRow.kind == "email.send")).one()
    link = link_of(world.platform.settings, mail.payload)
    assert link is not None
    assert re.fullmatch(r"/recover/[\w-]{43}", link)
    assert "evil" not in str(mail.payload)


def test_a_recovery_link_works_once_and_ends_every_session(world: make.World, secret: str) -> None:
    now, settings = world.clock.now(), world.platform.settings
    with world.platform.database.write() as session:
        token = credentials.ask_recovery(session, settings, LOGIN, now=now)
        late = credentials.ask_recovery(session, settings, LOGIN, now=now - timedelta(hours=1))
        person = session.scalars(select(Person).where(Person.login == LOGIN)).one()
        old = sessions.start_session(
            session, person, second_factor=True, address=None, agent=None, now=now
        )
    client, thief = _browser(world), _browser(world)
    thief.set_cookie("sid", old)
    answers = [
        client.post(f"/recover/{each}", data={"password": "a new long password"}).status_code
        for each in (late, token, token)
    ]
    assert answers == [422, 303, 422]
    assert thief.get("/account").status_code == 401
