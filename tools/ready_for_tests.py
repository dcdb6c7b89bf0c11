"""Brings a browser, a Node and a mail server for the tests if it may, and otherwise says which part is skipped and why.

Exits with 1 where CI is set: there no part may be skipped. PostgreSQL comes as a wheel with the other packages.
"""

import os
import shutil
import subprocess
import sys

from tools.chromium import find_chromium
from tools.node import OLDEST, find_node, install_node

PACKAGES = ("chromium", "fonts-noto-cjk")
MAIL_SERVER = "dovecot-imapd"


def may_install() -> bool:
    return bool(shutil.which("apt-get")) and os.geteuid() == 0


def install(*packages: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *step], env=environment, stdin=subprocess.DEVNULL, check=False)


def find_dovecot() -> str | None:
    """It is no program for everybody: its folder is often not in the search path."""
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")


def install_chromium() -> None:
    if may_install():
        print(f"== Installing {' and '.join(PACKAGES)} for the browser tests", flush=True)
        install(*PACKAGES)
        return
    print("== Fetching a Chromium for the browser tests", flush=True)
    # Its traces on standard error say less than the one sentence below.
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run(command, stderr=subprocess.DEVNULL, check=False)


def missing_parts() -> list[str]:
    """One sentence for each part of the tests that cannot run here."""
    said = []
    if find_node() is None:
        install_node()
    if find_node() is None:
        said.append(
            "the tests with a real identity provider (tests/oidc)."
            f" There is no Node {OLDEST} or newer and none could be installed"
        )
    if find_dovecot() is None and may_install():
        print(f"== Installing {MAIL_SERVER} for the tests of the mailbox", flush=True)
        install(MAIL_SERVER)
    if find_dovecot() is None:
        said.append(
            "the tests with a real IMAP server (tests/inbox). There is no Dovecot;"
            f" on Debian and Ubuntu: sudo apt-get install {MAIL_SERVER}"
        )
    if find_chromium() is None:
        install_chromium()
    if find_chromium() is None:
        said.append(
            "the browser tests (tests/web). There is no Chromium and none could be installed;"
            f" on Debian and Ubuntu: sudo apt-get install {' '.join(PACKAGES)}"
        )
    return said


def main() -> int:
    missing = missing_parts()
    for part in missing:
        print(f"SKIPPED: {part}", flush=True)
    if missing and os.environ.get("CI"):
        print("CI lets no part be skipped.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
