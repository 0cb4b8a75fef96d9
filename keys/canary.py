"""The canary: a small bid sealed and opened with test keys, before the real one is sealed.

It proves that this machine's arithmetic and library compute rightly. A bid that was sealed wrongly
would be found out only at the opening, when it is too late for the bidder.
"""

import io
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from keys.encoding import b64u, sha256_hex
from keys.envelope import seal
from keys.errors import Refused
from keys.records import OpeningRecord
from keys.verdict import FilesVerdict, Verdict, judge
from keys.x25519 import public_of


def prove(record: OpeningRecord) -> None:
    """Seal and open a canary for a record like `record` with keys made here, or raise Refused."""
    privates = [secrets.token_bytes(32) for _ in record.custodians]
    custodians = tuple(
        replace(each, key_id=b64u(secrets.token_bytes(16)), key=b64u(public_of(private)))
        for each, private in zip(record.custodians, privates, strict=True)
    )
    test = replace(record, custodians=custodians)
    content = secrets.token_bytes(40_000)
    ciphertext = io.BytesIO()
    sealed = seal(
        test,
        bidder="canary",
        sequence=1,
        prices_fen={test.lot: 1} if test.part.priced else {},
        files=[("canary", io.BytesIO(content)), ("empty", io.BytesIO())],
        signer=ec.generate_private_key(ec.SECP256R1()),
        out_files=ciphertext,
    )
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "files")
        files.write_bytes(ciphertext.getvalue())
        judgement = judge(
            test,
            [b64u(each) for each in privates[-test.threshold :]],
            sealed.envelope,
            bidder="canary",
            sequence=1,
            sha256=sha256_hex(sealed.envelope),
            size=len(sealed.envelope),
            files=files,
            files_digest=sealed.files_digest,
            files_size=sealed.files_size,
            out_dir=Path(folder, "out"),
        )
        opened = (judgement.verdict, judgement.files) == (Verdict.OPENED, FilesVerdict.OPENED)
        if not opened or Path(folder, "out", "0001").read_bytes() != content:
            raise Refused("canary", "this machine cannot open what it seals; nothing was sealed")
