"""What a county has before its first tender: its tree and its staff, put into the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from demo.people import AGENTS, COUNTY, PASSWORD, STAFF, person_name
from tender.accounts import credentials
from tender.accounts.models import (
    ExpertProfile,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    Standing,
)
from tender.core.actor import Role
from tender.core.ids import new_id
from tender.core.platform import Platform
from tender.core.settings import Settings

TOWNSHIPS = (
    *("柳河", "白石", "青山", "龙潭", "桃源", "石桥"),
    *("双江", "枫林", "清水", "高坪", "太平", "金滩", "云峰"),
)
DEPARTMENTS = ("交通运输局", "卫生健康局", "教育局", "自然资源局", "机关事务管理局")
FIRST = tuple("东西南北上下前后新老大小")
SECOND = ("坪", "塘", "冲", "湾", "岭", "溪", "桥", "垄")


@dataclass
class Seeded:
    """What was made: organisation ids by name, TOTP secrets by login."""

    organisations: dict[str, str] = field(default_factory=dict)
    totp: dict[str, str] = field(default_factory=dict)
    experts: list[str] = field(default_factory=list)


@dataclass
class Seeder:
    """Puts rows in; one password hash serves all, because Argon2 takes its time on purpose."""

    session: Session
    settings: Settings
    now: datetime
    seeded: Seeded = field(default_factory=Seeded)
    hashed: str = field(default_factory=lambda: credentials.hash_password(PASSWORD))

    def organisation(
        self, kind: OrganisationKind, name: str, parent: Organisation | None = None
    ) -> Organisation:
        """A node of the tree."""
        made = Organisation(
            id=new_id(), kind=kind, name=name, path="", status=Standing.APPROVED,
            approved_at=self.now, parent_id=parent.id if parent else None, created_at=self.now,
        )  # fmt: skip
        made.path = f"{parent.path if parent else '/'}{made.id}/"
        self.session.add(made)
        self.session.flush()
        self.seeded.organisations[name] = made.id
        return made

    def person(self, login: str, name: str, role: Role, organisation: Organisation) -> Person:
        """Somebody with a role; staff get a confirmed second factor."""
        made = Person(
            id=new_id(), login=login, name=name, password_hash=self.hashed, created_at=self.now,
            recovery_hashes=[], email=f"{login}@qingyuan.example",
        )  # fmt: skip
        self.session.add(made)
        self.session.flush()
        self.session.add(
            Membership(
                person_id=made.id, organisation_id=organisation.id, role=role, created_at=self.now
            )
        )
        if role not in (Role.BIDDER, Role.EXPERT):
            secret = credentials.new_totp(self.settings, made)
            made.totp_confirmed = True
            self.seeded.totp[login] = secret
        return made

    def expert(self, number: int, county: Organisation, speciality: str, employer: str) -> None:
        """An approved expert."""
        login = f"expert{number}"
        person = self.person(login, person_name(100 + number), Role.EXPERT, county)
        self.session.add(
            ExpertProfile(
                person_id=person.id,
                speciality=speciality,
                title="高级工程师",
                years=8 + number,
                region="清源县",
                employer=employer,
                past_employers=[],
                kin=[],
                status=Standing.APPROVED,
                approved_at=self.now,
                created_at=self.now,
            )
        )
        self.seeded.experts.append(login)


def seed_county(
    platform: Platform, places: dict[str, list[str]], *, now: datetime, villages_more: int = 0
) -> Seeded:
    """A county with the townships and villages of the cases, its staff and experts.

    `villages_more` adds invented ones up to that number of villages in 16 townships.
    """
    with platform.database.write() as session:
        seeder = Seeder(session, platform.settings, now)
        county = seeder.organisation(OrganisationKind.COUNTY, COUNTY)
        for role, login, name in STAFF:
            seeder.person(login, name, role, county)
        for name in DEPARTMENTS:
            seeder.organisation(OrganisationKind.DEPARTMENT, f"清源县{name}", county)
        for number, (township, villages) in enumerate(places.items()):
            node = seeder.organisation(OrganisationKind.TOWNSHIP, township, county)
            for login, name in AGENTS:
                suffix = "" if number == 0 else f"-{number + 1}"
                seeder.person(f"{login}{suffix}", name, Role.TOWNSHIP_AGENT, node)
            for village in villages:
                seeder.organisation(OrganisationKind.VILLAGE, village, node)
        if villages_more:
            _rest_of_county(seeder, county, villages_more)
        for number in range(1, 15):
            speciality = ("A01", "A02", "A03", "A04")[number % 4]
            seeder.expert(number, county, speciality, f"邻县工程咨询公司{number}")
        for number in range(15, 20):
            seeder.expert(number, county, "B02", f"邻县人民医院{number - 14}分院")
    return seeder.seeded


def _rest_of_county(seeder: Seeder, county: Organisation, villages: int) -> None:
    """Invented townships and villages, up to 16 and `villages`."""
    known = seeder.seeded.organisations
    townships = [name for name in known if name.endswith("镇")]
    places = sum(1 for name in known if name.endswith("村"))
    count = 16 - len(townships)
    for number in range(count):
        name = f"{TOWNSHIPS[number]}镇"
        node = seeder.organisation(OrganisationKind.TOWNSHIP, name, county)
        seeder.person(f"agent-t{number + 1}", person_name(200 + number), Role.TOWNSHIP_AGENT, node)
        share = (villages - places) // (count - number)
        for place in range(share):
            first, second = (
                FIRST[place % len(FIRST)],
                SECOND[(place // len(FIRST) + number) % len(SECOND)],
            )
            seeder.organisation(
                OrganisationKind.VILLAGE, f"{TOWNSHIPS[number]}{first}{second}村", node
            )
        places += share
