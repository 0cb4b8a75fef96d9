"""Work on a stream beside the thread that reads it: hashing leaves the interpreter lock free.

SHA-256 is what sealing and unsealing cost, twice per byte (ciphertext and plaintext), so the two
hashes run in a lane each while the reader encrypts or decrypts.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

SLICE = 1024 * 1024  # Large enough for few system calls, small enough to stay in the cache.
_AHEAD = 8


class Lane:
    """Runs `work` over chunks, in order, in one thread, at most a few chunks behind.

    Use as a context manager and call `drain` before looking at what `work` has done; both `put`
    and `drain` raise what `work` raised.
    """

    def __init__(self, work: Callable[[bytes], object]) -> None:
        self._work = work
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._waiting: deque[Future[object]] = deque()

    def __enter__(self) -> "Lane":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def put(self, chunk: bytes) -> None:
        """Hand over a chunk, which must not change afterwards; waits if the lane is far behind."""
        while len(self._waiting) >= _AHEAD:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._work, chunk))

    def drain(self) -> None:
        """Wait until every chunk is done."""
        while self._waiting:
            self._waiting.popleft().result()
