"""The draw of experts (抽取): recomputable by anybody, steerable by nobody.

Each contributor sealed 32 random bytes before the pool was frozen; the pool's hash stood in the
ledger before the contributions opened. The seed binds both, and the order of the pool is a keyed
hash, so whoever holds the published data gets the same panel. TBL 37, REG 46.

The bytes, for a stranger's own program:
pool hash  SHA-256 of the canonical JSON of `pool_entry` of every expert, sorted by id
seed       SHA-256 of the canonical JSON {"contributions": [{"contributor", "value"}, ...] sorted
           by contributor, value as base64url, "pool": pool hash in hex, "v": "draw/v1"}
place      HMAC-SHA256(seed, expert id in UTF-8), smallest first
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from evaluation.panel.recusal import Expert, Parties, Recusal, recusals
from evaluation.panel.seats import Seats
from keys.encoding import b64u, canonical
from tender.core.i18n import N_
from tender.core.wording import Wording, say

CONTRIBUTION = 32


class Outcome(StrEnum):
    """What became of an expert in the order of the draw."""

    SEATED = "seated"
    RECUSED = "recused"
    DECLINED = "declined"
    OTHER_FIELD = "other_field"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True)
class Place:
    """An expert's place in the order, with what became of him and why.

    `key` is the keyed hash in hex; `speciality` the quota he was seated for.
    """

    expert: str
    key: str
    outcome: Outcome
    reasons: tuple[Wording, ...] = ()
    speciality: str | None = None


@dataclass(frozen=True)
class Quotas:
    """How many experts are drawn from which speciality code; a sum of the panel's experts."""

    seats: Mapping[str, int]

    def __post_init__(self) -> None:
        """Refuse a draw of nobody."""
        if not self.seats or min(self.seats.values()) < 1:
            raise ValueError("a quota seats at least one expert")


@dataclass(frozen=True)
class Draw:
    """A draw as it is recorded: seed, order and seats; `short` seats per speciality stay empty."""

    seed: str
    pool_sha256: str
    places: tuple[Place, ...]
    short: Mapping[str, int] = field(default_factory=dict)

    @property
    def members(self) -> tuple[str, ...]:
        """The experts seated, in the order of the draw."""
        return tuple(p.expert for p in self.places if p.outcome is Outcome.SEATED)


def pool_entry(expert: Expert) -> dict[str, Any]:
    """An expert as the frozen pool states him: ids and dates only, in a fixed form."""
    return {
        "barred_until": expert.barred_until.isoformat() if expert.barred_until else None,
        "employer": expert.employer,
        "id": expert.id,
        "interests": sorted(expert.interests),
        "kin": sorted(expert.kin),
        "positions": sorted(
            [p.organisation, p.until.isoformat() if p.until else ""] for p in expert.positions
        ),
        "specialities": sorted(expert.specialities),
    }


def pool_hash(pool: Iterable[Expert]) -> str:
    """The hash of a frozen pool, in hex; ValueError if an expert stands there twice.

    An expert's own statement is not part of it: it is made after the pool is frozen.
    """
    experts = sorted(pool, key=lambda expert: expert.id)
    if len({expert.id for expert in experts}) != len(experts):
        raise ValueError("an expert stands in the pool once")
    entries = [pool_entry(expert) for expert in experts]
    return hashlib.sha256(canonical(entries)).hexdigest()


def draw_seed(contributions: Mapping[str, bytes], pool_sha256: str) -> bytes:
    """The seed of a draw from every opened contribution and the frozen pool's hash.

    One honest contributor is enough to make it unpredictable. ValueError for a contribution that
    is not 32 bytes, for none at all, or for a hash that is not one.
    """
    if not contributions:
        raise ValueError("a draw needs at least one contribution")
    if any(len(value) != CONTRIBUTION for value in contributions.values()):
        raise ValueError(f"a contribution is {CONTRIBUTION} bytes")
    if len(bytes.fromhex(pool_sha256)) != CONTRIBUTION:
        raise ValueError("the pool's hash is not a SHA-256")
    lines = [
        {"contributor": name, "value": b64u(contributions[name])} for name in sorted(contributions)
    ]
    statement = {"contributions": lines, "pool": pool_sha256, "v": "draw/v1"}
    return hashlib.sha256(canonical(statement)).digest()


def keyed_place(seed: bytes, expert: str) -> bytes:
    """An expert's place under a seed; the smallest comes first."""
    return hmac.digest(seed, expert.encode(), hashlib.sha256)


def draw(
    pool: Sequence[Expert],
    contributions: Mapping[str, bytes],
    quotas: Quotas,
    parties: Parties,
    *,
    on: date,
    years: int,
    declined: Mapping[str, str] | None = None,
) -> Draw:
    """Draw a panel's experts, the whole order recorded.

    `declined` maps experts who declined or could not come to their reason: computed again with
    one more of them, the draw seats the next in the order who fits and unseats nobody else, so a
    replacement is the same computation (`seats.py`). `years` is the law's `recusal_years`.
    """
    pool_sha256 = pool_hash(pool)
    seed = draw_seed(contributions, pool_sha256)
    seats = Seats(quotas.seats)
    places = []
    for expert in sorted(pool, key=lambda each: keyed_place(seed, each.id)):
        key = keyed_place(seed, expert.id).hex()
        barred = recusals(expert, parties, on, years)
        places.append(_place(expert, key, seats, quotas, barred, (declined or {}).get(expert.id)))
    seated = tuple(replace(place, speciality=seats.taken.get(place.expert)) for place in places)
    return Draw(seed.hex(), pool_sha256, seated, seats.left())


def _place(
    expert: Expert,
    key: str,
    seats: Seats,
    quotas: Quotas,
    barred: tuple[Recusal, ...],
    declined: str | None,
) -> Place:
    if barred:
        return Place(expert.id, key, Outcome.RECUSED, tuple(ground.wording for ground in barred))
    if not expert.specialities & frozenset(quotas.seats):
        why = say(N_("has none of the fields that this panel needs"))
        return Place(expert.id, key, Outcome.OTHER_FIELD, (why,))
    if declined is not None:
        why = say(N_("declined or could not come: %(why)s"), why=declined)
        return Place(expert.id, key, Outcome.DECLINED, (why,))
    if not seats.take(expert.id, expert.specialities):
        why = say(N_("all seats of the field were taken when the turn came"))
        return Place(expert.id, key, Outcome.NOT_NEEDED, (why,))
    return Place(expert.id, key, Outcome.SEATED)
