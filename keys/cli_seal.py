"""`python -m keys seal`: the bidder's offline kit. It needs no platform and trusts none."""

import argparse
import getpass
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from keys import bid_statement, canary, computer
from keys.bid_lists import read_partners, read_team
from keys.bid_statement import BidStatement
from keys.command import Exit, Parser, answer, complain, digits, read_input
from keys.encoding import sha256_hex
from keys.envelope import Sealed, seal
from keys.errors import Malformed
from keys.pins import Pins
from keys.records import Acceptance, OpeningRecord, check_acceptances


def main(arguments: list[str]) -> int:
    """Check the record under the pins, prove this machine with a canary, then seal.

    Writes DIR/bid.sealed and, if there are files, DIR/bid.files, both complete or neither, and
    prints what SEAL must be told as one JSON line. Exit 1 if an acceptance or the canary fails.
    """
    given = _arguments(arguments)
    record = OpeningRecord.from_bytes(read_input(given.record, "record"))
    accepts = [
        Acceptance.from_bytes(line) for line in read_input(given.accepts, "accepts").splitlines()
    ]
    pins = Pins.from_json(read_input(given.pins, "pins"))
    check_acceptances(record, accepts, pins)
    statement = _statement(given)
    signer = _signer(given.p12, given.p12_password_file) if given.p12 else None
    canary.prove(record)
    sealed = _write(record, given, signer, statement)
    answer(
        {
            "opening": record.opening_id,
            "bidder": given.bidder,
            "sequence": given.sequence,
            "envelope_sha256": sha256_hex(sealed.envelope),
            "envelope_size": len(sealed.envelope),
            "files_digest": sealed.files_digest,
            "files_size": sealed.files_size,
        }
    )
    return Exit.DONE


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m keys seal", description="Seal a bid for one opening.")
    parser.add_argument("--record", type=Path, required=True, help="record.json of the opening")
    parser.add_argument("--accepts", type=Path, required=True, help="accepts.jsonl")
    parser.add_argument("--pins", type=Path, required=True, help="the custodians you trust")
    parser.add_argument("--bidder", required=True, help="your id on the platform")
    parser.add_argument("--sequence", type=digits, required=True, help="higher than your last")
    parser.add_argument("--price", type=_price, action="append", default=[], metavar="LOT=FEN")
    parser.add_argument("--terms", type=_terms, default={}, help="a JSON object")
    parser.add_argument("--team", type=Path, metavar="CSV", help="the project team")
    parser.add_argument("--consortium", type=Path, metavar="CSV", help="members of the joint bid")
    parser.add_argument("--subcontracts", type=Path, metavar="CSV", help="named subcontractors")
    parser.add_argument(
        "--computer", action="store_true",
        help="state this computer's network card, processor and disk in the bid statement",
    )  # fmt: skip
    parser.add_argument("--p12", type=Path, help="your P-256 key and certificate (PKCS#12)")
    parser.add_argument("--p12-password-file", type=Path, help="asked for if it is left out")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("files", type=Path, nargs="*", metavar="FILES")
    given = parser.parse_intermixed_args(arguments)
    prices = dict(given.price)
    if len(prices) != len(given.price):
        parser.error("--price names a lot twice")
    given.prices_fen = prices
    if any(path.name == bid_statement.NAME for path in given.files):
        parser.error(f"{bid_statement.NAME} is made here from --team and the like; rename the file")
    return given


def _statement(given: argparse.Namespace) -> BidStatement | None:
    """What the bid states beside its price, shown before it is sealed; None if that is nothing."""
    consortium, subcontracts = (
        read_partners(path, what) if path else ()
        for path, what in ((given.consortium, "consortium"), (given.subcontracts, "subcontracts"))
    )
    made = BidStatement(
        salt=bid_statement.new_salt(),
        team=read_team(given.team) if given.team else (),
        consortium=consortium,
        subcontracts=subcontracts,
        computer=computer.identifiers() if given.computer else None,
    )
    if made.empty:
        return None
    complain(f"Stated in {bid_statement.NAME}: {made.to_bytes().decode()}")
    return made


def _price(text: str) -> tuple[str, int]:
    lot, separator, fen = text.rpartition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form LOT=FEN")
    return lot, digits(fen)


def _terms(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError("the terms are not JSON") from error
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("the terms are not a JSON object")
    return value


def _signer(path: Path, password_file: Path | None) -> ec.EllipticCurvePrivateKey:
    if password_file is not None:
        password = read_input(password_file, "password file").rstrip(b"\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass(f"Password of {path}: ").encode("utf-8")
    else:
        password = b""
    data = read_input(path, "PKCS#12 file")
    try:
        key = pkcs12.load_key_and_certificates(data, password or None)[0]
    except (ValueError, TypeError) as error:
        raise Malformed("p12", f"{path} cannot be opened with this password") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise Malformed("p12", f"{path} holds no P-256 key")
    return key


def _write(
    record: OpeningRecord,
    given: argparse.Namespace,
    signer: ec.EllipticCurvePrivateKey | None,
    statement: BidStatement | None,
) -> Sealed:
    """Seal into a temporary directory inside DIR and rename at the end."""
    given.out.mkdir(parents=True, exist_ok=True)
    bid: list[tuple[str, Path | BinaryIO]] = [(path.name, path) for path in given.files]
    if statement is not None:
        bid.append((bid_statement.NAME, io.BytesIO(statement.to_bytes())))
    with tempfile.TemporaryDirectory(prefix=".sealing-", dir=given.out) as folder:
        envelope, files = Path(folder, "bid.sealed"), Path(folder, "bid.files")
        with files.open("wb") as ciphertext:
            sealed = seal(
                record,
                bidder=given.bidder,
                sequence=given.sequence,
                prices_fen=given.prices_fen,
                terms=given.terms,
                files=bid,
                signer=signer,
                out_files=ciphertext,
            )
        envelope.write_bytes(sealed.envelope)
        # An envelope beside the files of an earlier one would be refused at the opening.
        (given.out / "bid.files").unlink(missing_ok=True)
        envelope.replace(given.out / "bid.sealed")
        if bid:
            files.replace(given.out / "bid.files")
    return sealed
