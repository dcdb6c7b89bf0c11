"""One step of a run: the mails of some accounts are put into the outbox, and the run has come so much further."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from app.changes.chat_channels import queue_chat
from app.changes.report_links import make_report_link
from app.domain.audit import ActResult
from app.i18n import gettext as _
from app.mail.digest_letters import Told
from app.mail.outbox import queue
from app.mail.report_mark import has_mark
from app.models import Account, Digest, DigestRun, Region
from app.models.digest_run import RunKind
from app.sealing import Sealer
from app.settings import Settings
from app.trail import tell

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """From the account `before`, which is done, to the account `reached`; `last` when nobody is left behind it.

    `left_out`: the mail of `reached` cannot be written. `failures`: of how many accounts so far.
    """

    before: int
    reached: int
    told: Sequence[Told]
    last: bool
    left_out: bool = False
    failures: int = 0


def claim_step(session: Session, run_id: int, step: Step) -> bool:
    """False when somebody else has made this step or finished the run: then nothing of it may be written.

    Of two who made the same step one changes the row and the other, who waited for it, finds nothing to change.
    """
    claim = (
        update(DigestRun)
        .where(
            col(DigestRun.id) == run_id, col(DigestRun.reached) == step.before, col(DigestRun.completed_at).is_(None)
        )
        .values(reached=step.reached)
        .execution_options(synchronize_session=False)
    )
    return session.exec(claim).rowcount == 1


def write_step(session: Session, run_id: int, step: Step, *, now: datetime, settings: Settings) -> bool:
    """Behind `claim_step`. Is the run complete? With its last step it is, unless nobody could be told: begin again."""
    run = session.get_one(DigestRun, run_id, populate_existing=True)
    if step.left_out:
        # It counts as a run that did not reach everybody, so that the next one tells what this one leaves unsaid.
        run.cut_short = True
        said = _("账号%(account)s的邮件无法生成，本次未提醒，留待下一次。") % {"account": step.reached}
        tell(session, outcome=ActResult.FAILED, reason=said)
    run.mails += _queue_all(session, run, step.told, now=now, settings=settings)
    if step.last:
        _complete(session, run, step, now=now, settings=settings)
    session.flush()
    return run.completed_at is not None


def _queue_all(session: Session, run: DigestRun, told: Sequence[Told], *, now: datetime, settings: Settings) -> int:
    """How many mails."""
    digests: list[tuple[Digest, Told]] = []
    for one in told:
        if one.letter is None:
            continue
        mail_id = queue(
            session,
            one.letter,
            kind=run.kind.value,
            region_id=run.region_id,
            now=now,
            department_id=one.person.department_id,
        )
        # Without one there is a mail under this key: handed over by somebody who left while the run was under way.
        # What this letter says stays unsaid, and comes with the next run.
        if mail_id is not None:
            items = one.digest.items if one.digest else []
            digest = Digest(run_id=run.id or 0, account_id=one.person.account_id, items=items, mail_id=mail_id)
            digests.append((digest, one))
    session.add_all(digest for digest, _told in digests)
    session.flush()
    _make_links(session, digests, now=now, settings=settings)
    return len(digests)


def _make_links(session: Session, digests: Sequence[tuple[Digest, Told]], *, now: datetime, settings: Settings) -> None:
    marked = [(digest, one.letter) for digest, one in digests if one.letter and has_mark(one.letter.text)]
    accounts = [digest.account_id for digest, _letter in marked]
    # Held, so that the rows are read once for all.
    _known = session.exec(select(Account).where(col(Account.id).in_(accounts))).all() if accounts else []
    sealer = Sealer(settings.var_dir)
    for digest, letter in marked:
        make_report_link(
            session,
            sealer,
            digest.account_id,
            digest_id=digest.id or 0,
            mail_id=digest.mail_id or 0,
            mail_key=letter.key,
            settings=settings,
            now=now,
        )


def _complete(session: Session, run: DigestRun, step: Step, *, now: datetime, settings: Settings) -> None:
    if run.cut_short and not run.mails and (step.failures > 1 or run.kind is RunKind.WEEKLY):
        # Not one mail could be written: that is no fault of single accounts. What one digest leaves unsaid the next
        # one says, so one account alone does not have the run made over and over; a list is told by no other.
        run.reached, run.cut_short = 0, False
        return
    run.completed_at = now
    session.flush()
    try:
        with session.begin_nested():
            queue_chat(session, session.get_one(Region, run.region_id), run, now=now, settings=settings)
    except OperationalError:
        raise
    except Exception:
        log.exception("run %s: no message to chat groups could be written", run.id)  # they hold up nobody's mail


def close_run(session: Session, run_id: int, *, now: datetime) -> bool:
    """A daily run whose day is over before it was finished; the next run tells the others. False: it is finished."""
    claim = (
        update(DigestRun)
        .where(col(DigestRun.id) == run_id, col(DigestRun.kind) == RunKind.DAILY, col(DigestRun.completed_at).is_(None))
        .values(completed_at=now, cut_short=True)
    )
    return session.exec(claim).rowcount == 1


def spare_departments(session: Session, run_id: int) -> None:
    """The rest of a list whose week is over goes to the secretariat alone: the departments hear of the present one."""
    session.exec(
        update(DigestRun)
        .where(col(DigestRun.id) == run_id, col(DigestRun.completed_at).is_(None))
        .values(secretariat_only=True)
    )
