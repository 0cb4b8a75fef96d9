"""A made-up county with an opening of every fate, for checks that walk over all of them."""

import os
from datetime import timedelta

from keys import encoding
from keys.records import accept
from tests.keys.plain_county import County


def lively_county() -> County:
    """A county with an opening of every fate: performed, failed, cancelled, waiting, new."""
    county = County()
    main = county.record(custodians=5, threshold=3, minimum=3, lot="1")
    county.accept(main)
    county.add("tender.published", tender="tender-1", blocks_sha256="00" * 32)
    county.bid(main, "bidder-1", 1, price=500)
    replaced = county.bid(main, "bidder-2", 1, price=900)
    county.bid(main, "bidder-2", 2, price=800)
    county.bid(main, "bidder-3", 1, price=700, files=[("a.txt", b"method"), ("b", os.urandom(9))])
    county.bid(main, "bidder-4", 7, price=600, rubbish=True)
    county.withdraw(county.bid(main, "bidder-5", 1, price=1))
    county.add("filler", opening=main.id)
    assert replaced.fields["bid"] not in {e.fields["bid"] for e in county.standing(main)}
    few = county.record(lot="2", minimum=3, hours=1)
    county.accept(few)
    county.bid(few, "bidder-1", 1)
    gone = county.record(lot="3", tender="tender-2")
    county.accept(gone)
    county.bid(gone, "bidder-1", 1)
    county.add("opening.cancelled", opening=gone.id)
    gone.cancelled = True
    waiting = county.record(lot="4", tender="tender-2", hours=400)
    county.accept(waiting)
    county.bid(waiting, "bidder-9", 1)
    main.deadline += timedelta(hours=2)
    county.add("opening.postponed", opening=main.id, deadline=encoding.timestamp(main.deadline))
    county.add("opening.suspended", opening=main.id)
    county.add("opening.resumed", opening=main.id)
    county.close(main)
    county.close(few)
    county.release(main, 3)
    county.perform(main)
    county.add("filler", opening=waiting.id)
    fresh = county.record(lot="5", hours=500)
    given = accept(fresh.record, encoding.b64u(fresh.keys[0].key_id), county.custodians[0].identity)
    fresh.accepts.append(given)
    identity = encoding.b64u(county.custodians[0].public)
    county.add("opening.accepted", opening=fresh.id, custodian=identity)
    paper = b"drawing"
    digest = encoding.sha256_hex(paper)
    county.attachments[digest] = paper
    county.add("attachment.published", name="drawing.txt", tender="tender-1", sha256=digest)
    return county
