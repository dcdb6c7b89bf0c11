"""`make sbom`: what a running Duban consists of, as one CycloneDX list: the pinned packages and what browsers get.

ASVS 5.0 15.1.2. The list is written to build/sbom.cdx.json and belongs to a release, not into the repository.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.fetch_assets import npm

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "build" / "sbom.cdx.json"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pinned(requirements: str) -> dict[str, str]:
    """Version by name, the name as packages compare it."""
    return {plain(name): version for name, version in _PIN.findall(requirements)}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def of_python(environment: dict[str, Any], pins: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The pinned packages with all that is known of them here; those for other machines by name and version alone."""
    installed = {plain(one["name"]): one for one in environment["components"]}
    for name, version in sorted(pins.items()):
        found = installed.get(name)
        if found is not None and found["version"] == version:
            yield found
        else:
            yield {
                "type": "library",
                "bom-ref": f"{name}=={version}",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "description": "pinned, but not installed on the machine that made this list",
            }


def of_npm(listed: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """As npm lists them, with the licences that it leaves out."""
    for one in listed["components"]:
        about = ROOT / "node_modules" / one["name"] / "package.json"
        said = json.loads(about.read_text(encoding="utf-8")).get("license") if about.exists() else None
        yield one | ({"licenses": [{"license": {"name": said}}]} if said and not one.get("licenses") else {})


def gathered() -> dict[str, Any]:
    cyclonedx = [sys.executable, "-m", "cyclonedx_py", "environment", "--sv", "1.6", "--of", "JSON", "-o", "-"]
    bom: dict[str, Any] = json.loads(_said([*cyclonedx, "--pyproject", str(ROOT / "pyproject.toml"), sys.executable]))
    listed = json.loads(_said([*npm(), "sbom", "--sbom-format", "cyclonedx", "--omit", "dev"]))
    pins = pinned((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    bom["components"] = [*of_python(bom, pins), *of_npm(listed)]
    kept = {one["bom-ref"] for one in bom["components"]} | {bom["metadata"]["component"]["bom-ref"]}
    bom["dependencies"] = [
        {"ref": one["ref"], "dependsOn": sorted(kept.intersection(one.get("dependsOn", [])))}
        for one in bom.get("dependencies", [])
        if one["ref"] in kept
    ]
    return bom


def _said(command: list[str]) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> int:
    bom = gathered()
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(bom, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    bare = [one["name"] for one in bom["components"] if not one.get("licenses")]
    print(f"{TARGET.relative_to(ROOT)}: Duban {version}, {len(bom['components'])} components")
    print(f"Without a licence in the list: {', '.join(bare) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
