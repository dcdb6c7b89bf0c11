"""Who answers which of our mails, and what they say: drafts for their department to confirm, and nothing more.

Somebody else's answer needs two things: the Message-ID of a reminder, which holds a code of 96 bits that its receiver
and the secretariat's mail log alone show, and the address of the very account that the reminder went to. Even then it
only becomes text that the department's liaison reads under "邮件答复" and takes or drops.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

from sqlmodel import Session, select

from app.changes.recorded_moment import hold_lists
from app.clock import local_day
from app.documents.evidence_store import EvidenceStore
from app.documents.reading.report_sheet import FilledSheet, asks_completion, faults_of, read_report_sheet
from app.documents.refusals import FileRefused, StoreUnavailable
from app.documents.report_sheet_shape import LIMIT, SheetColumn
from app.documents.upload_receipt import issue
from app.domain.mailed_items import Item, attributed, numbers_in
from app.i18n import gettext as _
from app.inbox.authentication import failed_checks
from app.inbox.html_text import text_of_html
from app.inbox.own_words import own_words
from app.inbox.received import Received
from app.models import Account, InboundMail, MailedAnswer, OutboxMail, Region
from app.models.account import IN_DEPARTMENT
from app.models.mailed_answer import AnswerState
from app.models.progress_update import UpdateKind
from app.queries.answered_mails import (
    SentMail,
    ToldItem,
    accounts_at,
    answers_to,
    sent_mail,
    sent_mail_by_code,
    told_items,
)
from app.queries.directory import load_directory

_SHEETS = (".xlsx", ".xlsm")
_MOST_SHEETS = 3
_TEXT_OF_ROW = (SheetColumn.TEXT, SheetColumn.DIFFICULTIES, SheetColumn.NEXT_STEP, SheetColumn.PERCENT)
_SHORT = 40  # "请见附件。" beside a sheet that says everything
_PERCENT_LIMIT, _MOST_FILES = 40, 10  # as a draft keeps them


@dataclass(frozen=True, slots=True)
class Answering:
    """Whose answer it is, to which mail. `refused`: why it is nobody's; "" where it counts.

    `items`: those of the reminder that are the department's today. `by_code`: the same of the other reminders whose
    sheets came with it, by their codes.
    """

    refused: str
    sent: SentMail | None = None
    region_id: int | None = None
    account_id: int | None = None
    department_id: int | None = None
    items: Sequence[ToldItem] = ()
    by_code: Mapping[str, frozenset[int]] = field(default_factory=dict)
    is_reminder: bool = False
    own_words: str = ""


@dataclass(slots=True)
class NewAnswer:
    """`typed`: see MailedAnswer."""

    obligation_id: int | None
    typed: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """`text`: what its writer wrote himself. `remarks`: sentences about what was not taken."""

    text: str
    answers: Sequence[NewAnswer]
    remarks: Sequence[str]


def answering(session: Session, mail: Received, *, trusted: str | None, now: datetime) -> Answering:
    """Sender and Reply-To say nothing here; the one address of the one From header does."""
    words = own_words(mail.text)
    sent = sent_mail(session, mail.referred) or _by_code(session, mail)
    if sent is None:
        there = {account.region_id for account in accounts_at(session, mail.from_address or "")}
        region_id = there.pop() if len(there) == 1 else None
        return Answering(_("未引用本系统发出的邮件，无法核实。"), region_id=region_id)
    items = told_items(session, sent.id)
    known: dict[str, Any] = {
        "sent": sent,
        "region_id": sent.region_id,
        "is_reminder": items is not None,
        "own_words": words.own,
    }
    account = session.get(Account, sent.account_id) if sent.account_id is not None else None
    refused = _refused(session, mail, sent, account, trusted=trusted, now=now)
    if items is None and not refused:
        refused = _("所答复的邮件不是事项提醒，未采用。")
    if refused or account is None or items is None:
        return Answering(refused, **known)
    own = [item for item in items if item.department_id == account.department_id]
    by_code = {sent.code: frozenset(item.obligation_id for item in own)}
    for sheet in sheets_of(mail).values():
        if sheet.code and sheet.code not in by_code:
            other = sent_mail_by_code(session, sheet.code, account.id or 0)
            told = (told_items(session, other.id) if other else None) or ()
            by_code[sheet.code] = frozenset(
                item.obligation_id for item in told if item.department_id == account.department_id
            )
    return Answering(
        "", account_id=account.id, department_id=account.department_id, items=own, by_code=by_code, **known
    )


def _by_code(session: Session, mail: Received) -> SentMail | None:
    """By the code in a returned sheet, where a program wrote no In-Reply-To. Only of mails to the sender's address."""
    accounts = accounts_at(session, mail.from_address) if mail.from_address else []
    if not accounts:
        return None
    for sheet in sheets_of(mail).values():
        for account in accounts:
            found = sent_mail_by_code(session, sheet.code, account.id or 0) if sheet.code else None
            if found is not None:
                return found
    return None


def sheets_of(mail: Received) -> dict[int, FilledSheet]:
    """By their places among the files."""
    found: dict[int, FilledSheet] = {}
    for place, file in enumerate(mail.files):
        if file.name.lower().endswith(_SHEETS) and len(found) < _MOST_SHEETS:
            sheet = read_report_sheet(file.content)
            if sheet is not None:
                found[place] = sheet
    return found


def _refused(
    session: Session, mail: Received, sent: SentMail, account: Account | None, *, trusted: str | None, now: datetime
) -> str:
    if mail.from_address is None:
        return _("发件人不明（没有或不止一个发件地址），未采用。")
    if account is None or not account.active:
        return _("收到该邮件的账号已停用，未采用。")
    if (account.email or "").lower() != mail.from_address.lower():
        return _("发件地址不是收到该邮件的账号现在的邮箱，未采用。")
    if failed := failed_checks(mail.headers, trusted):
        return _("发件域名未通过%(checks)s核验，未采用。") % {"checks": "、".join(failed)}
    if account.role not in IN_DEPARTMENT or account.department_id is None:
        return _("该账号不是联络员或单位负责人，未采用。")
    if sent.department_id not in {None, account.department_id}:
        region = session.get_one(Region, account.region_id)
        directory = load_directory(session, region.id or 0, today=local_day(now, region.time_zone))
        if directory.present_holder(sent.department_id or 0) != account.department_id:
            return _("该账号已不在收到邮件时的单位，未采用。")
    return ""


# What it says


@dataclass(slots=True)
class _Reading:
    store: EvidenceStore
    account_id: int
    answers: dict[int | None, NewAnswer] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def of(self, obligation_id: int | None) -> NewAnswer:
        return self.answers.setdefault(obligation_id, NewAnswer(obligation_id, _nothing_typed()))


def _nothing_typed() -> dict[str, Any]:
    words = dict.fromkeys(("text", "difficulties", "next_step", "percent", "proves", "window"), "")
    return {"kind": UpdateKind.INTERIM.value, **words, "risk": False, "kept": [], "faults": []}


def written(mail: Received, found: Answering, store: EvidenceStore) -> Written:
    """Puts the files that may be evidence into the store."""
    reading = _Reading(store, found.account_id or 0)
    sheets = sheets_of(mail)
    for sheet in sheets.values():
        _read_sheet(reading, sheet, found)
    words = own_words(mail.text)
    numbers = numbers_in(found.sent.text if found.sent else "")
    items = [Item(one.obligation_id, one.task_number, numbers.get(one.obligation_id)) for one in found.items]
    letter = f"{found.sent.text}\n{text_of_html(found.sent.html)}" if found.sent else ""
    said = attributed(words.body, words.below, items, letter)
    for obligation_id, text in said.by_item.items():
        if not (sheets and reading.answers and len(text) <= _SHORT):
            _add_text(reading.of(obligation_id), text)
    if said.rest and not (reading.answers and len(said.rest) <= _SHORT and sheets):
        _add_text(reading.of(None), said.rest)
    _keep_files(reading, mail, sheets, items)
    between = [text for text in (*said.by_item.values(), said.rest) if text and text not in words.own]
    return Written("\n\n".join([words.own, *between]).strip(), list(reading.answers.values()), reading.remarks)


def _add_text(answer: NewAnswer, text: str) -> None:
    typed = answer.typed
    whole = f"{typed['text']}\n\n{text}" if typed["text"] else text
    if len(whole) > LIMIT:
        typed["faults"].append(
            _("文字共%(count)s字，超过%(limit)s字的部分未采用。") % {"count": len(whole), "limit": LIMIT}
        )
    typed["text"] = whole[:LIMIT]


def _read_sheet(reading: _Reading, sheet: FilledSheet, found: Answering) -> None:
    keys = found.by_code.get(sheet.code or (found.sent.code if found.sent else ""), frozenset())
    for row in sheet.rows:
        if not any(row.values[column] for column in _TEXT_OF_ROW) and not asks_completion(row) and not row.faults:
            continue
        where = {"row": row.number}
        if row.obligation_id not in keys:
            reading.remarks.append(_("填报表第%(row)s行的编号不在提醒所列的本单位事项中，未采用。") % where)
            continue
        if row.obligation_id in reading.answers:
            reading.remarks.append(_("填报表第%(row)s行与前面的一行是同一事项，未采用。") % where)
            continue
        typed = reading.of(row.obligation_id).typed
        for column in (SheetColumn.TEXT, SheetColumn.DIFFICULTIES, SheetColumn.NEXT_STEP):
            typed[column.value] = row.values[column][:LIMIT]
        typed["percent"] = row.values[SheetColumn.PERCENT][:_PERCENT_LIMIT]
        if asks_completion(row):
            typed["kind"] = UpdateKind.COMPLETION.value
        typed["faults"] += [_("填报表第%(row)s行：%(fault)s") % {**where, "fault": one} for one in faults_of(row)]


def _keep_files(reading: _Reading, mail: Received, sheets: Mapping[int, FilledSheet], items: Sequence[Item]) -> None:
    """Files belong to the one item that is spoken of, and else to what the department has still to attribute."""
    tokens: dict[str, str] = {}
    for place, file in enumerate(mail.files):
        if place in sheets:
            continue
        if len(tokens) >= _MOST_FILES:
            said = {"limit": _MOST_FILES, "name": file.name}
            reading.remarks.append(_("附件超过%(limit)s个，“%(name)s”未采用。") % said)
            continue
        try:
            stored = reading.store.store(BytesIO(file.content), file.name)
        except StoreUnavailable:
            raise  # the mail is read again when the store is there
        except FileRefused as refused:
            reading.remarks.append(refused.message)
        else:
            tokens.setdefault(stored.sha256, issue(reading.store, stored, reading.account_id).token)
    if not tokens:
        return
    named = [key for key in reading.answers if key is not None]
    only = items[0].obligation_id if len(items) == 1 else named[0] if len(named) == 1 else None
    reading.of(only).typed["kept"] = list(tokens.values())


# What becomes of it


def keep_answers(session: Session, inbound_id: int, found: Answering, said: Written, *, now: datetime) -> str:
    """The outcome in a sentence. What the same person has said of the same mail before is not said twice."""
    hold_lists(session, found.region_id or 0)
    mail_id = found.sent.id if found.sent else 0
    # One after another: two copies of one answer may be read by two workers at once.
    session.exec(select(OutboxMail.id).where(OutboxMail.id == mail_id).with_for_update()).one()
    before = [(one.obligation_id, _core(one.typed)) for one in answers_to(session, mail_id, found.account_id or 0)]
    fresh = [one for one in said.answers if (one.obligation_id, _core(one.typed)) not in before]
    for answer in fresh:
        session.add(
            MailedAnswer(
                region_id=found.region_id or 0,
                department_id=found.department_id or 0,
                inbound_id=inbound_id,
                obligation_id=answer.obligation_id,
                typed=answer.typed,
                state=AnswerState.WAITING,
                created_at=now,
            )
        )
    outcome = _outcome(said, fresh)
    row = session.get_one(InboundMail, inbound_id)
    row.outcome = outcome[:1000]
    session.add(row)
    session.flush()
    return outcome


def _core(typed: Mapping[str, Any]) -> list[Any]:
    return [typed[name] for name in ("kind", "text", "difficulties", "next_step", "percent", "kept")]


def _outcome(said: Written, fresh: Sequence[NewAnswer]) -> str:
    named = sum(1 for one in fresh if one.obligation_id is not None)
    sentences = []
    if named:
        sentences.append(_("%(count)s项答复待单位确认。") % {"count": named})
    if len(fresh) > named:
        sentences.append(_("有内容未能对应到事项，待单位选择。"))
    if not said.answers:
        sentences.append(_("没有读到新写的内容。"))
    elif not fresh:
        sentences.append(_("内容与此前收到的答复相同，未重复登记。"))
    return "".join([*sentences, *said.remarks])
