"""What is installed is what was pinned: version and hash of every package, and a check that does not call silence good."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tools.audit import FOUND, NOT_ASKED, Verdict, of_npm_audit, of_pip_audit
from tools.sbom import of_python, pinned, plain

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_with_its_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", text(lock).strip())
    assert entries
    for entry in entries:
        head = entry.splitlines()[0]
        assert re.match(r"[A-Za-z0-9._-]+(\[[\w,-]+\])?==[^\s;]+( ; [^\\]+)? \\$", head), head
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), head
    assert "://" not in text(lock), "from wherever the machine gets its packages"


def test_what_the_project_asks_for_is_what_the_lock_has() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    asked = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["dev"]]
    names = pinned("\n".join(asked))
    assert len(names) == len(asked), "each is pinned to one version"
    locked = pinned(text("requirements-dev.txt"))
    assert {name: locked.get(name) for name in names} == names
    assert pinned(text("requirements.txt")).items() <= locked.items()


def test_every_package_for_browsers_has_its_hash() -> None:
    wanted = json.loads(text("package.json"))
    packages = json.loads(text("package-lock.json"))["packages"]
    for kind in ("dependencies", "devDependencies"):
        for name, version in wanted.get(kind, {}).items():
            assert packages[f"node_modules/{name}"]["version"] == version
    for name, package in packages.items():
        if name:
            assert package["integrity"].startswith("sha512-"), name


def test_the_list_of_parts_holds_what_is_pinned_and_nothing_else() -> None:
    environment = {
        "components": [
            {"name": "Typing_Extensions", "version": "4", "licenses": [1]},
            {"name": "pytest", "version": "9"},
        ]
    }
    listed = list(of_python(environment, {"typing-extensions": "4", "colorama": "1"}))
    assert [plain(one["name"]) for one in listed] == ["colorama", "typing-extensions"]
    assert listed[0]["purl"] == "pkg:pypi/colorama@1"
    assert listed[1]["licenses"] == [1]


def test_a_package_that_was_not_looked_up_is_no_good_news() -> None:
    silent = of_pip_audit({"dependencies": [{"name": "a", "skip_reason": "not found"}]})
    clean = of_pip_audit({"dependencies": [{"name": "b", "version": "1", "vulns": []}]})
    bad = of_pip_audit(
        {"dependencies": [{"name": "c", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]}
    )
    assert (silent.status, clean.status, bad.status) == (NOT_ASKED, 0, FOUND)
    assert (Verdict().status, (clean + silent).status, (bad + silent).status) == (NOT_ASKED, NOT_ASKED, FOUND)
    assert of_npm_audit({"message": "405", "error": {}}).status == NOT_ASKED
    assert of_npm_audit({"vulnerabilities": {"x": {"severity": "high"}}}).status == FOUND
    assert of_npm_audit({"vulnerabilities": {}, "metadata": {"dependencies": {"total": 3}}}).status == 0
