"""A county whose people have passwords and second factors, and browsers that sign in for real."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pyotp
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

import wsgi
from tender.accounts import credentials
from tender.accounts.authority import ensure_centre
from tender.accounts.models import Membership, Organisation, OrganisationKind, Person
from tender.core.actor import Role
from tender.core.platform import Platform
from tender.core.settings import Mode
from tests.tender import factories as make

PASSWORD = "三棵老槐树下再见面吧朋友"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64)  # real Argon2id, quick enough for many
HASHED = CHEAP.hash(PASSWORD)


@dataclass
class Town:
    """A platform, its application and the secrets of its people.

    `tag` ends every login name, so that one installation serves the people of many tests.
    """

    world: make.World
    app: Flask
    county: Organisation
    tag: str = ""

    def login(self, name: str) -> str:
        """The login name of somebody of this test."""
        return f"{name}-{self.tag}"

    @property
    def platform(self) -> Platform:
        """The installation."""
        return self.world.platform

    def person(self, login: str, role: Role, of: Organisation | None = None) -> str:
        """A person with the common password and, for staff, a confirmed second factor."""
        with self.platform.database.write() as session:
            person = Person(
                login=self.login(login), name=login, password_hash=HASHED, recovery_hashes=[],
                email=f"{self.login(login)}@example.test", created_at=make.START,
            )  # fmt: skip
            session.add(person)
            session.flush()
            place = (of or self.county).id
            session.add(
                Membership(
                    person_id=person.id, organisation_id=place, role=role, created_at=make.START
                )
            )
            if role is not Role.BIDDER:
                credentials.new_totp(self.platform.settings, person)
                person.totp_confirmed = True
            return person.id

    def company(self, name: str) -> Organisation:
        """An approved company."""
        with self.platform.database.write() as session:
            return make.organisation(session, OrganisationKind.COMPANY, name)

    def code(self, person_id: str) -> str:
        """The one-time code that the person's telephone shows now."""
        with self.platform.database.read() as session:
            plain = credentials.totp_plain(
                self.platform.settings, session.get_one(Person, person_id)
            )
        assert plain is not None
        return pyotp.TOTP(plain).at(self.world.clock.now())

    def sign_in(self, login: str, password: str = PASSWORD) -> tuple[FlaskClient, int]:
        """A browser after the first factor, and the answer's status."""
        client = self.app.test_client()
        answer = client.post("/login", data={"login": self.login(login), "password": password})
        return client, answer.status_code

    def signed_in(self, login: str) -> FlaskClient:
        """A browser after both factors; the clock moves on, so that the next code is fresh."""
        client, status = self.sign_in(login)
        assert status == 303
        with self.platform.database.read() as session:
            person = session.scalars(select(Person).where(Person.login == self.login(login))).one()
        if person.totp_confirmed:
            self.world.clock.moment += timedelta(seconds=60)
            answer = client.post("/login/second", data={"code": self.code(person.id)})
            assert answer.status_code == 303
        return client


def town(data: Path, *, mode: Mode = Mode.TEST, csrf: bool = False) -> Town:
    """A county with an application; forms need no token unless `csrf` is wanted."""
    world = make.world(data)
    world.platform = replace(world.platform, settings=replace(world.platform.settings, mode=mode))
    ensure_centre(world.platform.settings, "清源县公共资源交易中心", now=world.clock.now())
    app = wsgi.create_app(world.platform)
    app.config.update(WTF_CSRF_ENABLED=csrf)
    with world.platform.database.read() as session:
        county = session.get_one(Organisation, world.village.path.split("/")[1])
    return Town(world, app, county)
