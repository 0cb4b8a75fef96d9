"""Panel, score sheets, ranking, award, contract, and findings of the screens."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Integer,
    Numeric,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tender.accounts.models import Person
from tender.core.db import Base, UtcDateTime, enum_column
from tender.core.ids import new_id


class MemberStatus(StrEnum):
    """Where a panel member stands."""

    DRAWN = "drawn"  # 已抽取，待确认
    SEATED = "seated"  # 已到场
    DECLINED = "declined"  # 不能参加
    RECUSED = "recused"  # 回避
    SUBMITTED = "submitted"  # 已提交评分


class PanelDraw(Base):
    """A draw (抽取) that anybody can recompute: seed, frozen pool's hash and the order.

    `secret` is the centre's own contribution, committed to by hash in the same ledger entry that
    freezes the pool and told to nobody before the draw. `docs/evaluation.md` has the scheme.
    """

    __tablename__ = "panel_draw"
    __table_args__ = (
        CheckConstraint("(seed IS NULL) = (drawn_at IS NULL)", name="drawn"),
        CheckConstraint("(drawn_by IS NULL) = (drawn_at IS NULL)", name="drawn_by"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), unique=True)
    quotas: Mapped[dict[str, int]] = mapped_column(JSON)  # speciality code -> seats
    pool: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    pool_sha256: Mapped[str] = mapped_column(String(64))
    parties: Mapped[dict[str, Any]] = mapped_column(JSON)  # whom recusal was judged against
    secret: Mapped[str] = mapped_column(String(64))  # base64url, 32 bytes
    contributions: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    frozen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    frozen_by: Mapped[str] = mapped_column(String(32))
    frozen_seq: Mapped[int] = mapped_column(BigInteger)
    seed: Mapped[str | None] = mapped_column(String(64))
    order: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # places, with reasons
    drawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    drawn_by: Mapped[str | None] = mapped_column(String(32))


class PanelMember(Base):
    """A member of the panel (评标委员会成员); names are secret until the result (TBL 37)."""

    __tablename__ = "panel_member"
    __table_args__ = (
        UniqueConstraint("tender_id", "person_id"),
        CheckConstraint("(status = 'submitted') = (submitted_at IS NOT NULL)", name="submitted"),
        CheckConstraint("(sheet_sha256 IS NULL) = (submitted_at IS NULL)", name="sheet"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    speciality: Mapped[str | None] = mapped_column(String(20))
    representative: Mapped[bool] = mapped_column(Boolean, default=False)  # 招标人代表
    position: Mapped[int] = mapped_column(Integer)
    status: Mapped[MemberStatus] = mapped_column(enum_column(MemberStatus))
    reason: Mapped[str | None] = mapped_column(Text)
    seated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sheet_sha256: Mapped[str | None] = mapped_column(String(64))  # salted: scores can be guessed
    salt: Mapped[str | None] = mapped_column(String(64))
    outlier_reason: Mapped[str | None] = mapped_column(Text)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the evaluation report
    dissent: Mapped[str | None] = mapped_column(Text)

    person: Mapped[Person] = relationship()

    @property
    def owner_id(self) -> str:
        """The expert's own."""
        return self.person_id


class ScoreItem(Base):
    """One expert's score for one criterion of one bid; autosaved, final once submitted."""

    __tablename__ = "score_item"

    member_id: Mapped[str] = mapped_column(ForeignKey("panel_member.id"), primary_key=True)
    bid_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    criterion_id: Mapped[str] = mapped_column(ForeignKey("criterion.id"), primary_key=True)
    score: Mapped[Decimal | None] = mapped_column(Numeric(8, 3))
    passed: Mapped[bool | None] = mapped_column(Boolean)
    reason: Mapped[str | None] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CorrectionCause(StrEnum):
    """The only four causes for which a submitted score may be changed (O87 art. 64)."""

    SUM = "sum"  # 分值汇总计算错误
    RANGE = "range"  # 分项评分超出评分标准范围
    OBJECTIVE = "objective"  # 客观评审因素评分不一致
    EXTREME = "extreme"  # 经评标委员会认定评分畸高、畸低


class ScoreChange(Base):
    """A change of a submitted score: cause, reason and both values, kept for good."""

    __tablename__ = "score_change"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    member_id: Mapped[str] = mapped_column(ForeignKey("panel_member.id"), index=True)
    bid_id: Mapped[str] = mapped_column(String(32))
    criterion_id: Mapped[str] = mapped_column(ForeignKey("criterion.id"))
    cause: Mapped[CorrectionCause] = mapped_column(enum_column(CorrectionCause))
    reason: Mapped[str] = mapped_column(Text)
    before: Mapped[Decimal | None] = mapped_column(Numeric(8, 3))
    after: Mapped[Decimal] = mapped_column(Numeric(8, 3))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_seq: Mapped[int] = mapped_column(BigInteger)


class Rejection(Base):
    """A bid rejected (否决投标) with its legal ground (REG art. 51) and reason."""

    __tablename__ = "rejection"

    bid_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    ground: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text)
    wording: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # computed
    decided_by: Mapped[str] = mapped_column(String(32))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Evaluation(Base):
    """The result of evaluating one lot: ranking with every step of every number."""

    __tablename__ = "evaluation"

    lot_id: Mapped[str] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    method: Mapped[str] = mapped_column(String(40))
    ranking: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    failed_reason: Mapped[str | None] = mapped_column(Text)
    evaluated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    evaluated_by: Mapped[str] = mapped_column(String(32))
    ledger_seq: Mapped[int] = mapped_column(BigInteger)


class Award(Base):
    """One award per lot, held by the primary key."""

    __tablename__ = "award"
    __table_args__ = (CheckConstraint("total_fen >= 0", name="total"),)

    lot_id: Mapped[str] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    bid_id: Mapped[str] = mapped_column(String(32), unique=True)
    organisation_id: Mapped[str] = mapped_column(String(32), index=True)
    price_fen: Mapped[int] = mapped_column(BigInteger)
    total_fen: Mapped[int] = mapped_column(BigInteger)  # over quantity and term
    reason: Mapped[str | None] = mapped_column(Text)
    awarded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    awarded_by: Mapped[str] = mapped_column(String(32))
    ledger_seq: Mapped[int] = mapped_column(BigInteger)
    letter_id: Mapped[str | None] = mapped_column(String(32))


class Contract(Base):
    """The contract that follows an award."""

    __tablename__ = "contract"

    lot_id: Mapped[str] = mapped_column(ForeignKey("award.lot_id"), primary_key=True)
    signed_on: Mapped[datetime] = mapped_column(UtcDateTime)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    file_id: Mapped[str | None] = mapped_column(ForeignKey("stored_file.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(String(32))


class TieKind(StrEnum):
    """In which way a firm takes part in a contract that it did not win."""

    SUBCONTRACT = "subcontract"  # 分包
    SUPPLY = "supply"  # 供货
    SECONDED = "seconded"  # 借用、派驻人员


class ContractTie(Base):
    """A firm that carries out a part of a contract (分包、供货、借用人员), as staff recorded it.

    Rows are added while the contract runs and never changed; none names a person. `declared` says
    that the winner's bid named the firm and the tender documents allow it.
    """

    __tablename__ = "contract_tie"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    lot_id: Mapped[str] = mapped_column(String(32), ForeignKey("contract.lot_id"), index=True)
    kind: Mapped[TieKind] = mapped_column(enum_column(TieKind))
    name: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(40), default="")
    work: Mapped[str] = mapped_column(String(500))
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    declared: Mapped[bool] = mapped_column(Boolean)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(String(32))
    ledger_seq: Mapped[int] = mapped_column(BigInteger)


class ScreenStatus(StrEnum):
    """Where a screening run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


class ScreenRun(Base):
    """The screening of a tender by the indicators, after the opening and whenever done again.

    `progress` lists the steps that are through: {lot, code, found, at} and `failed`, the reason.
    """

    __tablename__ = "screen_run"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    status: Mapped[ScreenStatus] = mapped_column(enum_column(ScreenStatus))
    progress: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)  # of the newest round
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    round: Mapped[int] = mapped_column(Integer, default=1)  # one more each time it is done again
    known_sha256: Mapped[str | None] = mapped_column(String(64))  # of known.toml as it was used


class FindingDecision(StrEnum):
    """What a person decided about a finding."""

    OPEN = "open"  # 待处理
    CONFIRMED = "confirmed"  # 确认
    REJECTED = "rejected"  # 排除
    REFERRED = "referred"  # 移送


class FindingRow(Base):
    """A finding (围串标线索): evidence for people, never a verdict.

    `source` is the indicator that found it; `gone_at` is when that one, done again, no longer did.
    """

    __tablename__ = "finding"
    __table_args__ = (
        CheckConstraint("(decision = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(decision = 'open') OR reason IS NOT NULL", name="reason"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    lot_id: Mapped[str | None] = mapped_column(String(32))
    scope: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(10))
    strength: Mapped[str] = mapped_column(String(1))
    bidders: Mapped[list[str]] = mapped_column(JSON)  # organisation ids
    content: Mapped[dict[str, Any]] = mapped_column(JSON)  # evaluation.screens.finding as JSON
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision: Mapped[FindingDecision] = mapped_column(enum_column(FindingDecision))
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(String(32))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the bidders, to explain
    explanations: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # by organisation


class FindingDecided(Base):
    """One decision about a finding; a later one takes its place and deletes nothing.

    `by` is a person, or the seat of a panel member, whose name is secret until the result.
    """

    __tablename__ = "finding_decided"
    __table_args__ = (CheckConstraint("decision <> 'open'", name="decision"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    finding_id: Mapped[str] = mapped_column(
        ForeignKey("finding.id", ondelete="CASCADE"), index=True
    )
    decision: Mapped[FindingDecision] = mapped_column(enum_column(FindingDecision))
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(40))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_seq: Mapped[int] = mapped_column(BigInteger)


class RegisterExtract(Base):
    """What the business register says of a bidder (工商登记信息), as supervision recorded it.

    `holders` are {number, percent}; numbers are credit codes or identity numbers.
    """

    __tablename__ = "register_extract"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    head: Mapped[str] = mapped_column(String(80), default="")
    head_number: Mapped[str] = mapped_column(String(40), default="")
    holders: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    managed_by: Mapped[list[str]] = mapped_column(JSON, default=list)
    branch_of: Mapped[str] = mapped_column(String(40), default="")
    source: Mapped[str] = mapped_column(String(200))  # where and on which day it was taken
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(String(32))
