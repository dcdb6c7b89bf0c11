"""A hidden folder in which something is made before it gets its name; a dead process does not leave it for ever."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".lock"


@contextmanager
def workplace(folder: Path, prefix: str) -> Iterator[Path]:
    """Readable for its owner alone. What interrupted runs have left under the same prefix goes first."""
    sweep(folder, prefix)
    place = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
    lock = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)


def sweep(folder: Path, prefix: str) -> None:
    """Only what no living process holds: the system lets go of a dead one's locks."""
    for left in folder.glob(f"{prefix}*"):
        with suppress(OSError):
            lock = os.open(left / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(lock)
