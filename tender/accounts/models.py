"""People, organisations, memberships, sessions and keys of bidders."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tender.core.actor import Role
from tender.core.db import Base, UtcDateTime, enum_column
from tender.core.ids import new_id
from tender.core.states import Transitions


class OrganisationKind(StrEnum):
    """What an organisation is in this system."""

    COUNTY = "county"  # 县公共资源交易中心
    TOWNSHIP = "township"  # 乡镇
    VILLAGE = "village"  # 村集体经济组织
    DEPARTMENT = "department"  # 县直部门、行业监督部门
    COMPANY = "company"  # 企业
    PERSON = "natural_person"  # 自然人


class Standing(StrEnum):
    """Where a registration stands."""

    PENDING = "pending"  # 待审核
    APPROVED = "approved"  # 已通过
    RETURNED = "returned"  # 退回补正
    SUSPENDED = "suspended"  # 暂停


STANDING_TRANSITIONS: Transitions = {
    Standing.PENDING: frozenset({Standing.APPROVED, Standing.RETURNED}),
    Standing.RETURNED: frozenset({Standing.PENDING}),
    Standing.APPROVED: frozenset({Standing.SUSPENDED}),
    Standing.SUSPENDED: frozenset({Standing.APPROVED}),
}


class Organisation(Base):
    """A node of the tree county > township > village, or a bidder, which stands outside the tree.

    `path` is `/id/id/` from the root and gives the scope of roles; a bidder's path is `/its id/`.
    `party_id` is the random name under which a bidder appears in the public ledger.
    """

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("(kind IN ('company', 'natural_person')) OR code IS NULL", name="code"),
        CheckConstraint("(status <> 'approved') OR approved_at IS NOT NULL", name="approved"),
        Index("ix_organisation_path", "path"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    kind: Mapped[OrganisationKind] = mapped_column(enum_column(OrganisationKind))
    name: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    path: Mapped[str] = mapped_column(String(200))
    party_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_id)
    code: Mapped[str | None] = mapped_column(
        String(18), unique=True
    )  # 统一社会信用代码 or id number
    status: Mapped[Standing] = mapped_column(enum_column(Standing), default=Standing.PENDING)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remark: Mapped[str | None] = mapped_column(Text)  # why it was returned or suspended
    contact: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(30))
    email: Mapped[str | None] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(200))
    legal_head: Mapped[str | None] = mapped_column(String(80))  # 法定代表人
    agent: Mapped[str | None] = mapped_column(String(80))  # 授权代理人
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    parent: Mapped[Organisation | None] = relationship(remote_side="Organisation.id")

    @property
    def scope(self) -> str:
        """The path, as permissions read it."""
        return self.path

    @property
    def owner_id(self) -> str:
        """An organisation belongs to itself."""
        return self.id


class Person(Base):
    """Somebody who can sign in."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(30))
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(String(200))
    totp_confirmed: Mapped[bool] = mapped_column(Boolean, default=False)
    totp_last_step: Mapped[int] = mapped_column(Integer, default=0)  # a code counts once
    recovery_hashes: Mapped[list[str]] = mapped_column(JSON, default=list)
    failed_attempts: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    language: Mapped[str] = mapped_column(String(2), default="zh")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Membership(Base):
    """A person's role in an organisation."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id", "role"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[Role] = mapped_column(enum_column(Role))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()
    organisation: Mapped[Organisation] = relationship()


class LoginSession(Base):
    """A signed-in browser; the cookie's token is kept as a hash only, and can be revoked."""

    __tablename__ = "login_session"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    membership_id: Mapped[str | None] = mapped_column(ForeignKey("membership.id"))
    second_factor: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address: Mapped[str | None] = mapped_column(String(64))
    agent: Mapped[str | None] = mapped_column(String(300))

    person: Mapped[Person] = relationship()
    membership: Mapped[Membership | None] = relationship()


class BidderKey(Base):
    """A bidder's P-256 public key and the certificate that the platform's CA gave it.

    The private half was made in the bidder's browser (or lies in a PKCS#12 of the bidder's) and
    never reaches the platform.
    """

    __tablename__ = "bidder_key"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    public_key: Mapped[str] = mapped_column(String(100), unique=True)  # base64url, 65 bytes
    certificate: Mapped[str] = mapped_column(Text)  # PEM
    certificate_sha256: Mapped[str] = mapped_column(String(64), unique=True)  # of the DER
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ExpertProfile(Base):
    """An expert in the pool (评标专家库): speciality, employer and what recusal is judged by."""

    __tablename__ = "expert_profile"
    __table_args__ = (CheckConstraint("years >= 0", name="years"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    speciality: Mapped[str] = mapped_column(String(20), index=True)
    title: Mapped[str] = mapped_column(String(60))
    years: Mapped[int] = mapped_column(Integer)
    region: Mapped[str] = mapped_column(String(80))
    employer: Mapped[str] = mapped_column(String(200))
    employer_code: Mapped[str | None] = mapped_column(String(18))
    past_employers: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    kin: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    sanctioned_until: Mapped[date | None] = mapped_column()
    status: Mapped[Standing] = mapped_column(enum_column(Standing), default=Standing.PENDING)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remark: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()


class LegalHold(Base):
    """A stop to the purge (法定保留) for a tender, an organisation or a person, with its reason."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
        CheckConstraint("(lifted_at IS NULL) = (lift_reason IS NULL)", name="lift_reason"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    subject: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(300))  # as it was named when it was placed
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[str] = mapped_column(String(32))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_by: Mapped[str | None] = mapped_column(String(32))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lift_reason: Mapped[str | None] = mapped_column(Text)


class RecoveryToken(Base):
    """A one-time link to set a new password; kept as a hash."""

    __tablename__ = "recovery_token"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
