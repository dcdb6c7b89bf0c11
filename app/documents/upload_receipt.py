"""Receipts for files that are stored already while their report is not.

A browser cannot keep a chosen file when a form comes back with faults. The form carries a receipt instead.
It is signed and made out to one account: nobody can claim a file that he did not bring himself, although
all evidence lies in one store under hashes that others may know.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from app.documents.evidence_store import EvidenceStore, StoredFile

_KEY_FILE = ".receipt-key"


@dataclass(frozen=True, slots=True)
class Receipt:
    """`token` is what the form carries."""

    file: StoredFile
    token: str


def issue(store: EvidenceStore, file: StoredFile, account_id: int) -> Receipt:
    content = json.dumps({"account": account_id, **asdict(file)}, ensure_ascii=True).encode()
    body = base64.urlsafe_b64encode(content).decode()
    return Receipt(file, f"{body}.{_sign(store, body)}")


def redeem(store: EvidenceStore, token: str, account_id: int) -> StoredFile | None:
    """None for what was not signed here, belongs to somebody else, or is no longer in the store."""
    body, _dot, signature = token.rpartition(".")
    if not hmac.compare_digest(_sign(store, body).encode(), signature.encode()):
        return None
    content = json.loads(base64.urlsafe_b64decode(body))
    if content.pop("account") != account_id:
        return None
    file = StoredFile(**content)
    return file if store.holds(file.sha256, file.size) else None


def _sign(store: EvidenceStore, body: str) -> str:
    return hmac.new(_key(store.folder), body.encode(), hashlib.sha256).hexdigest()


def _key(folder: Path) -> bytes:
    """Lies beside the files, because every process that can attach a file can read it there."""
    path = folder / _KEY_FILE
    try:
        return path.read_bytes()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{_KEY_FILE}-{secrets.token_hex(8)}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # of two processes that come first at once, one wins and both use its key
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_bytes()
