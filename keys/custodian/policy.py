"""When a custodian signs: the rules for accepting a record and for releasing a key.

These are the promises that bidders rely on (sealed bids, "Custodians and one-time keys"). Each
rule raises `Refused` with the reason; nothing here signs or sends.
"""

from datetime import datetime

from keys import encoding, notes
from keys.custodian.home import Home
from keys.custodian.stock import StockKey, find_key
from keys.custodian.store import Store, Watched
from keys.errors import Forged, KeysError, Refused
from keys.merkle import range_root
from keys.records import CustodianKey, OpeningRecord


class NotYet(Refused):
    """Refused for now: what is missing may still come."""


def own_place(home: Home, record: OpeningRecord) -> CustodianKey:
    """Give this custodian's place in a record."""
    for each in record.custodians:
        if each.identity == home.config.identity:
            return each
    raise Refused("not_ours", "The opening record does not name this custodian.")


def may_accept(home: Home, store: Store, watched: Watched, now: datetime) -> StockKey:
    """Give the key to accept a record with, or raise `Refused`.

    The record stands in the ledger as followed, signed by the platform (`open_record` saw to
    that), names pinned custodians only, and asks for a key of ours that no opening has used.
    """
    opening, record = watched.opening, watched.opening.record
    place = own_place(home, record)
    if watched.fault or opening.cancelled is not None or opening.closed is not None:
        raise Refused("opening_over", "The opening is over or its lines broke a rule.")
    if record.after is not None:
        raise Refused("after_unknown", "Price parts that wait for locked scores are not known yet.")
    if record.not_before <= now:
        raise Refused("too_late", "The opening's time has come already; there is nothing to keep.")
    pins = home.pins()
    if pins is not None:
        for each in record.custodians:
            if pins.custodians.get(each.identity) != each.name:
                raise Refused("custodian_not_pinned", f"{each.name} is not a pinned custodian.")
    key = find_key(store, place.key_id)
    if key is None or key.key != place.key:
        raise Refused("key_not_ours", "The record's key for us is not one of ours.")
    if key.opening not in (None, opening.opening_id):
        raise Refused("key_used", "The key was accepted for another opening before.")
    if key.opening is None and key.batch_state != "active":
        raise Refused("batch_retired", "The key's batch accepts no more.")
    return key


def may_release(store: Store, watched: Watched, now: datetime) -> StockKey:
    """Give the key to release, or raise: all that can be judged from our own memory and clock."""
    opening, closing = watched.opening, watched.closing
    rows = store.query("SELECT key_id FROM one_time_key WHERE opening = ?", (opening.opening_id,))
    key = find_key(store, str(rows[0][0])) if rows else None
    if key is None:
        raise Refused("not_accepted", "The record does not bear an acceptance of ours.")
    if watched.fault:
        raise Refused("ledger_rule", watched.fault)
    if opening.cancelled is not None:
        raise Refused("cancelled", "The opening was cancelled.")
    if opening.suspended:
        raise NotYet("suspended", "The opening is suspended.")
    if now <= opening.deadline:
        raise NotYet("early", "The deadline in force has not passed by our own clock.")
    if opening.closed is None or closing is None or opening.closed_time is None:
        raise NotYet("not_closed", "opening.closed is not in the ledger yet.")
    if opening.closed_time < opening.deadline:
        raise Refused("closed_early", "opening.closed is dated before the deadline in force.")
    if opening.count < opening.record.minimum:
        raise Refused("too_few", "Fewer bids count than the record's minimum.")
    return key


def relied_on(home: Home, store: Store, watched: Watched, text: str) -> notes.Checkpoint:
    """Give the checkpoint to rely on: more than half of the record's custodians co-signed it.

    It must be the platform's, cover `opening.closed`, and be one of the history that we follow.
    The witnesses' keys are the identities of the record that we accepted.
    """
    note = notes.parse_note(text)
    stated = notes.check_checkpoint(note, home.platform_key)
    known = store.frontier()
    if watched.opening.closed is None or stated.size <= watched.opening.closed:
        raise NotYet("not_covered", "The checkpoint given does not cover opening.closed.")
    if stated.size > known.size:
        raise NotYet("ahead", "The checkpoint given is newer than what we have read.")
    if range_root(0, stated.size, store.node) != stated.root:
        raise Forged("fork", f"The checkpoint given is one of a second history: {note}")
    custodians = watched.opening.record.custodians
    seen = sum(_cosigned(note, each) for each in custodians)
    if 2 * seen <= len(custodians):
        raise NotYet("witnesses", f"{seen} of {len(custodians)} custodians have co-signed so far.")
    return stated


def _cosigned(note: notes.Note, custodian: CustodianKey) -> bool:
    try:
        notes.check_cosignature(note, notes.witness_key(encoding.unb64u(custodian.identity, 32)))
    except KeysError:
        return False
    return True
