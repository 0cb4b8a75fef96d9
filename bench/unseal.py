"""How fast sealed bids are judged: many small ones, and one with large files.

    python -m bench.unseal [--bids 1000] [--megabytes 300] [--rounds 3]

Prints one JSON object. The limits come from the same run, in alternation. Small bids: X25519, of
which opening one takes nine (three boxes, and the header built anew for five custodians). Files:
SHA-256 on every core at once and AES-256-GCM in chunks of 16 KiB on one core; every byte is hashed
twice, as ciphertext (is it what the ledger names?) and as plaintext (is it what the bidder
signed?), and decrypted once. Writing a file of the same size to the same disk, without and with
fsync, stands beside. `judge_and_store` also makes the opened file durable in the store. Exit 1 if
any bid does not open.
"""

import argparse
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench import storm_world
from keys import encoding, envelope
from keys.records import OpeningRecord
from keys.verdict import FilesVerdict, Verdict, gather, judge
from keys.x25519 import Private
from tender.core.files import adopt_blob

MEGA = 1_000_000
BUFFER = bytes(8 << 20)
CHUNK = 16 << 10
AGREEMENTS = 2000
AGREEMENTS_OF_A_BID = 9
LIMIT_ROUNDS = 20  # buffers of 8 MiB for each limit and core
BIDDER = "91000000000000000X"


def rate(size: int, act: Callable[[], object]) -> float:
    """MB/s of an act that handles `size` bytes."""
    start = time.perf_counter()
    act()
    return size / MEGA / (time.perf_counter() - start)


def sha256_all_cores() -> float:
    """MB/s of SHA-256 on every core at once."""
    cores = os.cpu_count() or 1

    def digest(_core: int) -> None:
        found = hashlib.sha256()
        for _ in range(LIMIT_ROUNDS):
            found.update(BUFFER)

    with ThreadPoolExecutor(cores) as pool:
        return rate(
            cores * LIMIT_ROUNDS * len(BUFFER), lambda: list(pool.map(digest, range(cores)))
        )


def aes_gcm() -> float:
    """MB/s of opening AES-256-GCM in chunks of 16 KiB on one core."""
    cipher, nonce = AESGCM(bytes(32)), bytes(12)
    sealed = cipher.encrypt(nonce, bytes(CHUNK), None)
    count = LIMIT_ROUNDS * len(BUFFER) // CHUNK

    def opens() -> None:
        for _ in range(count):
            cipher.decrypt(nonce, sealed, None)

    return rate(count * CHUNK, opens)


def write_file(path: Path, size: int, *, durable: bool) -> float:
    """MB/s of writing a fresh file."""

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            for _ in range(size // len(BUFFER)):
                file.write(BUFFER)
            if durable:
                os.fsync(file.fileno())

    found = rate(size // len(BUFFER) * len(BUFFER), write)
    path.unlink()
    return found


def x25519_per_s() -> float:
    """Agreements with a loaded key in a second on one core."""
    key, public = Private(bytes([1]) * 32), Private(bytes([2]) * 32).public
    start = time.perf_counter()
    for _ in range(AGREEMENTS):
        key.agree(public)
    return AGREEMENTS / (time.perf_counter() - start)


def small_bids(
    world: storm_world.World, record: OpeningRecord, count: int, rounds: int
) -> tuple[float, float]:
    """Bids judged in a second, and agreements."""
    released = gather(record, storm_world.releases(world, record))
    sealed = [
        envelope.seal(record, bidder=BIDDER, sequence=n, prices_fen={record.lot: 100_000 + n})
        for n in range(1, count + 1)
    ]
    leaves = [(encoding.sha256_hex(each.envelope), len(each.envelope)) for each in sealed]

    def judge_all() -> float:
        start = time.perf_counter()
        for number, (bid, (digest, size)) in enumerate(zip(sealed, leaves, strict=True), start=1):
            found = judge(
                record, released, bid.envelope,
                bidder=BIDDER, sequence=number, sha256=digest, size=size,
            )  # fmt: skip
            if found.verdict is not Verdict.OPENED:
                raise RuntimeError(f"a small bid was judged {found.verdict}: {found.reason}")
        return count / (time.perf_counter() - start)

    runs = [(judge_all(), x25519_per_s()) for _ in range(rounds)]
    return statistics.median(run[0] for run in runs), statistics.median(run[1] for run in runs)


def large_bid(
    world: storm_world.World, record: OpeningRecord, directory: Path, size: int, rounds: int
) -> dict[str, list[float]]:
    """MB/s of judging a bid with files, with its limits in alternation."""
    plain, stored = directory / "plain.bin", directory / "sealed.bin"
    block = hashlib.shake_256(b"bench").digest(MEGA)
    with plain.open("wb") as file:
        for number in range(size // MEGA):
            file.write(number.to_bytes(8, "big") + block[8:])
    with stored.open("wb") as out:
        bid = envelope.seal(
            record, bidder=BIDDER, sequence=1, prices_fen={record.lot: 100_001},
            files=[("plain.bin", plain)], out_files=out,
        )  # fmt: skip
    found: dict[str, list[float]] = {}
    for number in range(rounds):
        out_dir = directory / f"out{number}"
        opened = out_dir / "0001"
        start = time.perf_counter()
        judged = judge(
            record, storm_world.releases(world, record), bid.envelope, bidder=BIDDER, sequence=1,
            sha256=encoding.sha256_hex(bid.envelope), size=len(bid.envelope), files=stored,
            files_digest=bid.files_digest, files_size=bid.files_size, out_dir=out_dir,
        )  # fmt: skip
        middle = time.perf_counter()
        if judged.files is not FilesVerdict.OPENED or judged.manifest is None:
            raise RuntimeError(f"the files were judged {judged.files}: {judged.reason}")
        adopt_blob(directory / "store", opened, judged.manifest.files[0].sha256)
        end = time.perf_counter()
        for name, seconds in (("judge", middle - start), ("judge_and_store", end - start)):
            found.setdefault(name, []).append(size / MEGA / seconds)
        spare = directory / "spare"
        for name, limit in {
            "sha256_all_cores": sha256_all_cores(),
            "aes_gcm_16k": aes_gcm(),
            "write": write_file(spare, size, durable=False),
            "write_fsync": write_file(spare, size, durable=True),
        }.items():
            found.setdefault(name, []).append(limit)
    return found


def main() -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bids", type=int, default=1000)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        world = storm_world.build(directory / "data")
        record = storm_world.open_tender(world, timedelta(hours=1))
        bids, agreements = small_bids(world, record, given.bids, given.rounds)
        rates = large_bid(world, record, directory, given.megabytes * MEGA, given.rounds)
    middle = {name: statistics.median(each) for name, each in rates.items()}
    limit = 1 / (2 / middle["sha256_all_cores"] + 1 / middle["aes_gcm_16k"])
    figures: dict[str, Any] = {
        "bench": "unseal",
        "bids": given.bids,
        "small_bids_per_s": round(bids),
        "limit_x25519_per_s": round(agreements),
        "small_bids_of_limit": round(bids * AGREEMENTS_OF_A_BID / agreements, 2),
        "megabytes": given.megabytes,
        "cores": os.cpu_count(),
        **{f"{name}_mb_s": round(each) for name, each in middle.items()},
        "limit_two_hashes_and_decrypt_mb_s": round(limit),
        "judge_of_limit": round(middle["judge"] / limit, 2),
        "judge_of_sha256_all_cores": round(middle["judge"] / middle["sha256_all_cores"], 2),
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
