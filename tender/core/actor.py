"""Who acts: a person in one of the roles that the person holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """A membership's role; one person may hold many and acts in one at a time."""

    ADMINISTRATOR = "administrator"  # 系统管理员
    COUNTY_CLERK = "county_clerk"  # 县交易中心经办
    TOWNSHIP_AGENT = "township_agent"  # 乡镇代理员
    VILLAGE_REPRESENTATIVE = "village_representative"  # 村级代表
    BIDDER = "bidder"  # 投标人
    EXPERT = "expert"  # 评标专家
    SUPERVISOR = "supervisor"  # 监督人员
    AUDITOR = "auditor"  # 审计（只读）
    FINANCE = "finance"  # 财务


STAFF = frozenset(Role) - {Role.BIDDER, Role.EXPERT}


@dataclass(frozen=True)
class Actor:
    """The person, role and organisation on whose behalf a service runs.

    `scope` is the organisation's path (`/county/township/village/` of ids): a role reaches what
    lies under it.
    """

    person_id: str
    name: str
    role: Role
    membership_id: str
    organisation_id: str
    organisation_name: str
    scope: str
    address: str | None = None  # network address of the request, for the log (O20 art. 49)
    seen_at: datetime | None = None  # when the session was last noted as in use


SYSTEM = "system"  # the actor of acts that data and clock alone bring about


def operator() -> Actor:
    """Whoever runs the machine, from its command line: an administrator of everything."""
    return Actor(
        person_id=SYSTEM, name=SYSTEM, role=Role.ADMINISTRATOR, membership_id=SYSTEM,
        organisation_id=SYSTEM, organisation_name=SYSTEM, scope="/",
    )  # fmt: skip
