"""Makes a folder for what the tests write and prints its name: in memory where there is room, else on the disk.

Databases of tests are written through to the disk at every commit, as those of an office are. Nobody pulls the plug of
a test, so waiting for the disk is time for nothing: more than half of it here.
"""

import shutil
import sys
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 (mkdtemp makes a folder of our own in it)
ROOM = 3 * 2**30  # bytes; a run keeps what failed tests left, and the servers' data


def main() -> int:
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM
    try:
        folder = tempfile.mkdtemp(prefix="duban-tests-", dir=MEMORY if in_memory else None)
    except OSError:
        folder = tempfile.mkdtemp(prefix="duban-tests-")
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
