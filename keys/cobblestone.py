"""Cobblestone-256, the C2SP chunked encryption, with sizes that can be told beforehand.

salt (24) || commitment (32) || chunks of 16,384 bytes with a 16-byte tag each, of which the last is
always shorter and possibly empty. The commitment binds the key, so one sealed text cannot open to
two different bids under two keys.
"""

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from keys.encoding import Buffer
from keys.errors import Forged

CHUNK = 16 * 1024
_PREFIX = 24 + 32
_TAG = 16


def sealed_size(length: int) -> int:
    """Return how many bytes `length` bytes become."""
    return _PREFIX + length + _TAG * (length // CHUNK + 1)


def opened_size(sealed: int) -> int | None:
    """Return the length that becomes `sealed` bytes, or None if no length does."""
    chunks, last = divmod(sealed - _PREFIX, CHUNK + _TAG)
    return chunks * CHUNK + last - _TAG if chunks >= 0 and last >= _TAG else None


class Encryptor:
    """Encrypts a stream; `key` has 32 bytes and encrypts one text only."""

    def __init__(self, key: bytes, context: bytes) -> None:
        self._inner = Cobblestone256Encryptor(key, context)

    def update(self, data: Buffer) -> bytes:
        """Return the bytes that are ready."""
        return self._inner.update(data)

    def finalize(self) -> bytes:
        """Return the last chunk; nothing may follow."""
        return self._inner.finalize()


class Decryptor:
    """Decrypts a stream; what it returns is authentic, but complete only after `finalize`."""

    def __init__(self, key: bytes, context: bytes) -> None:
        self._inner = Cobblestone256Decryptor(key, context)

    def update(self, data: Buffer) -> bytes:
        """Return the authenticated bytes that are ready, or raise Forged; then stop using this."""
        try:
            return self._inner.update(data)
        except InvalidTag as error:
            raise Forged("decryption", "the ciphertext does not decrypt") from error

    def finalize(self) -> bytes:
        """Return the last bytes, or raise Forged if the text was cut off."""
        try:
            return self._inner.finalize()
        except InvalidTag as error:
            raise Forged("decryption", "the ciphertext does not decrypt") from error


def seal_bytes(key: bytes, context: bytes, data: Buffer) -> bytes:
    """Encrypt a text that fits in memory."""
    encryptor = Encryptor(key, context)
    return encryptor.update(data) + encryptor.finalize()


def open_bytes(key: bytes, context: bytes, sealed: Buffer) -> bytes:
    """Decrypt a text that fits in memory, or raise Forged."""
    decryptor = Decryptor(key, context)
    return decryptor.update(sealed) + decryptor.finalize()
