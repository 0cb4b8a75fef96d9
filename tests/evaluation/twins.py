"""A lease with three bidders, two of whom share contact, telephone, address and bond account."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from tender.accounts.models import Organisation
from tender.procedure.models import Bond, Tender
from tests.evaluation import county as make

PHONE, ADDRESS = "13800138000", "8.8.8.8"
TWINS, THIRD = ("甲一公司", "乙二公司"), "丙三公司"
NAMES = (*TWINS, THIRD)


def opened_lease(place: make.County) -> Tender:
    """The lease, opened and not screened yet."""
    made = make.lease(place)
    for name in NAMES:
        make.new_bidder(place, name)

    def settle(session: Session) -> None:
        for name, bidder in place.bidders.items():
            twin = name in TWINS
            bidder.organisation = session.get_one(Organisation, bidder.organisation.id)
            bidder.organisation.contact = "张三" if twin else "李四"
            bidder.organisation.phone = PHONE if twin else "13700137000"
            bidder.actor = replace(bidder.actor, address=ADDRESS if twin else "1.1.1.1")
            session.add(
                Bond(
                    tender_id=made.id, organisation_id=bidder.organisation.id, form="transfer",
                    amount_fen=100_000, payer=name, recorded_by=place.clerk.person_id,
                    payer_account="6222001" if twin else "6222009", received_at=make.START,
                )
            )  # fmt: skip

    place.write(settle)
    make.bid(place, made, {name: 120_000 + n for n, name in enumerate(NAMES)})
    make.open_all(place, made)
    return made
