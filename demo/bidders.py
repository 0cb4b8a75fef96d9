"""The demo's bidders: villagers and their firms, builders, suppliers; the same at every start."""

from __future__ import annotations

from demo.client import Bidder
from demo.county import County
from demo.people import BUILDERS, SUPPLIERS, company_name, credit_code, id_number, person_name


def villager(county: County, number: int, login: str) -> Bidder:
    """Who bids for leases: a firm of the county, or with an odd number a natural person."""
    natural = number % 2 == 1
    return Bidder(
        county.url, login, county.now, natural=natural,
        name=person_name(number) if natural else company_name(number),
        code=id_number(number) if natural else credit_code(number),
    )  # fmt: skip


def builder_name(number: int) -> str:
    """A building firm's name."""
    return company_name(30 + number, BUILDERS)


def builder(county: County, number: int, *, phone: str = "") -> Bidder:
    """A building firm; `phone` where it is to share one with another."""
    return Bidder(
        county.url, f"builder{number + 1}", county.now, name=builder_name(number),
        code=credit_code(500 + number), phone=phone,
    )  # fmt: skip


def supplier(county: County, number: int) -> Bidder:
    """A supplier of medical equipment."""
    return Bidder(
        county.url, f"supplier{number + 1}", county.now,
        name=company_name(63 + number, SUPPLIERS), code=credit_code(700 + number),
    )  # fmt: skip
