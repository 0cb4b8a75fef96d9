"""`python -m keys check FILE --keys KEYS.json`: is this document or receipt genuine? (文件核验)

One file, a signed PDF or a receipt in JSON, against the public keys in `ledger/keys.json` of any
export. The platform's verify page runs this very command in a process of its own with
`--memory` and `--seconds`, because what strangers upload must never be parsed in a web server;
anybody else runs it at home and needs no platform.
"""

import json
import resource
from pathlib import Path
from typing import Any

from keys import notes
from keys.command import Exit, Parser, answer, digits, hex_digest, read_input
from keys.encoding import timestamp, unb64u
from keys.entries import check_receipt
from keys.errors import Forged, KeysError, Malformed
from keys.plainfiles import Keys
from keys.signed import Answer, Signed

LARGEST_RECEIPT = 256 * 1024


def main(arguments: list[str]) -> int:
    """Print the answer as one JSON line; exit 0 if genuine, 1 if not, 2 if nothing was checked."""
    parser = Parser(prog="python -m keys check", description="Check a signed PDF or a receipt.")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--keys", type=Path, required=True, help="ledger/keys.json of an export")
    parser.add_argument("--sha256", type=hex_digest, help="of the issued PDF, from the ledger")
    parser.add_argument("--issued", type=Path, help="the issued PDF, to tell an older state")
    parser.add_argument("--memory", type=digits, default=0, help="most bytes this process may take")
    parser.add_argument("--seconds", type=digits, default=0, help="most processor seconds")
    given = parser.parse_args(arguments)
    _limit(given.memory, given.seconds)
    keys = Keys.from_bytes(read_input(given.keys, "keys"))
    data = read_input(given.file, "file")
    if data[:1].strip() in (b"{", b"[") or data[:3] == b"\xef\xbb\xbf":
        found = check_receipt_bytes(data, keys)
    else:
        issued = read_input(given.issued, "issued file") if given.issued else None
        found = _document(data, keys, given.sha256, issued)
    answer(found)
    return Exit.DONE if found["answer"] == Answer.GENUINE else Exit.CHECK_FAILED


def _limit(memory: int, seconds: int) -> None:
    """Cap this process for good; no core dump, no file written."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def check_receipt_bytes(data: bytes, keys: Keys) -> dict[str, Any]:
    """What a receipt in JSON (bare, or under `receipt`) proves, as JSON-able values.

    The text may be laid out in any way, because people open and save such files; what is signed
    is checked in its canonical form.
    """
    try:
        if len(data) > LARGEST_RECEIPT:
            raise Malformed("receipt", "The file is larger than any receipt.")
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return _receipt(Answer.CANNOT_TELL, "receipt", "The file is no JSON.")
    except Malformed as error:
        return _receipt(Answer.CANNOT_TELL, error.code, error.message)
    if isinstance(value, dict) and set(value) == {"receipt"}:
        value = value["receipt"]
    try:
        entry, checkpoint = check_receipt(value, keys.platform, keys.origin, complete=False)
    except Forged as error:
        return _receipt(Answer.FORGED, error.code, error.message)
    except (KeysError, RecursionError) as error:
        code = error.code if isinstance(error, KeysError) else "receipt"
        return _receipt(Answer.CANNOT_TELL, code, str(error))
    facts: dict[str, Any] = {
        "seq": entry.seq,
        "leaf": entry.leaf.hex(),
        "event": entry.event,
        "time": timestamp(entry.time),
        **{
            name: entry.fields[name]
            for name in ("opening", "bid", "sequence", "envelope_sha256")
            if name in entry.fields
        },
        "checkpoint": None if checkpoint is None else checkpoint.size,
        "witnesses": [] if checkpoint is None else _witnesses(value, keys),
    }
    code = "receipt_waiting" if checkpoint is None else "receipt_genuine"
    return _receipt(Answer.GENUINE, code, "The receipt is genuine.", facts)


def _witnesses(receipt: dict[str, Any], keys: Keys) -> list[str]:
    """Names of the custodians that co-signed the receipt's checkpoint."""
    note = notes.parse_note(receipt["inclusion"]["checkpoint"])
    found = []
    for identity, name in keys.custodians.items():
        witness = notes.witness_key(unb64u(identity, 32))
        for line in note.signatures:
            if line.key_id == witness.key_id and line.name == witness.name:
                try:
                    notes.check_cosignature_line(note.text, line, witness)
                except KeysError:
                    continue
                found.append(name)
    return found


def _receipt(
    answer: Answer, code: str, message: str, facts: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"kind": "receipt", "answer": answer, "code": code, "message": message} | (facts or {})


def _document(data: bytes, keys: Keys, sha256: str | None, issued: bytes | None) -> dict[str, Any]:
    # The PDF library takes seconds to import: whoever checks a receipt does not pay for it.
    from keys.pdf import compare_with_issued

    roots = [root.encode() for root in keys.roots]
    found = compare_with_issued(data, roots, issued_sha256=sha256, issued=issued)
    return {
        "kind": "document",
        "answer": found.answer,
        "code": found.code,
        "message": found.message,
        "signed": None if found.signed is None else _signed(found.signed),
    }


def _signed(signed: Signed) -> dict[str, Any]:
    return {
        "signer": signed.signer,
        "organisation": signed.organisation,
        "sealed_at": timestamp(signed.signing_time),
        "dated_at": timestamp(signed.timestamp),
        "level": signed.level,
        "pages": signed.pages,
        "timestamps": signed.timestamps,
        "certificate_sha256": signed.certificate_sha256,
        "sha256": signed.sha256,
        "sound_until": timestamp(signed.sound_until),
    }
