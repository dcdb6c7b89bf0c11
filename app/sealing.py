"""Secrets that have to be read again, encrypted in their columns: the key lies in a file beside the database.

Whoever gets hold of the tables alone has no second factor of anybody (GB/T 22239-2019, 8.1.4.8; ASVS 5.0 11.2, 13.3.1).
"""

import errno
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from app.durable import sync_folder
from app.errors import Unavailable
from app.i18n import gettext as _

KEY_FILE = "secret.key"


class Sealer:
    """Seals under the key of this installation. The file is made when it is first needed, and read each time.

    All processes need the same file; it belongs to the backup. Raises Unavailable with a sentence when it is missing
    where it is needed, cannot be read, or is not the one that sealed.
    """

    def __init__(self, var_dir: Path) -> None:
        self._path = var_dir / KEY_FILE

    def exists(self) -> bool:
        return self._path.exists()

    def make(self) -> None:
        """The key, unless there is one. Of several processes at once one makes it and the others find it whole."""
        if self._path.exists():
            return
        draft = self._path.with_name(f"{KEY_FILE}.{secrets.token_hex(8)}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _write_through(draft, Fernet.generate_key() + b"\n")
            try:
                # A link appears with all that is in it, and never over a file that is there.
                os.link(draft, self._path)
            except FileExistsError:
                return
            finally:
                draft.unlink()
            sync_folder(self._path.parent)
        except OSError as error:
            raise Unavailable(_("无法建立服务器的密钥文件，请联系系统管理员。")) from error

    def seal(self, text: str) -> str:
        return self._cipher().encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        try:
            return self._cipher().decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Unavailable(_("服务器的密钥文件与数据不符，无法核对动态码，请联系系统管理员。")) from error

    def derived(self, purpose: str, size: int) -> bytes:
        """Bytes that only this installation can make, the same for the same purpose; `size` up to 32."""
        return hmac.new(self._key(), purpose.encode(), hashlib.sha256).digest()[:size]

    def _cipher(self) -> Fernet:
        return Fernet(self._key())

    def _key(self) -> bytes:
        try:
            key = self._path.read_bytes().strip()
            Fernet(key)
        except ValueError as error:
            raise Unavailable(_("服务器的密钥文件已损坏，请联系系统管理员。")) from error
        except OSError as error:
            if error.errno == errno.ENOENT:
                raise Unavailable(_("服务器缺少密钥文件，无法核对动态码，请联系系统管理员。")) from error
            raise Unavailable(_("服务器的密钥文件无法读取，请联系系统管理员。")) from error
        return key


def _write_through(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
