"""A custodian's secrets: boxes under a passphrase, batch seeds, one-time keys, the paper copy.

Each batch of one-time keys comes from its own random seed, so that destroying one seed destroys
exactly that batch. The seed lies in a file under scrypt (RFC 7914) and AES-256-GCM, and on a
sheet of paper in another place, from which the keys can be made again without this program's
files. Nothing here is ever sent anywhere; only `OneTimeKey.public` and `key_id` are.
"""

import secrets
import zlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from keys import encoding, fields
from keys.errors import Forged, Malformed, Refused
from keys.x25519 import public_of

BOX = "box/v1"
SEED_SIZE = 32
COST = 17
SANDBOX_COST = 10  # A sandbox guards no real secret and starts many agents.
LOWEST_PASSPHRASE = 12
_BOX = ("v", "kind", "name", "cost", "salt", "box")


def lock_secret(secret: bytes, passphrase: str, *, kind: str, name: str, cost: int) -> bytes:
    """Encrypt a secret under the passphrase; gives the bytes of a box file.

    `kind` and `name` are bound in, so that boxes cannot be swapped. `cost` is scrypt's log2 N.
    """
    salt = secrets.token_bytes(16)
    key = _stretch(passphrase, salt, cost)
    sealed = AESGCM(key).encrypt(bytes(12), secret, _bound(kind, name))
    return encoding.canonical(
        {
            "v": BOX,
            "kind": kind,
            "name": name,
            "cost": cost,
            "salt": encoding.b64u(salt),
            "box": encoding.b64u(sealed),
        }
    )


def unlock_secret(data: bytes, passphrase: str, *, kind: str, name: str) -> bytes:
    """Decrypt a box file, or raise `Forged` if the passphrase is wrong or the file was changed."""
    top = fields.exact(encoding.parse(data), _BOX, "a box")
    fields.version(top["v"], BOX)
    cost = fields.integer(top["cost"], "cost", 10, 22)
    key = _stretch(passphrase, encoding.unb64u(top["salt"], 16), cost)
    try:
        return AESGCM(key).decrypt(bytes(12), encoding.unb64u(top["box"]), _bound(kind, name))
    except InvalidTag as error:
        raise Forged("passphrase", f"The passphrase does not open the {kind} file.") from error


def _stretch(passphrase: str, salt: bytes, cost: int) -> bytes:
    # The salt is fresh for every box, so the key is used once and a zero nonce is safe.
    return Scrypt(salt=salt, length=32, n=1 << cost, r=8, p=1).derive(passphrase.encode())


def _bound(kind: str, name: str) -> bytes:
    return encoding.canonical({"v": BOX, "kind": kind, "name": name})


def check_passphrase(passphrase: str) -> str:
    """Refuse a passphrase that a thief of the file would guess."""
    if len(passphrase) < LOWEST_PASSPHRASE or len(set(passphrase)) < 5:
        raise Refused(
            "passphrase_weak",
            f"Choose a passphrase of at least {LOWEST_PASSPHRASE} characters.",
        )
    return passphrase


@dataclass(frozen=True, slots=True)
class OneTimeKey:
    """One key pair of a batch; `private` opens one opening's shares and is released once."""

    private: bytes
    public: bytes
    key_id: bytes


def one_time_key(seed: bytes, number: int) -> OneTimeKey:
    """Derive key pair `number` (from 0) of the batch with this seed."""
    info = f"custodian/v1 key {number}".encode()
    private = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(seed)
    public = public_of(private)
    named = HKDF(algorithm=SHA256(), length=16, salt=None, info=b"custodian/v1 id").derive(public)
    return OneTimeKey(private, public, named)


def paper_text(seed: bytes) -> str:
    """Write a seed for paper: base64url in groups of four, then eight hex digits of CRC-32.

    The check digits find slips of the pen; they are no secret and no signature.
    """
    text = encoding.b64u(seed)
    groups = " ".join(text[start : start + 4] for start in range(0, len(text), 4))
    return f"{groups} {zlib.crc32(seed):08x}"


def read_paper(text: str) -> bytes:
    """Read a seed back from its paper form, or raise `Malformed` if a character is wrong."""
    joined = "".join(text.split())
    seed = encoding.unb64u(joined[:-8], SEED_SIZE)
    if joined[-8:] != f"{zlib.crc32(seed):08x}":
        raise Malformed("paper", "The check digits do not fit: a character is wrong.")
    return seed


def paper_sheet(name: str, batch: str, count: int, seed: bytes) -> str:
    """Lay out the sheet that goes into the safe."""
    return (
        "密钥纸质备份 / Paper copy of a batch of opening keys\n"
        f"保管人 / Custodian: {name}\n"
        f"批次 / Batch: {batch}\n"
        f"密钥数 / Keys: {count}\n"
        f"种子 / Seed: {paper_text(seed)}\n"
        "请密封后存放在另一处安全的地方;批次用完后与电子文件一并销毁。\n"
        "Seal it, keep it in another safe place; destroy it together with the file.\n"
        + _qr(encoding.b64u(seed))
    )


def private_sheet(opening: str, key_id: str, private: bytes) -> str:
    """Lay out the sheet that carries one released private key to the opening page."""
    text = encoding.b64u(private)
    return (
        "开标密钥(请在开标页面输入) / Opening key, to be typed in at the opening page\n"
        f"开标编号 / Opening: {opening}\n"
        f"密钥编号 / Key: {key_id}\n"
        f"{text}\n" + _qr(text)
    )


def _qr(text: str) -> str:
    """Draw a QR code where the `segno` package is there; the text alone is enough."""
    try:
        import segno
    except ImportError:
        return ""
    import io

    drawn = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(out=drawn, compact=True)
    return drawn.getvalue()
