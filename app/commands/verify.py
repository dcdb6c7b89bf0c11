"""duban verify."""

import typer

from app.commands.office import evidence_store, office, say
from app.queries.verify import Checked, evidence_hashes, frozen_list_findings, history_findings


def verify() -> None:
    """核对全部历史：事项与事件、已冻结清单、佐证材料文件。有差异时列出并以非零状态结束。"""
    with office(writes=False) as (settings, database, _clock_now), database.reading() as session:
        checked = Checked()
        findings = [*history_findings(session, checked), *frozen_list_findings(session, checked)]
        store = evidence_store(settings)
        for sha256, size in evidence_hashes(session):
            checked.files += 1
            fault = store.fault(sha256, size)
            if fault:
                findings.append(f"evidence {sha256}: {fault}")
        for finding in findings:
            say(finding)
        say(
            f"已核对：事项{checked.obligations}项、事件{checked.events}条、清单{checked.lists}期（{checked.rows}行）、"
            f"佐证材料{checked.files}份；发现差异{len(findings)}处。"
        )
        if findings:
            raise typer.Exit(1)
