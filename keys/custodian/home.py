"""The agent's own directory: who it is, which platform it follows, its encrypted secrets.

    config.json                name, platform's address, id and pinned key, sandbox or not
    identity.box               the Ed25519 identity under the passphrase
    batches/<batch>.box        the seeds of one-time keys under the passphrase
    pins.json                  the pinned custodians, once they are known
    agent.sqlite               memory and journal
    clock.json                 read by a sandbox agent only

The directory is 0700, its files 0600. Nobody but the custodian can read it; in particular it is
never on the platform's machine, nor in its backups.
"""

import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import encoding, fields, notes
from keys.custodian.clock import Clock, machine_clock, sandbox_clock
from keys.custodian.seeds import COST, SANDBOX_COST, lock_secret, unlock_secret
from keys.errors import Malformed, Refused
from keys.pins import Pins

CONFIG = "custodian-config/v1"


@dataclass(frozen=True, slots=True)
class Config:
    """What `init` laid down; `platform_key` is a note verifier key, `ca` a PEM file or None."""

    name: str
    identity: str
    platform: str
    platform_id: str
    platform_key: str
    sandbox: bool
    poll_seconds: str
    ca: str | None


class Home:
    """An agent's directory that `init` has made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            found = json.loads((root / "config.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise Malformed("home", f"{root} is no custodian's directory; run init.") from error
        names = [*Config.__dataclass_fields__, "v"]
        top = fields.exact(found, names, "config.json")
        fields.version(top.pop("v"), CONFIG)
        self.config = Config(**top)
        self.platform_key = notes.parse_key(self.config.platform_key)
        self.identity_bytes = encoding.unb64u(self.config.identity, 32)

    @property
    def cost(self) -> int:
        """Give scrypt's log2 N for new boxes."""
        return SANDBOX_COST if self.config.sandbox else COST

    def clock(self) -> Clock:
        """Give the agent's own clock."""
        if self.config.sandbox:
            return sandbox_clock(self.root / "clock.json")
        return machine_clock

    def pins(self) -> Pins | None:
        """Give the pinned custodians, or None while they are not known."""
        path = self.root / "pins.json"
        return Pins.from_json(path.read_bytes()) if path.exists() else None

    def set_pins(self, data: bytes) -> Pins:
        """Pin the custodians of the county's printed notice; this one must be among them."""
        pins = Pins.from_json(data)
        listed = self.config.identity in pins.custodians
        if pins.platform != self.config.platform_id or not listed:
            raise Refused("pins", "These pins are of another platform or lack this custodian.")
        write_file(self.root / "pins.json", data)
        return pins

    def identity(self, passphrase: str) -> Ed25519PrivateKey:
        """Open the identity."""
        data = (self.root / "identity.box").read_bytes()
        seed = unlock_secret(data, passphrase, kind="identity", name=self.config.name)
        key = Ed25519PrivateKey.from_private_bytes(seed)
        if notes.public_bytes(key) != self.identity_bytes:
            raise Malformed("identity", "identity.box is not the identity of config.json.")
        return key

    def _box(self, kind: str, name: str) -> Path:
        return (
            self.root / "batches" / f"{name}.box" if kind == "batch" else self.root / f"{kind}.box"
        )

    def write_box(self, kind: str, name: str, secret: bytes, passphrase: str) -> None:
        """Write a secret under the passphrase, durably."""
        data = lock_secret(secret, passphrase, kind=kind, name=name, cost=self.cost)
        write_file(self._box(kind, name), data)

    def read_box(self, kind: str, name: str, passphrase: str) -> bytes:
        """Read a secret."""
        try:
            data = self._box(kind, name).read_bytes()
        except FileNotFoundError as error:
            raise Refused("box", f"The {kind} file is not there any more.") from error
        return unlock_secret(data, passphrase, kind=kind, name=name)

    def erase_box(self, kind: str, name: str) -> None:
        """Overwrite a secret's file and delete it; a file that is gone already is fine.

        Overwriting is no promise on flash memory; without the passphrase what may be left is
        ciphertext.
        """
        path = self._box(kind, name)
        if path.exists():
            with path.open("r+b") as file:
                file.write(secrets.token_bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(path.parent)

    def lock(self) -> int:
        """Let only one agent run on this directory; gives a handle to keep open."""
        handle = os.open(self.root / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise Refused("running", "An agent is running on this directory already.") from error
        return handle


def make_home(root: Path, config: Config, identity: Ed25519PrivateKey, passphrase: str) -> Home:
    """Make the directory of a new agent; refuses one that has anything in it."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise Refused("home", f"{root} is not empty.")
    root.chmod(0o700)
    (root / "batches").mkdir(mode=0o700)
    text = json.dumps({"v": CONFIG, **asdict(config)}, ensure_ascii=False, indent=1)
    write_file(root / "config.json", text.encode())
    home = Home(root)
    box = lock_secret(
        identity.private_bytes_raw(), passphrase, kind="identity", name=config.name, cost=home.cost
    )
    write_file(root / "identity.box", box)
    return home


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that after a power cut it is whole or not there: fsync, rename, fsync."""
    draft = path.with_name(path.name + ".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make a directory's entries durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
