"""`make audit`: is anything known against what is pinned?

Says so clearly when the services that know could not be asked: a package that nobody looked up is no good news,
although pip-audit ends well when it looked up none at all. Exits with 1 for findings, with 2 when something was not
asked.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.fetch_assets import npm

ROOT = Path(__file__).resolve().parent.parent
LISTS = ("requirements-dev.txt", "requirements-node.txt")  # the first holds what runs, too; a test looks
SERVICES = ("pypi", "osv")  # the second is asked where the first cannot be reached or knows nothing
FOUND, NOT_ASKED = 1, 2
_NAMED = 5


@dataclass
class Verdict:
    """`findings` in one line each; `unasked`: what nobody was found to ask about."""

    asked: int = 0
    findings: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)

    def __add__(self, other: "Verdict") -> "Verdict":
        return Verdict(self.asked + other.asked, self.findings + other.findings, self.unasked + other.unasked)

    @property
    def status(self) -> int:
        return FOUND if self.findings else NOT_ASKED if self.unasked or not self.asked else 0


def of_pip_audit(report: dict[str, Any]) -> Verdict:
    """pip-audit's JSON: what has a `skip_reason` was not looked up."""
    verdict = Verdict()
    for one in report["dependencies"]:
        if "skip_reason" in one:
            verdict.unasked.append(one["name"])
            continue
        verdict.asked += 1
        verdict.findings += [
            f"{one['name']} {one['version']}: {known['id']}, mended in {known['fix_versions'] or 'no version'}"
            for known in one["vulns"]
        ]
    return verdict


def of_npm_audit(report: dict[str, Any]) -> Verdict:
    """The JSON of npm; an answer without a report is an error of the service."""
    if "vulnerabilities" not in report:
        return Verdict(unasked=["the packages of package.json"])
    findings = [f"{name}: {known['severity']}" for name, known in report["vulnerabilities"].items()]
    return Verdict(report.get("metadata", {}).get("dependencies", {}).get("total", 1), findings)


def audited(file: str, service: str) -> Verdict:
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    return of_pip_audit(_report([*command, "-s", service, "-f", "json", "-r", file], {"dependencies": [_whole(file)]}))


def _whole(file: str) -> dict[str, str]:
    return {"name": f"everything in {file}", "skip_reason": "no answer"}


def _report(command: list[str], otherwise: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return otherwise
    return report


def best(file: str) -> Verdict:
    """Of the services, the first that knows everything; else the one that knows most."""
    verdicts: list[Verdict] = []
    for service in SERVICES:
        verdicts.append(audited(file, service))
        if not verdicts[-1].unasked:
            break
    return max(verdicts, key=lambda verdict: (verdict.asked, len(verdict.findings)))


def main() -> int:
    verdict = sum((best(file) for file in LISTS), Verdict()) + of_npm_audit(_report([*npm(), "audit", "--json"], {}))
    for line in verdict.findings:
        print(line)
    if verdict.unasked:
        named = ", ".join(verdict.unasked[:_NAMED]) + (" and others" if len(verdict.unasked) > _NAMED else "")
        print(f"NOT ASKED: the advisory services could not be reached from here, or do not know {named}")
    print(f"{verdict.asked} packages looked up, {len(verdict.findings)} findings, {len(verdict.unasked)} not looked up")
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
