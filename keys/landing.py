"""Opened files on their way to disk: under a temporary name until every check has passed."""

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO


class Landing:
    """Writes files 0001, 0002, ... into a directory, all of them or none.

    Names come from their place and never from the bid, which could name `../../etc/passwd`. The
    temporary directory lies inside the target, so that the last step only renames; it is removed
    whatever happens. Files of the same names are replaced. Errors of the disk are raised.
    """

    def __init__(self, target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        self._target = target
        self._staging = Path(tempfile.mkdtemp(prefix=".unsealing-", dir=target))
        self._names: list[str] = []
        self._open: BinaryIO | None = None

    def __enter__(self) -> "Landing":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()
        shutil.rmtree(self._staging, ignore_errors=True)

    def begin(self) -> None:
        """Close the file before and begin the next."""
        self._close()
        self._names.append(f"{len(self._names) + 1:04d}")
        self._open = (self._staging / self._names[-1]).open("wb")

    def write(self, chunk: memoryview) -> None:
        """Add bytes to the file begun last."""
        if self._open is not None:
            self._open.write(chunk)

    def keep(self) -> None:
        """Give every file its name; call this only when all of them are right."""
        self._close()
        for name in self._names:
            (self._staging / name).replace(self._target / name)

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
