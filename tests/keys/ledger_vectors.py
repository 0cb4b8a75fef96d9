"""Makes tests/vectors/ledger-v1.json, by which other programs check how they read the ledger.

All keys in it are made for it. To write it anew after a change of the format, which needs a new
version number: `python -m tests.keys.ledger_vectors`.
"""

import json
from pathlib import Path
from typing import Any

from keys import encoding, entries, merkle, notes, plainfiles
from keys.deposits import sign_deposit, sign_destroyed
from tests.keys.plain_county import ORIGIN, PLATFORM, County

PATH = Path(__file__).parents[1] / "vectors" / "ledger-v1.json"


def vectors() -> dict[str, Any]:
    """Everything from one small county whose every byte follows from a seed."""
    county = County(seed=7)
    opening = county.record()
    county.accept(opening)
    county.add("tender.published", tender="tender-1", title="村集体鱼塘租赁 🐟")
    first = given(county, opening.id, "bidder-1")
    county.add("filler", opening=opening.id)
    second = given(county, opening.id, "bidder-2")
    county.withdraw(second)
    county.close(opening, count=1)
    county.release(opening, 2)
    receipt = county.receipt(first)
    return {
        "about": "ledger lines, tree, cosigned checkpoint, receipts, statements (docs/ledger.md)",
        "origin": ORIGIN,
        "platform": PLATFORM,
        "platform_ed25519": encoding.b64u(county.public),
        "keys_json": county.keys().to_bytes().decode(),
        "lines": [entry.line.decode() for entry in county.lines],
        "hidden_line": entries.hidden_line(first.leaf).decode(),
        "leaves": [entry.leaf.hex() for entry in county.lines],
        "roots": [county.tree.root(size).hex() for size in range(county.tree.size + 1)],
        "inclusion": inclusions(county.tree),
        "consistency": consistencies(county.tree),
        "checkpoint": str(county.checkpoint(2)),
        "witnesses": [witness(county, number) for number in (0, 1)],
        "receipt": receipt,
        "receipt_waiting": entries.make_receipt(first, county.key),
        "receipts_refused": refused(county, receipt),
        "accept": opening.accepts[0].to_object(),
        "release": opening.releases[0].to_object(),
        **statements(county),
        "personal_data": personal(),
    }


def given(county: County, opening: str, bidder: str) -> entries.Entry:
    """A bid whose envelope is not part of these vectors."""
    return county.add(
        "bid.submitted",
        opening=opening,
        bid=county.hex(16),
        bidder=bidder,
        sequence=1,
        envelope_sha256=county.hex(32),
        envelope_size=5000,
        files_digest=None,
        files_size=0,
        certificate_sha256=county.hex(32),
    )


def inclusions(tree: merkle.Tree) -> list[dict[str, Any]]:
    """Proofs at every place of the whole tree and of one of odd size."""
    return [
        {
            "index": index,
            "size": size,
            "proof": [step.hex() for step in merkle.prove_inclusion(index, size, tree.node)],
        }
        for size in (tree.size, 7, 1)
        for index in range(size)
    ]


def consistencies(tree: merkle.Tree) -> list[dict[str, Any]]:
    """Proofs from every earlier size to the whole tree."""
    return [
        {
            "old": old,
            "new": tree.size,
            "proof": [step.hex() for step in merkle.prove_consistency(old, tree.size, tree.node)],
        }
        for old in range(1, tree.size + 1)
    ]


def witness(county: County, number: int) -> dict[str, Any]:
    """A custodian and the time of its cosignature on the checkpoint."""
    custodian = county.custodians[number]
    return {
        "name": custodian.name,
        "identity": encoding.b64u(custodian.public),
        "key": str(notes.witness_key(custodian.public)),
        "time": encoding.timestamp(county.now),
    }


def refused(county: County, receipt: dict[str, Any]) -> list[dict[str, Any]]:
    """Receipts that must be refused, each with why."""
    entry, inclusion = receipt["entry"], receipt["inclusion"]
    other = notes.sign_checkpoint(ORIGIN, county.tree.size, bytes(32), county.key)
    elsewhere = notes.sign_checkpoint("other.example", county.tree.size, bytes(32), county.key)
    short = str(county.checkpoint(0, size=2))
    cases = {
        "the entry was changed": {**receipt, "entry": {**entry, "envelope_size": 5001}},
        "the signature is another": {**receipt, "signature": encoding.b64u(bytes(64))},
        "the version is unknown": {**receipt, "v": "receipt/v2"},
        "there is a field too many": {**receipt, "more": 1},
        "the proof is too short": {
            **receipt,
            "inclusion": {**inclusion, "proof": inclusion["proof"][:-1]},
        },
        "the checkpoint has another root": {
            **receipt,
            "inclusion": {**inclusion, "checkpoint": other},
        },
        "the checkpoint is of another ledger": {
            **receipt,
            "inclusion": {**inclusion, "checkpoint": elsewhere},
        },
        "the checkpoint does not reach the entry": {
            **receipt,
            "inclusion": {**inclusion, "checkpoint": short},
        },
    }
    return [{"why": why, "receipt": case} for why, case in cases.items()]


def statements(county: County) -> dict[str, Any]:
    """A deposit, a destruction, and the digest of verdicts."""
    custodian = county.custodians[0]
    pairs = [custodian.fresh_key() for _ in range(2)]
    named = [(encoding.b64u(pair.key_id), encoding.b64u(pair.public)) for pair in pairs]
    row = {
        "bid": "ab" * 16,
        "bidder": "bidder-1",
        "sequence": 1,
        "sha256": "cd" * 32,
        "size": 5000,
        "verdict": "opened",
        "files": "none",
        "prices_fen": {"1": 12_345},
    }
    rows = [row, {**row, "bid": "00" * 16, "files": "opened"}]
    return {
        "deposit": sign_deposit("ef" * 16, named, custodian.identity),
        "destroy": sign_destroyed("ef" * 16, county.now, custodian.identity),
        "verdicts": rows,
        "verdicts_sha256": plainfiles.verdicts_digest(rows),
    }


def personal() -> dict[str, Any]:
    """A salted digest of personal data."""
    data = {"name": "王小明", "phone": "000"}
    salt = bytes(range(32))
    return {
        "salt": salt.hex(),
        "data": data,
        "data_sha256": entries.personal_digest(salt, data),
    }


def written(found: dict[str, Any]) -> str:
    """The file's text."""
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(written(vectors()), "utf-8")
