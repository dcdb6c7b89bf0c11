"""The worker: a tick that looks into the tables for what is due, makes it, and sends what waits."""

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import UTC
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler

from app.clock import Clock
from app.db import Database
from app.i18n import gettext as _
from app.i18n import official_language, officially
from app.jobs.beat import Heart
from app.jobs.make_runs import make_due_runs
from app.jobs.read_inbox import read_inbox
from app.jobs.send_mail import send_waiting
from app.jobs.trail_care import care_for_trail
from app.jobs.watch import Watcher
from app.mail.chat import ChatTransport
from app.mail.transport import Transport
from app.sealing import Sealer
from app.settings import Settings
from app.trail import keep_trail

log = logging.getLogger(__name__)


def run_worker(settings: Settings, clock: Clock, database: Database, stop_event: threading.Event) -> None:
    """Works until `stop_event` is set, and finishes what it has in hand then. Any number may run at once."""
    keep_trail(database)
    heart, watcher = Heart(database, clock), Watcher(settings, clock, database)
    log.info("worker started, looks for work every %s s", settings.tick_seconds)
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        tick,
        "interval",
        seconds=settings.tick_seconds,
        args=(settings, clock, database, None, stop_event),
        kwargs={"heart": heart, "watcher": watcher},
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,  # a late tick is a tick all the same
    )
    tick(settings, clock, database, None, stop_event, heart=heart, watcher=watcher)
    scheduler.start()
    try:
        stop_event.wait()
    finally:
        stop_event.set()  # Ctrl-C arrives as an exception here
        scheduler.shutdown(wait=True)
        _rest(heart)
        log.info("worker stopped")


def stop_on_signals(stop_event: threading.Event) -> None:
    """SIGTERM and SIGINT end the worker after the item in hand. Only a process's main thread may ask for this."""

    def stop(number: int, _frame: FrameType | None) -> None:
        log.info("signal %s: stopping", signal.Signals(number).name)
        # Not from here: the main thread may stand within the event's own lock at this moment.
        threading.Thread(target=stop_event.set, name="stop").start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def tick(
    settings: Settings,
    clock: Clock,
    database: Database,
    transport: Transport | None,
    stop_event: threading.Event,
    *,
    heart: Heart | None = None,
    watcher: Watcher | None = None,
) -> None:
    """One look into the tables. Whatever fails is logged, stops neither what comes after it nor the next tick, and is
    said with the worker's sign of life. `transport`: another way for mail than the settings say.
    """
    heart = heart or Heart(database, clock)
    with official_language(settings.language), officially():
        faults: list[str] = []

        def still() -> None:
            _contained(heart.still, "", faults)

        def send() -> None:
            chat = ChatTransport(database, Sealer(settings.var_dir).open, settings.chats)
            send_waiting(settings, clock, database, stop_event, transport=transport, chat=chat, still=still)

        def inbox() -> Sequence[str]:
            def was_read() -> None:
                heart.beat(" ".join(faults), inbox_read=True)

            return read_inbox(settings, clock, database, stop_event, was_read=was_read, still=still)

        def look() -> None:
            heart.still()  # or the first tick would find no worker at work
            (watcher or Watcher(settings, clock, database)).look()

        # What reads the mailbox and what sends comes after the runs: nobody waits for a server that does not answer.
        steps: Sequence[tuple[Callable[[], Sequence[str] | None], str]] = (
            (lambda: make_due_runs(settings, clock, database, stop_event, still), _("到期的提醒未能生成。")),
            (send, _("邮件发送中断。")),
            (inbox, _("答复邮箱未能读取。")),
            (lambda: care_for_trail(settings, clock, database, stop_event), _("审计记录未能检查。")),
            (look, _("提醒是否漏发未能检查。")),
        )
        for step, sentence in steps:
            if not stop_event.is_set():
                _contained(step, sentence, faults)
        _contained(lambda: heart.beat(" ".join(faults)), "", faults)


def _contained(step: Callable[[], Sequence[str] | None], sentence: str, faults: list[str]) -> None:
    """`sentence` is what a failure is called where the office sees it."""
    try:
        faults += step() or ()
    except Exception:
        log.exception("a step of the worker failed; the next tick tries again")
        faults += [sentence] if sentence else []


def _rest(heart: Heart) -> None:
    try:
        heart.rest()
    except Exception:
        log.exception("the end of the worker could not be noted")
