"""The report form: what was typed, kept as it was typed, and what it means."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.changes.submit_update import COMPLETE, Report, check_report
from app.documents.evidence_store import EvidenceStore, StoredFile
from app.documents.refusals import FileRefused
from app.documents.upload_receipt import Receipt, issue, redeem
from app.i18n import gettext as _
from app.models.progress_update import UpdateKind
from app.queries.obligation_contents import ObligationContents
from app.routers.bounded_form import MAX_FILES
from app.routers.dependencies import Typed

_PERCENT = re.compile(r"(\d{1,3})\s*[%％]?")


@dataclass(frozen=True, slots=True)
class ReportForm:
    """Texts as typed; `receipts` for the files that lie in the store already."""

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


def fresh_form(contents: ObligationContents) -> ReportForm:
    """Empty; what came back from review or was reopened begins with the words that were submitted."""
    revision, risk = contents.row.revision, contents.row.risk
    submitted = next((said for said in contents.reports if said.kind is UpdateKind.COMPLETION), None)
    if contents.demand is None or submitted is None:
        return ReportForm(revision, risk=risk)
    return ReportForm(
        revision,
        kind=UpdateKind.COMPLETION.value,
        text=submitted.text,
        difficulties=submitted.difficulties,
        next_step=submitted.next_step,
        risk=risk,
    )


def typed_form(typed: Typed, store: EvidenceStore, account_id: int) -> ReportForm:
    """Puts the files that were sent into the store at once: a browser sends a file only once."""
    files = _Files(store, account_id)
    files.keep(typed.lists.get("kept", []))
    files.add(typed)
    return ReportForm(
        revision=typed.number("revision", 0) or 0,
        kind=typed.text("kind"),
        text=typed.text("text"),
        difficulties=typed.text("difficulties"),
        next_step=typed.text("next_step"),
        percent=typed.text("percent"),
        risk=typed.checked("risk"),
        proves=typed.text("proves"),
        receipts=list(files.receipts.values()),
        file_fault="\n".join(files.faults),
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

    def add(self, typed: Typed) -> None:
        sent = typed.files.get("files", [])
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
