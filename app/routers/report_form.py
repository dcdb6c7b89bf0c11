"""The report form: what was typed, kept as it was typed, and what it means."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from starlette.datastructures import UploadFile

from app.changes.submit_update import COMPLETE, TEXTS, Report, check_report
from app.documents.evidence_store import EvidenceStore, StoredFile
from app.documents.refusals import FileRefused
from app.documents.upload_receipt import Receipt, issue, redeem
from app.i18n import gettext as _
from app.models import ProgressUpdate, UpdateDraft
from app.models.progress_update import UpdateKind
from app.queries.obligation_contents import ObligationContents
from app.queries.obligations import ReportRow
from app.routers.bounded_form import MAX_FILES
from app.routers.dependencies import Typed

WORDS = ("kind", *TEXTS, "percent", "proves")
_PERCENT = re.compile(r"(\d{1,3})\s*[%％]?")
_TOKEN = 40
_MOST_REVISIONS = 2**31 - 1  # what the column can hold


@dataclass(frozen=True, slots=True)
class ReportForm:
    """Texts as typed; `receipts` for the files that lie in the store already.

    `saved_at`: there is a draft. `window` names this page and `opened` the page that wrote the draft it began with.
    `changed`: somebody else changed the obligation since what stands here was begun. `covered_at`: when another
    window had saved what this draft replaced.
    """

    revision: int
    kind: str = UpdateKind.INTERIM.value
    text: str = ""
    difficulties: str = ""
    next_step: str = ""
    percent: str = ""
    risk: bool = False
    proves: str = ""
    receipts: Sequence[Receipt] = ()
    file_fault: str = ""
    window: str = field(default_factory=lambda: secrets.token_hex(4))
    opened: str = ""
    saved_at: datetime | None = None
    changed: bool = False
    covered_at: datetime | None = None

    def read(self, percent_so_far: int) -> tuple[Report, Mapping[str, str]]:
        """The report, and field -> sentence for all that is wrong with it."""
        faults: dict[str, str] = {}
        kind = UpdateKind.INTERIM
        try:
            kind = UpdateKind(self.kind)
        except ValueError:
            faults["kind"] = _("请选择填报类型。")
        percent = COMPLETE if kind is UpdateKind.COMPLETION else percent_so_far
        if self.percent:
            match = _PERCENT.fullmatch(self.percent)
            percent = int(match[1]) if match else -1  # which is out of range and told so
        report = Report(
            revision=self.revision,
            kind=kind,
            text=self.text,
            difficulties=self.difficulties,
            next_step=self.next_step,
            percent=percent,
            risk=self.risk,
            proves=self.proves,
            files=[receipt.file for receipt in self.receipts],
        )
        faults |= check_report(report)
        if self.file_fault:
            faults["files"] = self.file_fault
        return report, faults

    def as_draft(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in (*WORDS, "risk", "window")},
            "kept": [receipt.token for receipt in self.receipts],
        }

    def says_what(self, other: "ReportForm") -> bool:
        """Nothing stands here but what stands there."""
        said = (*WORDS, "risk", "receipts", "file_fault")
        return all(getattr(self, name) == getattr(other, name) for name in said)

    def with_last(self, last: ProgressUpdate | None) -> "ReportForm":
        """The words of the last report where nothing is written yet."""
        if last is None:
            return self
        return replace(self, **{name: getattr(self, name) or getattr(last, name) for name in TEXTS})


def fresh_form(contents: ObligationContents) -> ReportForm:
    """Empty; what came back from review or was reopened begins with the words that were submitted."""
    submitted = next((said for said in contents.reports if said.kind is UpdateKind.COMPLETION), None)
    answers = submitted if contents.demand is not None else None
    return begun_form(contents.row.revision, risk=contents.row.risk, answers=answers)


def begun_form(revision: int, *, risk: bool, answers: ReportRow | ProgressUpdate | None) -> ReportForm:
    """`answers`: the report that the secretariat wants to have improved."""
    if answers is None:
        return ReportForm(revision, risk=risk)
    return ReportForm(
        revision,
        kind=UpdateKind.COMPLETION.value,
        text=answers.text,
        difficulties=answers.difficulties,
        next_step=answers.next_step,
        risk=risk,
    )


def drafted_form(draft: UpdateDraft, revision: int, store: EvidenceStore) -> ReportForm:
    """The draft on a page that shows the obligation of `revision`; files that are gone are left out."""
    typed = draft.typed
    files = _Files(store, draft.account_id)
    files.keep(typed["kept"])
    return ReportForm(
        revision=revision,
        **{name: typed[name] for name in WORDS},
        risk=typed["risk"],
        receipts=tuple(files.receipts.values()),
        opened=typed["window"],
        saved_at=draft.saved_at,
        changed=draft.revision != revision,
    )


def typed_form(typed: Typed, store: EvidenceStore, account_id: int, prefix: str = "") -> ReportForm:
    """Puts the files that were sent into the store at once: a browser sends a file only once.

    `prefix` stands before the names of the fields where a page has several of these forms.
    """
    files = _Files(store, account_id)
    files.keep(typed.lists.get(f"{prefix}kept", []))
    files.add(typed.files.get(f"{prefix}files", []))
    words: dict[str, Any] = {name: typed.text(prefix + name) for name in WORDS}
    return ReportForm(
        revision=min(max(typed.number(f"{prefix}revision", 0) or 0, 0), _MOST_REVISIONS),
        **words,
        risk=typed.checked(f"{prefix}risk"),
        receipts=tuple(files.receipts.values()),
        file_fault="\n".join(files.faults),
        window=typed.text(f"{prefix}window")[:_TOKEN],
        opened=typed.text(f"{prefix}opened")[:_TOKEN],
    )


@dataclass(slots=True)
class _Files:
    store: EvidenceStore
    account_id: int
    receipts: dict[str, Receipt] = field(default_factory=dict)  # by hash: the same content twice is one evidence
    faults: list[str] = field(default_factory=list)

    def keep(self, tokens: Sequence[str]) -> None:
        for token in tokens[:MAX_FILES]:
            file = redeem(self.store, token, self.account_id)
            if file is None:
                self.faults.append(_("有一份已上传的文件未能核验，请重新选择该文件。"))
            else:
                self.receipts[file.sha256] = Receipt(file, token)

    def add(self, sent: Sequence[UploadFile]) -> None:
        if len(self.receipts) + len(sent) > MAX_FILES:
            count = {"limit": MAX_FILES, "count": len(self.receipts) + len(sent)}
            self.faults.append(_("一次最多上传%(limit)s个文件，现有%(count)s个，请减少后重新选择。") % count)
            return
        for upload in sent:
            try:
                self._take(self.store.store(upload.file, upload.filename or ""))
            except FileRefused as refused:
                self.faults.append(refused.message)

    def _take(self, file: StoredFile) -> None:
        self.receipts.setdefault(file.sha256, issue(self.store, file, self.account_id))
