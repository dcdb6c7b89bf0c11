"""Every start of the product goes into the audit trail, with the settings that are others than at the last one."""

from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from app.domain.audit import AuditAction
from app.domain.trail_changes import COVERED
from app.models import AuditEntry
from app.settings import PREFIX, Settings
from app.trail import locked_head, note, tell

TABLE = "settings"
_SOME = 20
_SECRETS = ("secret", "password", "_key", "_token")


def record_start(session: Session, settings: Settings, *, what: str) -> None:
    """`what` was started, e.g. the worker. Only chain 0 knows of settings; two starts at once wait for each other."""
    locked_head(session, 0)
    now, before = settings_told(settings), _last_told(session)
    changed = {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}
    if changed:
        # All of them stand in it, so that the next start can be compared with this entry alone.
        note(session, TABLE, None, now, before={name: before[name] for name in sorted(changed) if name in before})
    tell(session, action=AuditAction.SETTINGS, region_id=None, subject=what)


def settings_told(settings: Settings) -> dict[str, Any]:
    """DUBAN_… -> value as text; whatever is secret is covered, that it is set is not."""
    return {PREFIX + name.upper(): _told(name, getattr(settings, name)) for name in sorted(Settings.model_fields)}


def _told(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if name.endswith(_SECRETS):
        return COVERED
    text = str(value).lower() if isinstance(value, bool) else str(value)
    parts = urlsplit(text) if "://" in text else None
    if parts is not None and parts.password is not None:
        return text.replace(f":{parts.password}@", f":{COVERED}@", 1)
    return text


def _last_told(session: Session) -> dict[str, Any]:
    """Of the newest start that differed from the one before: most of them did not, so they are read some at a time."""
    asked = (
        select(AuditEntry.seq, AuditEntry.changes)
        .where(AuditEntry.chain == 0, AuditEntry.action == AuditAction.SETTINGS)
        .order_by(col(AuditEntry.seq).desc())
        .limit(_SOME)
    )
    rows = session.exec(asked).all()
    while rows:
        for _seq, changes in rows:
            told = next((change["after"] for change in changes if change["table"] == TABLE), None)
            if told is not None:
                return dict(told)
        rows = session.exec(asked.where(AuditEntry.seq < rows[-1][0])).all()
    return {}
