"""Bid statements for tests, and what a stranger reads out of the public zip of an opened tender."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from keys import notes
from keys.bid_statement import BidStatement, new_salt
from keys.records import OpeningRecord
from keys.verdict import judge
from tender.ledger import checkpoints
from tender.ledger.ticking import sign_if_grown
from tender.procedure.models import Tender
from tests.evaluation import county as make


def stating(**fields: Any) -> bytes:
    """A statement's bytes."""
    return BidStatement(salt=new_salt(), **fields).to_bytes()


def public_zip(place: make.County, tender: Tender) -> zipfile.ZipFile:
    """The public zip of a tender, once the custodians have co-signed the ledger."""
    world = place.world
    sign_if_grown(world.platform)
    with world.platform.database.write() as session:
        newest = checkpoints.newest(session)
        assert newest is not None
        text = notes.parse_note(newest.note).text
        for keeper in world.keepers:
            line = notes.cosign(text, keeper.identity, world.clock.now())
            checkpoints.add_cosignature(
                session, text=text, line=line, identity=keeper.public, now=world.clock.now()
            )
    answer = place.client(None).get(f"/tenders/{tender.number}/plain-files")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return zipfile.ZipFile(io.BytesIO(answer.data))


def public_manifests(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    """Every manifest of the zip, opened with the keys that it holds itself, as anybody may do."""
    found = []
    for name in archive.namelist():
        if not name.endswith("/record.json"):
            continue
        folder = name.removesuffix("record.json")
        record = OpeningRecord.from_bytes(archive.read(name))
        lines = archive.read(f"{folder}releases.jsonl").splitlines()
        releases: list[Any] = [json.loads(line) for line in lines]
        for row in json.loads(archive.read(f"{folder}verdicts.json")):
            judged = judge(
                record, releases, archive.read(f"{folder}envelopes/{row['bid']}.sealed"),
                bidder=row["bidder"], sequence=row["sequence"], sha256=row["sha256"],
                size=row["size"],
            )  # fmt: skip
            assert judged.manifest is not None, judged.reason
            found.append(judged.manifest.to_object())
    return found
