"""A worker that is killed at a chosen moment: run as `python -m tests.jobs.doomed_worker`, told what to do by lines.

Everything is loaded once; each order is carried out by a forked child with a database of its own, as another process of
the same program would. A child counts what it says to the database and to the mail server, and what it hears from them,
and at the chosen count it kills itself with SIGKILL: no handler runs, nothing is closed, whatever was not committed is
gone. So the moment depends on no clock.
"""

import gc
import json
import os
import signal
import smtplib
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlmodel import Session

from app.clock import Clock
from app.db import Database
from app.i18n import official_language, officially
from app.jobs.make_runs import make_due_runs
from app.jobs.worker import tick
from app.mail import run_letters, smtp
from app.mail.send import send_one, transport_for
from app.settings import Settings
from app.trail import keep_trail


class SetClock(Clock):
    """Stands where it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    @property
    def held_at(self) -> None:
        return None


class Doom:
    """Counts moments and kills at the chosen one. `handed_over`: the server may have the mail, and we have not said so.

    What is known is written into a pipe before the end, because the dead tell nothing.
    """

    def __init__(self, pipe: int, at: int | None) -> None:
        self._pipe = pipe
        self._at = at
        self.count = 0
        self.handed_over = False
        self._content_is_next = False

    def moment(self, name: str) -> None:
        self.count += 1
        if self.count == self._at:
            self.tell(name)
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(self, name: str) -> None:
        said = {"moment": name, "count": self.count, "handed_over": self.handed_over}
        os.write(self._pipe, json.dumps(said).encode())

    def attend(self, database: Database) -> None:
        engine = database.engine
        event.listen(engine, "before_cursor_execute", lambda *said: self.moment(f"before {said[2][:60]}"))
        event.listen(engine, "after_cursor_execute", lambda *said: self.moment(f"after {said[2][:60]}"))
        event.listen(engine, "commit", lambda _connection: self.moment("before a commit"))
        event.listen(Session, "after_commit", self._after_commit)
        say, hear = smtplib.SMTP.send, smtp._Conversation.getreply

        def send(server: smtplib.SMTP, said: Any) -> None:
            self.moment("before the mail server is told something")
            if self._content_is_next:
                self.handed_over = True
            say(server, said)
            self.moment("after the mail server was told something")

        def getreply(server: smtp._Conversation) -> tuple[int, bytes]:
            answer = hear(server)
            self._content_is_next = answer[0] == 354
            self.moment(f"after the mail server said {answer[0]}")
            return answer

        smtplib.SMTP.send = send  # type: ignore[method-assign]
        smtp._Conversation.getreply = getreply  # type: ignore[method-assign]

    def _after_commit(self, _session: Session) -> None:
        self.handed_over = False
        self.moment("after a commit")


class Stage:
    """`url`, `var`, `smtp`, `batch`: the office at which the children work."""

    def __init__(self, *, url: str, var: str, smtp: str, batch: int) -> None:
        self.database = Database(url)
        self.settings = Settings(
            var_dir=Path(var), database_url=url, smtp_url=smtp, mail_from="duban@office.example.org"
        )
        run_letters.BATCH = batch
        keep_trail(self.database)

    def tick(self, at: datetime) -> None:
        tick(self.settings, SetClock(at), self.database, None, threading.Event())

    def warm(self, at: datetime) -> dict[str, Any]:
        """A tick in this process, so that the children find everything compiled; nothing of it stays open."""
        self.tick(at)
        self.database.close()
        gc.collect()
        gc.freeze()  # children share what lies there instead of copying it
        return {}

    def doomed(self, at: datetime, kill: int | None) -> dict[str, Any]:
        """One tick in a child that dies at the moment with this number, unless it is done before."""
        heard, told = os.pipe()
        child = os.fork()
        if not child:
            os.close(heard)
            doom = Doom(told, kill)
            doom.attend(self.database)
            self.tick(at)
            doom.tell("done")
            os._exit(0)
        os.close(told)
        with os.fdopen(heard, "rb") as pipe:
            said = json.loads(pipe.read() or b"{}")
        _child, status = os.waitpid(child, 0)
        return {**said, "killed": os.WIFSIGNALED(status), "status": status}

    def together(self, at: datetime, schedulers: int, senders: int) -> dict[str, Any]:
        """So many of each at once; the senders go on until the schedulers have ended and nothing waits any more."""
        ready, go = os.pipe()
        ended, over = os.pipe()
        os.set_blocking(ended, False)

        def start(work: Callable[[], None]) -> int:
            child = os.fork()
            if child:
                return child
            os.close(go)
            os.close(over)
            os.read(ready, 1)  # until the parent lets all of them go
            with official_language("zh"), officially():
                work()
            os._exit(0)

        def schedule() -> None:
            if make_due_runs(self.settings, SetClock(at), self.database, threading.Event()):
                os._exit(1)

        def send() -> None:
            way = transport_for(self.settings)
            last = False
            while True:
                while send_one(self.database, way, SetClock(at)):
                    pass
                if last:
                    return
                last = _is_closed(ended)
                time.sleep(0.005)

        makers = [start(schedule) for _number in range(schedulers)]
        movers = [start(send) for _number in range(senders)]
        os.close(go)
        made = [os.waitpid(child, 0)[1] for child in makers]
        os.close(over)
        sent = [os.waitpid(child, 0)[1] for child in movers]
        os.close(ready)
        os.close(ended)
        return {"statuses": made + sent}


def _is_closed(pipe: int) -> bool:
    try:
        return os.read(pipe, 1) == b""
    except BlockingIOError:
        return False


def main() -> None:
    stage: Stage | None = None
    for line in sys.stdin:
        order = json.loads(line)
        do = order.pop("do")
        if "at" in order:
            order["at"] = datetime.fromisoformat(order["at"])
        answer: dict[str, Any] = {}
        if do == "open":
            if stage is not None:
                stage.database.close()
            stage = Stage(**order)
        elif stage is not None:
            answer = getattr(stage, do)(**order)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
