"""What the check of a sealed PDF finds: plain values, nothing loaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """How long a signature can be checked (ETSI EN 319 142-1)."""

    B_LT = "PAdES B-LT"  # sealed and dated, no archival timestamp over it
    B_LTA = "PAdES B-LTA"  # all that is needed for the check is inside and dated


@dataclass(frozen=True)
class Signed:
    """A sealed PDF that holds.

    `signing_time` is the trusted time of the seal (its own timestamp), `timestamp` that of the
    newest timestamp over the whole file, `sound_until` the end of the certificate behind that
    newest timestamp: renew before it. `seal_digest` is the digest that the seal signs; it stays
    the same when timestamps are renewed.
    """

    signer: str
    organisation: str
    signing_time: datetime
    timestamp: datetime
    level: Level
    pages: int
    timestamps: int
    certificate_sha256: str
    seal_digest: str
    sha256: str
    sound_until: datetime


class Answer(StrEnum):
    """The answers that a person can get about a file."""

    GENUINE = "genuine"  # 真实有效
    OLDER = "older"  # 真实但为旧版本
    OTHER = "other"  # 真实但不是该编号对应的文件
    FORGED = "forged"  # 伪造或被改动
    CANNOT_TELL = "cannot_tell"  # 无法判断


@dataclass(frozen=True)
class Comparison:
    """An answer with what was found (`signed`, also of the original that was changed) and why."""

    answer: Answer
    signed: Signed | None
    code: str
    message: str
