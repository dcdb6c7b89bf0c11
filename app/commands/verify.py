"""duban verify."""

import re
from typing import Annotated, NoReturn

import typer
from sqlmodel import Session

from app.commands.office import RegionOption, chosen_region, evidence_store, fail, office, say
from app.queries.append_only import guard_findings
from app.queries.known_then import known_then_findings
from app.queries.trail_findings import TrailChecked, head_finding, trail_findings
from app.queries.verify import Checked, evidence_hashes, frozen_list_findings, history_findings

_HEAD = re.compile(r"(?:第)?(\d{1,18})(?:条)?[:：]\s*([0-9a-fA-F]{8,64})")


def verify(
    region: RegionOption = None,
    head: Annotated[
        str | None, typer.Option("--head", help="只核对纸质清单上印的审计链，写作 条数:校验码，如 1234:9f2c…。")
    ] = None,
) -> None:
    """核对全部历史：事项与事件、已冻结清单、佐证材料文件、审计链。有差异时列出并以非零状态结束。"""
    with office(writes=False) as (settings, database, _clock_now), database.reading() as session:
        if head is not None:
            _compare_head(session, region, head)
            return
        checked, trail = Checked(), TrailChecked()
        findings = [
            *history_findings(session, checked),
            *frozen_list_findings(session, checked),
            *known_then_findings(session),
            *trail_findings(session, trail),
            *guard_findings(session),
        ]
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
            f"佐证材料{checked.files}份、审计记录{trail.entries}条（清单所印审计链{trail.heads}处）；"
            f"发现差异{len(findings)}处。"
        )
        if findings:
            raise typer.Exit(1)


def _compare_head(session: Session, region: str | None, head: str) -> None:
    found = _HEAD.fullmatch(head.strip())
    if found is None:
        fail("--head：应写作 条数:校验码，如 1234:9f2c41d0…（校验码至少前8位）。")
    place = chosen_region(session, region)
    seq, sha256 = int(found.group(1)), found.group(2).lower()
    finding = head_finding(session, place.id or 0, seq, sha256)
    if finding is None:
        say(f"相符：{place.name}审计链第{seq}条与纸质清单一致。整条链是否完整，请运行：duban verify")
        return
    _differs(finding)


def _differs(finding: str) -> NoReturn:
    say(finding)
    fail("不符：审计链与纸质清单不一致。")
