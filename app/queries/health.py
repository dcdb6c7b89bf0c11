"""Do reminders go out? What the tables say of it: workers at work, runs that are there, mails that move.

The rule of which run should be there is not the one by which the worker makes them (jobs/schedule.py), but a plainer
one of its own: a fault in that one must not hide itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, func, true
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.clock import local_day
from app.domain.workdays import WorkCalendar
from app.i18n import gettext as _
from app.i18n import ngettext
from app.models import DigestRun, OutboxMail, Region, RunHold, WorkerBeat
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailState
from app.queries.work_calendar import work_calendar
from app.words import day as day_in_words
from app.words import word

GRACE = timedelta(minutes=30)  # a run may take so long from its hour until it is complete
QUIET = timedelta(minutes=10)  # at least, and at least so many ticks:
QUIET_TICKS = 10
STUCK = timedelta(hours=1)
ABANDONED = timedelta(minutes=10)  # behind the end of a lease
AHEAD = timedelta(minutes=5)  # clocks of two machines may differ by so much
INBOX_QUIET = timedelta(hours=1)
VAIN, VAIN_TRIES = timedelta(minutes=5), 3
RECENT_MAILS = 500
MANY_BOUNCES, BOUNCES_PERCENT = 5, 10
_WEEKS_BACK = 3
_RUNS = 60  # the newest of a region: a month and more
_WORKERS = 50


class What(StrEnum):
    """What is wrong. The value begins the key of its alarm."""

    WORKER = "worker"
    FAULT = "fault"
    INBOX = "inbox"
    CLOCK = "clock"
    MISSED_DAILY = "missed.daily"
    MISSED_WEEKLY = "missed.weekly"
    UNFINISHED = "unfinished"
    STUCK = "stuck"
    ABANDONED = "abandoned"
    SERVER = "server"
    CHANNEL = "channel"
    BOUNCES = "bounces"


@dataclass(frozen=True, slots=True)
class Trouble:
    """`said`: what is wrong, `advice`: what to do, both sentences. `on`: the day that it is about, if it is about one.

    Without a region it concerns all of them.
    """

    what: What
    said: str
    advice: str
    region_id: int | None = None
    region_code: str = ""
    on: date | None = None

    @property
    def name(self) -> str:
        """missed.daily.xicheng: the same thing has the same name as long as it lasts."""
        return f"{self.what.value}.{self.region_code}" if self.region_code else self.what.value


@dataclass(frozen=True, slots=True)
class Workers:
    """`last`: the newest sign of life of any worker, `ago`: how long it is past; None when there never was one."""

    alive: bool
    last: datetime | None
    ago: timedelta | None
    troubles: Sequence[Trouble]


@dataclass(frozen=True, slots=True)
class Office:
    """One region. `next_at`: when the next daily run is made, in the region's zone; None while one is overdue."""

    last_daily: DigestRun | None
    next_at: datetime | None
    troubles: Sequence[Trouble]


def workers(session: Session, *, wall: datetime, tick_seconds: int) -> Workers:
    """`wall` is the real moment, by which workers give their signs."""
    rows = session.exec(select(WorkerBeat).order_by(col(WorkerBeat.beat_at).desc()).limit(_WORKERS)).all()
    quiet = max(QUIET, QUIET_TICKS * timedelta(seconds=tick_seconds))
    past = [row for row in rows if row.beat_at <= wall + AHEAD]
    alive = [row for row in past if row.stopped_at is None and wall - row.beat_at <= quiet]
    newest = past[0] if past else None
    ago = max(wall - newest.beat_at, timedelta(0)) if newest else None
    troubles = []
    if not alive:
        troubles.append(_no_worker(newest, ago))
    troubles += [
        Trouble(
            What.FAULT,
            _("定时任务上一轮有一步没有完成：%(fault)s") % {"fault": fault},
            _("程序会自动重试；若一直如此，请告知系统管理员查看日志。"),
        )
        for fault in sorted({row.fault for row in alive if row.fault})[:1]
    ]
    read = [row.inbox_at for row in alive if row.inbox_at is not None]
    if read and wall - max(read) > INBOX_QUIET:
        troubles.append(
            Trouble(
                What.INBOX,
                _("收信邮箱已有%(time)s没有读到，回信和退信暂时看不到。") % {"time": span(wall - max(read))},
                _("请检查收信服务器和邮箱密码。"),
            )
        )
    if len(past) < len(rows):
        troubles.append(_clock())
    return Workers(bool(alive), newest.beat_at if newest else None, ago, troubles)


def _no_worker(newest: WorkerBeat | None, ago: timedelta | None) -> Trouble:
    advice = _("没有它，提醒和邮件都不会发出。请系统管理员启动：duban worker（或 duban run）。")
    if newest is None or ago is None:
        said = _("没有定时任务在运行，也没有它运行过的记录。")
    elif newest.stopped_at is not None:
        said = _("没有定时任务在运行：%(time)s前正常结束，此后没有再启动。") % {"time": span(ago)}
    else:
        said = _("没有定时任务在运行：最后一次工作在%(time)s前，此后没有响应。") % {"time": span(ago)}
    return Trouble(What.WORKER, said, advice)


def _clock(region: Region | None = None) -> Trouble:
    return Trouble(
        What.CLOCK,
        _("数据库中有晚于现在的记录，服务器的时钟可能被拨回，或几台服务器的时钟不一致。"),
        _("请校准服务器时钟；在此之前提醒可能延后。"),
        region.id if region else None,
        region.code if region else "",
    )


def span(passed: timedelta) -> str:
    """A length of time as one would say it."""
    minutes = int(passed.total_seconds()) // 60
    if minutes < 1:
        return _("不到1分钟")
    if minutes < 60:  # noqa: PLR2004
        return ngettext("%(num)s分钟", "%(num)s分钟", minutes) % {"num": minutes}
    hours = minutes // 60
    if hours < 48:  # noqa: PLR2004
        return ngettext("%(num)s小时", "%(num)s小时", hours) % {"num": hours}
    return ngettext("%(num)s天", "%(num)s天", hours // 24) % {"num": hours // 24}


def office(
    session: Session,
    region: Region,
    *,
    now: datetime,
    at: time,
    held: bool = False,
    calendar: WorkCalendar | None = None,
) -> Office:
    """`at`: the local time of the runs. `held`: the clock is held, and a restart of a demonstration may go back."""
    days = calendar or work_calendar(session, region.id or 0)
    local = now.astimezone(ZoneInfo(region.time_zone))
    newest = session.exec(
        select(DigestRun)
        .where(DigestRun.region_id == region.id)
        .order_by(col(DigestRun.run_date).desc(), col(DigestRun.id).desc())
        .limit(_RUNS)
    ).all()
    daily = [run for run in newest if run.kind is RunKind.DAILY]
    expected = _expected(days, newest, local, at)
    mails = _mails(session, region.id, now, expected)
    troubles = [
        _missed(region, kind, day, at)
        for kind, day in expected
        if not mails.held[kind] and not any(run.kind is kind and run.run_date >= _since(kind, day) for run in newest)
    ]
    unfinished = [run for run in newest if run.completed_at is None and now - run.made_at > GRACE]
    if unfinished:
        troubles.append(_unfinished(region, unfinished[-1]))
    if not held and any(run.made_at > now + AHEAD for run in newest):
        troubles.append(_clock(region))
    troubles += _of_mails(mails, now, region)
    made_today = bool(daily) and daily[0].run_date >= local.date()
    next_day = days.on_or_after(local.date() + timedelta(days=1) if made_today else local.date())
    next_at = datetime.combine(next_day, at, ZoneInfo(region.time_zone))
    return Office(daily[0] if daily else None, next_at if now < next_at + GRACE else None, troubles)


def _since(kind: RunKind, day: date) -> date:
    """A week has one list, on whatever day; a closure entered later may have moved its first working day."""
    return day if kind is RunKind.DAILY else day - timedelta(days=day.weekday())


def mails_of_nobody(session: Session, *, now: datetime) -> Sequence[Trouble]:
    """What is wrong with mails that belong to no region."""
    return _of_mails(_mails(session, None, now, []), now, None)


def _expected(
    calendar: WorkCalendar, runs: Sequence[DigestRun], local: datetime, at: time
) -> list[tuple[RunKind, date]]:
    """The newest run of each kind that should be there; before its first run an office did not work with Duban."""
    first = min((run.run_date for run in runs), default=None)
    if first is None:
        return []
    today = local.date()
    ready = calendar.is_working(today) and local.replace(tzinfo=None) >= datetime.combine(today, at) + GRACE
    day = today if ready else calendar.on_or_before(today - timedelta(days=1))
    found = [(RunKind.DAILY, day)]
    for back in range(_WEEKS_BACK):
        list_day = calendar.first_of_week(day - timedelta(weeks=back))
        if list_day is not None and list_day <= day:
            found.append((RunKind.WEEKLY, list_day))
            break
    return [(kind, one) for kind, one in found if first < one]


@dataclass(frozen=True, slots=True)
class _Mails:
    held: dict[RunKind, bool]
    stuck: int
    abandoned: int
    vain_since: datetime | None
    vain_chats: int
    last_sent: datetime | None
    recent: int
    bounced: int


def _mails(session: Session, region_id: int | None, now: datetime, expected: Sequence[tuple[RunKind, date]]) -> _Mails:
    """All figures by one statement. What waits is found by its partial index, the rest among the newest mails."""
    # Literals, in the order of the partial index: behind parameters no planner sees its condition.
    waiting: BindParameter[list[MailState]] = bindparam(
        "waiting_states", [MailState.QUEUED, MailState.SENDING], expanding=True, literal_execute=True
    )
    of_region = col(OutboxMail.region_id) == region_id if region_id is not None else col(OutboxMail.region_id).is_(None)
    is_mail = col(OutboxMail.channel_id).is_(None)
    queued = (col(OutboxMail.state) == MailState.QUEUED) & col(OutboxMail.held_at).is_(None)
    # An attempt at a server that cannot be reached is none, and leaves its error alone.
    unreached = (col(OutboxMail.attempts) == 0) & (col(OutboxMail.error) != "")
    vain = queued & ((col(OutboxMail.attempts) >= VAIN_TRIES) | unreached) & (col(OutboxMail.created_at) < now - VAIN)
    on_their_way = (
        select_columns(
            func.count().filter(queued & (col(OutboxMail.next_try_at) < now - STUCK)).label("stuck"),
            func.count()
            .filter((col(OutboxMail.state) == MailState.SENDING) & (col(OutboxMail.lease_until) < now - ABANDONED))
            .label("abandoned"),
            func.min(OutboxMail.created_at).filter(vain & is_mail).label("vain_since"),
            func.count().filter(vain & ~is_mail).label("vain_chats"),
        )
        .where(of_region, col(OutboxMail.state).in_(waiting))
        .subquery()
    )
    newest = (
        select_columns(col(OutboxMail.sent_at), col(OutboxMail.bounced_at), col(OutboxMail.channel_id))
        .where(of_region)
        .order_by(col(OutboxMail.id).desc())
        .limit(RECENT_MAILS)
        .subquery()
    )
    recent = select_columns(
        func.max(newest.c.sent_at).filter(newest.c.channel_id.is_(None)).label("last_sent"),
        func.count().filter(newest.c.sent_at > now - timedelta(days=7)).label("recent"),
        func.count().filter(newest.c.bounced_at > now - timedelta(days=7)).label("bounced"),
    ).subquery()
    held = [_is_held(region_id, kind, day).label(f"held_{place}") for place, (kind, day) in enumerate(expected)]
    both = on_their_way.join(recent, true())  # a row each
    row = session.execute(select_columns(on_their_way, recent, *held).select_from(both)).one()
    return _Mails({kind: row[7 + place] for place, (kind, _day) in enumerate(expected)}, *row[:7])


def _is_held(region_id: int | None, kind: RunKind, day: date) -> ColumnElement[bool]:
    return exists().where(
        col(RunHold.region_id) == region_id,
        col(RunHold.kind) == kind,
        col(RunHold.run_date).between(_since(kind, day), day),
        col(RunHold.released_at).is_(None),
    )


def _missed(region: Region, kind: RunKind, day: date, at: time) -> Trouble:
    said = _("%(day)s%(at)s应发出的%(kind)s尚未发出。") % {
        "day": day_in_words(day, weekday=False),
        "at": f"{at:%H:%M}",
        "kind": word(kind),
    }
    what = What.MISSED_DAILY if kind is RunKind.DAILY else What.MISSED_WEEKLY
    advice = _("定时任务可能没有运行，请告知系统管理员；也可在“提醒摘要”页手动发送。")
    return Trouble(what, said, advice, region.id, region.code, day)


def _unfinished(region: Region, run: DigestRun) -> Trouble:
    said = _("%(day)s的%(kind)s只做了一部分：已写好%(count)s封，此后没有做完。") % {
        "day": day_in_words(run.run_date, weekday=False),
        "kind": word(run.kind),
        "count": run.mails,
    }
    advice = _("定时任务恢复后会接着做，不会重复。若一直如此，请告知系统管理员。")
    return Trouble(What.UNFINISHED, said, advice, region.id, region.code, run.run_date)


def _of_mails(mails: _Mails, now: datetime, region: Region | None) -> list[Trouble]:
    where = (region.id, region.code) if region else (None, "")
    found = []
    if mails.stuck:
        said = _("有%(count)s封邮件到了发送时间，一个多小时仍未发出。") % {"count": mails.stuck}
        advice = _("定时任务可能没有运行，请告知系统管理员。")
        found.append(Trouble(What.STUCK, said, advice, *where))
    if mails.abandoned:
        said = _("有%(count)s封邮件发送到一半中断，没有人接着发。") % {"count": mails.abandoned}
        advice = _("定时任务恢复后会重发并标明“可能重复”。若一直如此，请告知系统管理员。")
        found.append(Trouble(What.ABANDONED, said, advice, *where))
    if mails.vain_since is not None and (mails.last_sent is None or mails.last_sent < mails.vain_since):
        said = _("邮件发不出去：%(time)s以来反复发送，没有一封成功。") % {"time": span(now - mails.vain_since)}
        advice = _("请在“邮件”页看失败原因，并检查邮件服务器。恢复后会自动补发。")
        found.append(Trouble(What.SERVER, said, advice, *where))
    if mails.vain_chats:
        said = _("有%(count)s条群消息反复发送没有成功。") % {"count": mails.vain_chats}
        advice = _("请在“管理”的“消息通道”页看原因，如机器人已被移出群。邮件不受影响。")
        found.append(Trouble(What.CHANNEL, said, advice, *where))
    if mails.bounced >= MANY_BOUNCES and mails.bounced * 100 >= mails.recent * BOUNCES_PERCENT:
        said = _("近7天有%(count)s封邮件被退回。") % {"count": mails.bounced}
        advice = _("请在“邮件”页查看，并核对这些账号的邮箱地址。")
        found.append(Trouble(What.BOUNCES, said, advice, *where))
    return found


@dataclass(frozen=True, slots=True)
class Health:
    """What a region's page says of it: of all workers, and of its own runs and mails."""

    workers: Workers
    office: Office

    @property
    def troubles(self) -> Sequence[Trouble]:
        return [*self.workers.troubles, *self.office.troubles]

    @property
    def ago(self) -> str:
        """How long the last sign of a worker is past, in words."""
        return span(self.workers.ago or timedelta(0))


def region_health(
    session: Session,
    region: Region,
    *,
    now: datetime,
    wall: datetime,
    at: time,
    tick_seconds: int,
    held: bool,
    calendar: WorkCalendar | None = None,
) -> Health:
    """Three statements, and one more where the calendar is not at hand."""
    return Health(
        workers(session, wall=wall, tick_seconds=tick_seconds),
        office(session, region, now=now, at=at, held=held, calendar=calendar),
    )


def everything_wrong(
    session: Session, *, now: datetime, wall: datetime, at: time, tick_seconds: int, held: bool
) -> Sequence[Trouble]:
    """Of the whole installation. Before there is a first run, nobody waits for a worker."""
    if session.exec(select(DigestRun.id).limit(1)).first() is None and (
        session.exec(select(WorkerBeat.id).limit(1)).first() is None
    ):
        return []
    found = [*workers(session, wall=wall, tick_seconds=tick_seconds).troubles, *mails_of_nobody(session, now=now)]
    for region in session.exec(select(Region).order_by(col(Region.id))).all():
        found += office(session, region, now=now, at=at, held=held).troubles
    return found


def day_of(trouble: Trouble, now: datetime, zone: str) -> date:
    return trouble.on or local_day(now.astimezone(UTC), zone)
