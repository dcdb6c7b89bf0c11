"""The secretariat stops a run of reminders before it is made, and lets it go again."""

from datetime import date, datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.domain.one_line import is_one_line
from app.domain.workdays import WorkCalendar
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Account, Region, RunHold
from app.models.digest_run import RunKind
from app.queries.digest_runs import run_of
from app.queries.run_holds import standing_hold
from app.queries.work_calendar import work_calendar
from app.words import day as in_words
from app.words import word

LONGEST_REASON = 500
DAYS_AHEAD = 31  # what can be looked at and stopped beforehand


def hold_run(
    session: Session,
    region_id: int,
    kind: RunKind,
    run_date: date,
    *,
    reason: str,
    by: int,
    now: datetime,
    today: date,
) -> RunHold:
    """Raises Overtaken for a run that is made already or was stopped by somebody else, Invalid for no such run.

    The same by the same person again, a double click, is the one that is there.
    """
    # Nobody begins a run while this is held (refuse_held), and two who stop the same come one after another.
    session.exec(select(Region.id).where(Region.id == region_id).with_for_update()).one()
    name = run_name(kind, run_date)
    if run_of(session, region_id, kind, run_date) is not None:
        raise Overtaken(_("%(run)s已经开始发送，不能再暂缓。") % {"run": name})
    standing = standing_hold(session, region_id, kind, run_date)
    if standing is not None:
        if (standing.held_by, standing.reason) == (by, reason):
            return standing
        raise Overtaken(
            _("%(run)s已由%(who)s暂缓发送，本次操作未执行，原因见下。")
            % {"run": name, "who": _who(session, standing.held_by)}
        )
    faults: dict[str, str] = {}
    if fault := _day_fault(work_calendar(session, region_id), kind, run_date, today):
        faults["run_date"] = fault
    if fault := _reason_fault(reason):
        faults["reason"] = fault
    if faults:
        raise Invalid(faults)
    hold = RunHold(region_id=region_id, kind=kind, run_date=run_date, reason=reason, held_at=now, held_by=by)
    session.add(hold)
    session.flush()
    return hold


def release_run(session: Session, hold: RunHold, *, by: int, now: datetime) -> None:
    """Whoever releases it again, a double click, has done so; raises Overtaken when somebody else was faster."""
    claim = (
        update(RunHold)
        .where(col(RunHold.id) == hold.id, col(RunHold.released_at).is_(None))
        .values(released_at=now, released_by=by)
        .execution_options(synchronize_session=False)
    )
    won = session.exec(claim).rowcount == 1
    session.refresh(hold)
    if not won and hold.released_by != by:
        raise Overtaken(
            _("%(run)s已由%(who)s恢复发送。")
            % {"run": run_name(hold.kind, hold.run_date), "who": _who(session, hold.released_by)}
        )


def refuse_held(session: Session, region_id: int, kind: RunKind, run_date: date) -> None:
    """Raises Overtaken for a run that is stopped.

    To be asked in the transaction that begins the run, behind the insert of its row or `hold_lists`: both take the
    region's lock, so that whoever stops the run comes before it or finds it begun.
    """
    if standing_hold(session, region_id, kind, run_date) is not None:
        raise Overtaken(_("%(run)s已暂缓发送。要发送，请先恢复发送。") % {"run": run_name(kind, run_date)})


def run_name(kind: RunKind, run_date: date) -> str:
    """每日提醒（2024年11月25日 星期一）."""
    return _("%(kind)s（%(day)s）") % {"kind": word(kind), "day": in_words(run_date)}


def _who(session: Session, account_id: int | None) -> str:
    account = session.get(Account, account_id) if account_id is not None else None
    return account.name if account else _("秘书处")


def _reason_fault(reason: str) -> str | None:
    if not reason:
        return _("请写明暂缓发送的原因。")
    if len(reason) > LONGEST_REASON:
        return _("原因不能超过%(limit)s个字。") % {"limit": LONGEST_REASON}
    if not is_one_line(reason):
        return _("原因不能含有换行或看不见的字符。")
    return None


def _day_fault(calendar: WorkCalendar, kind: RunKind, run_date: date, today: date) -> str | None:
    if run_date > today + timedelta(days=DAYS_AHEAD):
        return _("只能暂缓今后%(days)s天以内的发送。") % {"days": DAYS_AHEAD}
    if kind is RunKind.WEEKLY:
        # This week's list may still be waiting for its mails.
        if run_date < today - timedelta(days=today.weekday()):
            return _("这一天已经过去，不能再暂缓。")
        if calendar.first_of_week(run_date) != run_date:
            return _("这一天不发每周逾期清单。清单在每周第一个工作日发送。")
        return None
    if run_date < today:
        return _("这一天已经过去，不能再暂缓。")
    if not calendar.is_working(run_date):
        return _("这一天不是工作日，没有提醒要发送。")
    return None
