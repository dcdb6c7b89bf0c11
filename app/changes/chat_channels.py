"""Second channels (企业微信, 钉钉, 飞书): adding one, stopping it, a test, and the short messages of a run."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from app.domain.one_line import is_one_line
from app.domain.reminders import Heading
from app.errors import Invalid, Overtaken, Unavailable
from app.i18n import gettext as _
from app.mail.chat_address import BadChatAddress, ChatAddress, chat_address, with_signing
from app.mail.chat_messages import daily_message, daily_summary, test_message, weekly_message
from app.mail.compose import Letter
from app.mail.keys import channel_key, channel_test_key
from app.mail.outbox import queue
from app.models import ChatChannel, DigestRun, Region
from app.models.digest_run import RunKind
from app.queries.chat_channels import active_channels, listed, standing, told_in_run, without_mail
from app.queries.digest_runs import list_of_run
from app.queries.sealed_secrets import any_sealed
from app.queries.work_calendar import work_calendar
from app.sealing import Sealer
from app.settings import Settings
from app.words import list_name

LONGEST_NAME = 50
MOST_CHANNELS = 500  # of a region
TEST = "chat_test"


@dataclass(frozen=True, slots=True)
class NewChannel:
    """`address`: whatever the robot's page shows. Without a department it is the secretariat's."""

    name: str
    address: str
    signing: str = ""
    department_id: int | None = None


def add_channel(
    session: Session,
    region_id: int,
    wanted: NewChannel,
    *,
    by: int,
    now: datetime,
    settings: Settings,
) -> ChatChannel:
    """Raises Invalid with every fault, Unavailable without the key file that sealed the others."""
    # Two at once with the same robot would both find none.
    session.exec(select(Region.id).where(Region.id == region_id).with_for_update()).one()
    faults: dict[str, str] = {}
    if not wanted.name:
        faults["name"] = _("请填写名称，如“区残联工作群”。")
    elif len(wanted.name) > LONGEST_NAME or not is_one_line(wanted.name):
        faults["name"] = _("名称应为一行，不超过%(limit)s个字。") % {"limit": LONGEST_NAME}
    address = _address(wanted, settings, faults)
    sealer = Sealer(settings.var_dir)
    if address is not None and not faults:
        known = session.exec(select(ChatChannel).where(ChatChannel.region_id == region_id)).all()
        if len(known) >= MOST_CHANNELS:
            faults["name"] = _("消息通道已有%(limit)s个，请先停用不用的。") % {"limit": MOST_CHANNELS}
        for other in known:
            if other.active and other.department_id == wanted.department_id and _opened(sealer, other) == address.url:
                faults["address"] = _("这个机器人已登记为“%(name)s”。") % {"name": other.name}
    if faults or address is None:
        raise Invalid(faults)
    if not sealer.exists():
        if any_sealed(session):
            raise Unavailable(_("服务器缺少密钥文件，请联系系统管理员。"))
        sealer.make()
    row = ChatChannel(
        region_id=region_id,
        department_id=wanted.department_id,
        name=wanted.name,
        service=address.service,
        sealed_url=sealer.seal(address.url),
        created_at=now,
        created_by=by,
    )
    session.add(row)
    session.flush()
    return row


def _address(wanted: NewChannel, settings: Settings, faults: dict[str, str]) -> ChatAddress | None:
    try:
        address = chat_address(wanted.address, settings.chats)
    except BadChatAddress as error:
        faults["address"] = str(error)
        return None
    try:
        return with_signing(address, wanted.signing) if wanted.signing else address
    except BadChatAddress as error:
        faults["signing"] = str(error)
        return None


def _opened(sealer: Sealer, channel: ChatChannel) -> str | None:
    try:
        return sealer.open(channel.sealed_url)
    except Unavailable:
        return None


def set_channel_active(session: Session, channel: ChatChannel, *, active: bool) -> None:
    """Raises Overtaken when it is so already: two have clicked at once."""
    session.refresh(channel, with_for_update=True)
    if channel.active == active:
        raise Overtaken(_("这个通道已经启用。") if active else _("这个通道已经停用。"))
    channel.active = active
    session.add(channel)


def queue_test(session: Session, channel: ChatChannel, *, now: datetime, settings: Settings) -> None:
    """By the way of all messages, so that it proves that way. Raises Overtaken for a stopped channel."""
    if not channel.active:
        raise Overtaken(_("这个通道已经停用。"))
    letter = test_message(settings, channel, channel_test_key(channel.id or 0, now))
    _queue(session, channel, letter, kind=TEST, now=now)


def queue_chat(session: Session, region: Region, run: DigestRun, *, now: datetime, settings: Settings) -> int:
    """The short messages of a run that is complete, one per active channel that has something to hear; how many.

    In a writing session, after the last batch; a second call adds nothing.
    """
    rows = active_channels(session, region.id or 0)
    if not rows:
        return 0
    write = _Daily if run.kind is RunKind.DAILY else _Weekly
    messages = write(
        session, region, run, settings, frozenset(one.department_id for one, _name in rows if one.department_id)
    )
    queued = 0
    for channel, department in rows:
        letter = messages.to(channel, channel_key(run.kind, region.code, run.run_date, channel.id or 0), department)
        if letter is not None:
            queued += _queue(session, channel, letter, kind=run.kind.value, now=now)
    return queued


def _queue(session: Session, channel: ChatChannel, letter: Letter, *, kind: str, now: datetime) -> bool:
    mail_id = queue(
        session,
        letter,
        kind=kind,
        region_id=channel.region_id,
        now=now,
        department_id=channel.department_id,
        channel_id=channel.id,
    )
    return mail_id is not None


class _Daily:
    """The figures are those of the run's mails, so that group and mail say the same.

    A department that no mail reaches has no such figures: once a week its group hears what stands.
    """

    def __init__(
        self, session: Session, region: Region, run: DigestRun, settings: Settings, departments: frozenset[int]
    ) -> None:
        self._run, self._region, self._settings = run, region, settings
        self._counts = dict(told_in_run(session, run.id or 0, departments))
        if work_calendar(session, region.id or 0).first_of_week(run.run_date) == run.run_date:
            unreached = without_mail(session, region.id or 0, departments - self._counts.keys())
            self._counts |= standing(session, region.id or 0, run.run_date, unreached)
        self._all: Counter[Heading] = Counter()
        for counts in standing(session, region.id or 0, run.run_date).values() if run.mails else ():
            self._all += counts

    def to(self, channel: ChatChannel, key: str, department: str | None) -> Letter | None:
        if channel.department_id is None:
            if not self._run.mails:
                return None
            return daily_summary(self._settings, channel, key, self._region, mails=self._run.mails, counts=self._all)
        counts = self._counts.get(channel.department_id)
        return daily_message(self._settings, channel, key, department or "", counts) if counts else None


class _Weekly:
    def __init__(
        self, session: Session, region: Region, run: DigestRun, settings: Settings, departments: frozenset[int]
    ) -> None:
        self._run, self._region, self._settings = run, region, settings
        self._list = list_of_run(session, region.id or 0, run.run_date)
        self._rows = listed(session, self._list.id or 0, departments) if self._list else {}

    def to(self, channel: ChatChannel, key: str, department: str | None) -> Letter | None:
        """Of a week that is over the secretariat alone hears, as by mail."""
        if self._list is None or not self._list.row_count:
            return None
        name = list_name(self._list.year, self._list.number)
        if channel.department_id is None:
            who, rows, path = self._region.name, self._list.row_count, f"/overdue/lists/{self._list.id}"
        elif self._run.secretariat_only:
            return None
        else:
            who, rows, path = department or "", self._rows.get(channel.department_id, 0), "/obligations"
        return weekly_message(self._settings, channel, key, who=who, name=name, rows=rows, path=path) if rows else None
