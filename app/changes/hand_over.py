"""A liaison, head or secretary leaves: somebody else takes over everything on the same day, in one transaction."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from app.changes.add_account import NewAccount, add_account
from app.changes.close_account import close_account
from app.changes.edit_account import account_mark
from app.changes.hand_drafts import hand_drafts
from app.changes.last_secretariat import lock_region
from app.changes.reset_password import WayIn, first_way_in
from app.clock import local_day
from app.documents.evidence_store import EvidenceStore
from app.domain.audit import AuditAction
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.mail.compose import Composer
from app.mail.handover_letter import mail_handover
from app.mail.redirect import redirect_waiting
from app.models import Account, Department, Handover, Region
from app.queries.handover_items import handover_items
from app.queries.handovers import last_handover_of
from app.settings import Settings
from app.trail import tell
from app.words import word

LONGEST_NOTE = 1000
BACK = timedelta(days=30)  # somebody has left already, and the paper says when


@dataclass(frozen=True, slots=True)
class NewPerson:
    """An account that is made for the successor, of the same department and role."""

    login: str
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """`seen`: the account's mark as the form showed it. `successor`: an account's id, or who is to get one.

    `on`: None for what is no day.
    """

    seen: str
    successor: int | NewPerson | None
    on: date | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """`way_in`: how a new successor gets in, shown once where it was not mailed. `again`: a double click."""

    handover: Handover
    successor: Account
    way_in: WayIn | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Hands:
    """Who carries it out, when, and with what. `separate`: whether duties are."""

    by: int
    now: datetime
    settings: Settings
    store: EvidenceStore
    separate: bool = False


def hand_over(session: Session, account: Account, wanted: Wanted, hands: Hands) -> HandedOver:
    """Open items are the department's and stay; drafts, waiting mails and reminders go to the successor, and the
    account is closed with everything that lets it in. Reports keep their author's name.

    Raises Invalid with every fault of the form, Overtaken when the account was changed or closed meanwhile.
    """
    region = lock_region(session, account, by=hands.by, separate=hands.separate)
    if not account.active:
        return _made_already(session, account, wanted, hands)
    if account.id == hands.by:
        raise Invalid({"successor": _("不能办理自己的交接，请由另一位管理账号的人员办理。")})
    if account_mark(account) != wanted.seen:
        raise Overtaken(_("此账号刚被他人修改，交接未办理。请核对下面的内容后再提交。"))
    faults = _faults(wanted, local_day(hands.now, region.time_zone))
    successor, way_in = _successor(session, region, account, wanted, hands=hands, faults=faults)
    sheet = handover_items(session, region, account, now=hands.now, to_name=successor.name)
    handover = Handover(
        region_id=region.id or 0,
        from_account_id=account.id or 0,
        to_account_id=successor.id or 0,
        on=wanted.on or local_day(hands.now, region.time_zone),
        note=wanted.note,
        items=sheet.kept(),
        made_at=hands.now,
        made_by=hands.by,
    )
    session.add(handover)
    session.flush()
    hand_drafts(session, region, account, successor, store=hands.store, now=hands.now)
    redirect_waiting(session, account, successor, now=hands.now)
    close_account(session, account, by=hands.by, now=hands.now, separate=hands.separate)
    mail_handover(session, Composer(hands.settings), region, handover=handover, sheet=sheet, successor=successor)
    tell(
        session,
        action=AuditAction.HANDOVER,
        subject_table="account",
        subject_id=account.id,
        subject=f"{account.name} → {successor.name}",
        reason=wanted.note,
    )
    return HandedOver(handover, successor, way_in)


def _made_already(session: Session, account: Account, wanted: Wanted, hands: Hands) -> HandedOver:
    """The same by the same person again is done already. Raises Overtaken for anything else."""
    last = last_handover_of(session, account.id or 0)
    successor = session.get(Account, last.to_account_id) if last else None
    if last is not None and successor is not None and last.made_by == hands.by:
        same = (
            successor.login == wanted.successor.login
            if isinstance(wanted.successor, NewPerson)
            else successor.id == wanted.successor
        )
        if same and (last.on, last.note) == (wanted.on, wanted.note):
            return HandedOver(last, successor, again=True)
    raise Overtaken(_("此账号已经停用，不能再办理交接。"))


def _faults(wanted: Wanted, today: date) -> dict[str, str]:
    faults: dict[str, str] = {}
    if wanted.successor is None:
        faults["successor"] = _("请选择接交人。")
    if wanted.on is None:
        faults["on"] = _("请填写交接日期，如2024-11-25。")
    elif wanted.on > today:
        faults["on"] = _("交接当天才能办理，不能填写将来的日期。")
    elif wanted.on < today - BACK:
        faults["on"] = _("交接日期不能早于三十天以前。")
    if len(wanted.note) > LONGEST_NOTE:
        faults["note"] = _("说明不能超过%(limit)s字。") % {"limit": LONGEST_NOTE}
    return faults


def _successor(
    session: Session, region: Region, account: Account, wanted: Wanted, *, hands: Hands, faults: dict[str, str]
) -> tuple[Account, WayIn | None]:
    """Raises Invalid with these faults and the successor's own."""
    if isinstance(wanted.successor, NewPerson):
        return _new_successor(session, region, account, wanted.successor, hands=hands, faults=faults)
    found = session.get(Account, wanted.successor, populate_existing=True) if wanted.successor is not None else None
    if wanted.successor is not None and (fault := _successor_fault(account, found)):
        faults["successor"] = fault
    if faults or found is None:
        raise Invalid(faults)
    return found, None


def _successor_fault(account: Account, found: Account | None) -> str | None:
    if found is None or found.region_id != account.region_id:
        return _("没有这个账号，请在列表中选择。")
    if found.id == account.id:
        return _("接交人不能是本人。")
    if found.department_id != account.department_id:
        return _("接交人应是同一单位的账号。")
    if found.role is not account.role:
        return _("接交人应是同一角色（%(role)s）的账号。") % {"role": word(account.role)}
    if not found.active:
        return _("接交人的账号已经停用，请先启用或另选。")
    return None


def _new_successor(
    session: Session, region: Region, account: Account, person: NewPerson, *, hands: Hands, faults: dict[str, str]
) -> tuple[Account, WayIn | None]:
    department = session.get(Department, account.department_id) if account.department_id else None
    try:
        made = add_account(
            session,
            region,
            NewAccount(
                login=person.login,
                role=account.role,
                name=person.name,
                department=department.name if department else None,
                email=person.email,
            ),
            now=hands.now,
        )
    except Invalid as error:
        raise Invalid(faults | error.fields) from error
    if faults:
        raise Invalid(faults)
    return made, first_way_in(session, made, by=hands.by, settings=hands.settings, now=hands.now)
