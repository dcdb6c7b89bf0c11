"""A real IMAP server with one folder, on free ports, in a folder of its own. The mail lies in a maildir there."""

import contextlib
import getpass
import grp
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

CERTIFICATE = Path(__file__).resolve().parents[1] / "mail" / "localhost.pem"
PROGRAM = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
USER, PASSWORD = "duban@example.org", "p@ss/w:rd"

CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
instance_name = duban-test
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
first_valid_uid = 1
mail_location = maildir:{folder}/mail
mail_fsync = never
default_internal_user = {daemon}
default_internal_group = {group}
default_login_user = {daemon}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


_numbers = itertools.count(1_700_000_000)


@dataclass(frozen=True)
class Dovecot:
    folder: Path
    plain: int
    tls: int
    owner: tuple[int, int]

    def url(self, scheme: str = "imap", *, password: str = PASSWORD, folder: str = "INBOX") -> str:
        port = self.tls if scheme == "imaps" else self.plain
        return f"{scheme}://{quote(USER)}:{quote(password, safe='')}@localhost:{port}/{folder}"

    @property
    def maildir(self) -> Path:
        return self.folder / "mail"

    def deliver(self, content: bytes, *, seen: bool = False) -> str:
        """Under a name that was never there: the server remembers sizes by names."""
        name = f"{next(_numbers)}.M1.test"
        deliver(self.maildir, content, name)
        place = self.maildir / "new" / name
        os.chown(place, *self.owner)
        if seen:
            place.rename(self.maildir / "cur" / f"{name}:2,S")
        return name

    def flags(self) -> dict[str, str]:
        """File to its flags: S is seen, a and what follows are keywords."""
        names = [path.name for part in ("new", "cur") for path in (self.maildir / part).iterdir()]
        return {name.partition(":")[0]: name.partition(",")[2] for name in names}

    def empty(self) -> None:
        for part in ("new", "cur"):
            for path in (self.maildir / part).iterdir():
                path.unlink()


def deliver(maildir: Path, content: bytes, name: str) -> None:
    """As a delivery agent does it: whole, under its final name."""
    temporary = maildir / "tmp" / name
    temporary.write_bytes(content)
    temporary.chmod(0o644)
    temporary.rename(maildir / "new" / name)


def make_maildir(folder: Path) -> Path:
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def running() -> Iterator[Dovecot]:
    assert PROGRAM is not None
    root = os.geteuid() == 0
    owner = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.getuid())
    with tempfile.TemporaryDirectory(prefix="duban-dovecot-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        make_maildir(folder / "mail")
        server = Dovecot(folder, _free_port(), _free_port(), (owner.pw_uid, owner.pw_gid))
        for path in (folder, folder / "mail", *(folder / "mail").iterdir()):
            os.chown(path, *server.owner)
        config = folder / "dovecot.conf"
        config.write_text(
            CONFIG.format(
                folder=folder,
                certificate=CERTIFICATE,
                password=PASSWORD,
                daemon=owner.pw_name if root else getpass.getuser(),
                group=grp.getgrgid(owner.pw_gid).gr_name,
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                plain=server.plain,
                tls=server.tls,
            )
        )
        process = subprocess.Popen([PROGRAM, "-F", "-c", str(config)], stdin=subprocess.DEVNULL)
        try:
            _wait(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def _wait(server: Dovecot, process: "subprocess.Popen[bytes]") -> None:
    for _try in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.plain), timeout=1) as opened:
            if opened.recv(4) == b"* OK":
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    log = server.folder / "log"
    raise AssertionError(log.read_text() if log.exists() else f"dovecot ended with {process.returncode}")
