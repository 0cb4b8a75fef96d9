"""The log of reads: who saw whose personal data, when, where and as what; private.

Personal Information Protection Law art. 51 and 54 want access controlled and audited; art. 56 keeps
the record three years. Staff are told on the pages that each look is logged.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from tender.core.actor import Actor
from tender.core.db import Base, UtcDateTime
from tender.core.i18n import N_
from tender.core.ids import new_id


class Read(StrEnum):
    """What was read."""

    REGISTRATION = "registration"  # 登记信息、证件号码
    STAFF = "staff"  # 工作人员账户
    BOND = "bond"  # 保证金缴款人、账号
    POOL = "pool"  # 评标专家的单位和回避信息
    EVIDENCE = "evidence"  # 异议材料
    FINDING = "finding"  # 围串标线索中的人员、电话、地址
    BID_FILE = "bid_file"  # 已解密的投标文件


READ_NAMES: dict[Read, str] = {
    Read.REGISTRATION: N_("Registration and identity number"),
    Read.STAFF: N_("Staff account"),
    Read.BOND: N_("Payer of a bid bond"),
    Read.POOL: N_("Employer and recusal data of an expert"),
    Read.EVIDENCE: N_("Evidence of an objection"),
    Read.FINDING: N_("People and addresses in a finding"),
    Read.BID_FILE: N_("Opened file of a bid"),
}


class AccessRecord(Base):
    """One read. `subject` is the organisation or person whose data it was, `page` where.

    `about` is the tender that it belongs to, if any: before the opening the list must not tell by
    it who bids.
    """

    __tablename__ = "access_record"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    person_id: Mapped[str] = mapped_column(String(32), index=True)
    role: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(32), index=True)
    kind: Mapped[str] = mapped_column(String(60))
    about: Mapped[str | None] = mapped_column(String(32))
    page: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str | None] = mapped_column(String(64))


def note_reads(
    session: Session,
    actor: Actor,
    kind: Read,
    subjects: Iterable[str],
    *,
    about: str | None,
    page: str,
    address: str | None,
    now: datetime,
) -> None:
    """Write down that somebody saw these subjects' data; one's own is not a read of another's."""
    own = (actor.person_id, actor.organisation_id)
    for subject in sorted({each for each in subjects if each and each not in own}):
        session.add(
            AccessRecord(
                time=now,
                person_id=actor.person_id,
                role=actor.role.value,
                subject=subject,
                kind=kind.value,
                about=about,
                page=page[:200],
                address=address,
            )
        )
