"""The stock of one-time keys: batches made, keys used once ever, batches destroyed."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from keys import encoding
from keys.custodian.home import Home
from keys.custodian.seeds import SEED_SIZE, OneTimeKey, one_time_key, paper_sheet
from keys.custodian.store import Store
from keys.deposits import MOST_KEYS, sign_deposit, sign_destroyed
from keys.errors import Refused


@dataclass(frozen=True, slots=True)
class StockKey:
    """One key of the stock as the store knows it; times are texts or None."""

    key_id: str
    key: str
    batch: str
    number: int
    opening: str | None
    released_at: str | None
    batch_state: str


def make_batch(home: Home, store: Store, passphrase: str, count: int, now: datetime) -> str:
    """Make a batch of one-time keys, sign its deposit, and give the sheet for the safe.

    The encrypted seed is on disk, file and directory, before any public half is signed away.
    """
    if not 1 <= count <= MOST_KEYS:
        raise Refused("deposit", f"A deposit holds 1 to {MOST_KEYS} keys.")
    identity = home.identity(passphrase)
    seed, batch = secrets.token_bytes(SEED_SIZE), secrets.token_hex(16)
    home.write_box("batch", batch, seed, passphrase)
    pairs = [one_time_key(seed, number) for number in range(count)]
    named = [(encoding.b64u(pair.key_id), encoding.b64u(pair.public)) for pair in pairs]
    with store.commit():
        store.write(now, "batch_made", batch=batch, keys=count)
        store.query(
            "INSERT INTO batch VALUES (?, ?, ?, 'active')",
            (batch, encoding.timestamp(now), count),
        )
        for number, (key_id, key) in enumerate(named):
            store.query(
                "INSERT INTO one_time_key (key_id, key, batch, number) VALUES (?, ?, ?, ?)",
                (key_id, key, batch, number),
            )
    statement = sign_deposit(batch, named, identity)
    store.keep("deposit", batch, encoding.canonical(statement))
    return paper_sheet(home.config.name, batch, count, seed)


def find_key(store: Store, key_id: str) -> StockKey | None:
    """Give a key of the stock, or None if it is not one of ours."""
    rows = store.query(
        "SELECT k.key_id, k.key, k.batch, k.number, k.opening, k.released_at, b.state"
        " FROM one_time_key k JOIN batch b USING (batch) WHERE key_id = ?",
        (key_id,),
    )
    return StockKey(*rows[0]) if rows else None


def use_key(store: Store, key_id: str, opening: str, now: datetime) -> None:
    """Bind a key to an opening for ever; on disk on return, before the acceptance is signed."""
    with store.commit():
        found = find_key(store, key_id)
        if found is None or found.batch_state != "active":
            raise Refused("key_not_ours", "The key is not one of an active batch of ours.")
        if found.opening is not None:
            raise Refused("key_used", "The key was accepted for another opening.")
        store.query(
            "UPDATE one_time_key SET opening = ?, accepted_at = ? WHERE key_id = ?",
            (opening, encoding.timestamp(now), key_id),
        )
        store.write(now, "accept", opening=opening, key_id=key_id)


def private_half(home: Home, passphrase: str, key: StockKey) -> OneTimeKey:
    """Derive a key pair again from its batch's seed, and see that it is the one deposited."""
    pair = one_time_key(home.read_box("batch", key.batch, passphrase), key.number)
    if encoding.b64u(pair.public) != key.key:
        raise Refused("seed", "The batch's seed does not give the deposited key.")
    return pair


def mark(store: Store, key_id: str, column: str, now: datetime) -> None:
    """Note that a key was released (`released_at`) or will never be (`void_at`)."""
    if column not in ("released_at", "void_at"):
        raise Refused("stock", "A key can be released or void.")
    sql = f"UPDATE one_time_key SET {column} = ? WHERE key_id = ? AND {column} IS NULL"  # noqa: S608 - the column is one of two constants, checked above
    store.query(sql, (encoding.timestamp(now), key_id))


def retire_batches(store: Store, now: datetime, why: str) -> None:
    """Accept with no key of any present batch again; keys accepted before are still released."""
    with store.commit():
        store.write(now, "batches_retired", why=why)
        store.query("UPDATE batch SET state = 'retired' WHERE state = 'active'")


def destroy_batch(
    home: Home, store: Store, passphrase: str, batch: str, now: datetime, *, void_unused: bool
) -> bytes:
    """Destroy a batch's seed file and give the signed destroy/v1 statement.

    Every key must be released or void. With `void_unused` keys that no opening uses become void
    first. The person who runs this has destroyed the paper: the signature says so.
    """
    identity = home.identity(passphrase)
    with store.commit():
        if not store.query("SELECT 1 FROM batch WHERE batch = ?", (batch,)):
            raise Refused("batch", "There is no such batch.")
        if void_unused:
            store.query("UPDATE batch SET state = 'retired' WHERE batch = ?", (batch,))
            store.query(
                "UPDATE one_time_key SET void_at = ? WHERE batch = ? AND opening IS NULL"
                " AND void_at IS NULL",
                (encoding.timestamp(now), batch),
            )
        left = store.query(
            "SELECT count(*) FROM one_time_key WHERE batch = ? AND released_at IS NULL"
            " AND void_at IS NULL",
            (batch,),
        )[0][0]
        if left:
            raise Refused("batch_in_use", f"{left} keys are neither released nor void.")
        store.query("UPDATE batch SET state = 'destroyed' WHERE batch = ?", (batch,))
        store.write(now, "batch_destroyed", batch=batch)
    home.erase_box("batch", batch)
    statement = encoding.canonical(sign_destroyed(batch, now, identity))
    store.keep("destroyed", batch, statement)
    return statement


def counts(store: Store) -> dict[str, int]:
    """Count the keys: still free, accepted and waiting, released, void."""
    row = store.query(
        "SELECT coalesce(sum(k.opening IS NULL AND k.void_at IS NULL AND b.state = 'active'), 0),"
        " coalesce(sum(k.opening IS NOT NULL AND k.released_at IS NULL AND k.void_at IS NULL), 0),"
        " coalesce(sum(k.released_at IS NOT NULL), 0), coalesce(sum(k.void_at IS NOT NULL), 0)"
        " FROM one_time_key k JOIN batch b USING (batch)"
    )[0]
    return dict(zip(("free", "accepted", "released", "void"), row, strict=True))
