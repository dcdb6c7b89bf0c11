"""The rules of the house that no linter knows."""

import ast
import importlib
import itertools
import pkgutil
import re
import sys
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import ModuleType

import pytest
import typer
from alembic import command
from jinja2 import Environment, nodes

import app.domain
import app.drafts
import app.models
from app import words
from app.cli import app as duban
from app.db import Database
from app.drafts.plan_draft import Comparator, IndicatorAttribute
from app.migrations import changing_schema, migration_config
from app.rendering import make_environment

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {".git", ".venv", ".hypothesis", "build", "node_modules", "var", "vendor", "__pycache__", "test-results"}
TEXT = {".py", ".md", ".toml", ".txt", ".json", ".yaml", ".yml", ".html", ".css", ".js", ".sh", ".ini", ".mako", ""}
HAN = re.compile(r"[\u4e00-\u9fff]")


def our_files() -> Iterator[Path]:
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        ours = not any(part in NOT_OURS or part.endswith((".egg-info", "_cache")) for part in parts)
        if ours and path.is_file():
            yield path


def our_texts() -> Iterator[tuple[str, str]]:
    for path in our_files():
        if path.suffix in TEXT:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


# The tables


def test_the_migrations_make_the_tables_that_the_models_describe(database: Database) -> None:
    config = migration_config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_the_migrations_can_be_taken_back_and_made_again(database: Database) -> None:
    config = migration_config()
    for step, target in ((command.downgrade, "base"), (command.upgrade, "head")):
        with changing_schema(database.engine) as connection:
            config.attributes["connection"] = connection
            step(config, target)


# The rooms


def test_no_file_is_called_after_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "services", "service", "manager", "misc"}
    assert [str(path.relative_to(ROOT)) for path in our_files() if path.stem.lower() in empty] == []


def test_the_domain_imports_the_standard_library_and_itself_alone() -> None:
    foreign = [
        f"{path.name}: {name}"
        for path in (ROOT / "app" / "domain").glob("*.py")
        for name in imported(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith("app.domain")
    ]
    assert foreign == []


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_no_text_names_the_host_of_a_registry() -> None:
    # In two parts each, or this file would be the first to be found.
    hosts = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "npm" + "mirror.com"]
    found = [f"{name}: {host}" for name, text in our_texts() for host in hosts if host in text]
    assert found == []


# The words


def enumerations() -> list[type[StrEnum]]:
    return sorted(
        {
            value
            for room in (app.domain, app.drafts, app.models)
            for module in modules(room)
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, StrEnum) and value is not StrEnum
        },
        key=lambda kind: kind.__name__,
    )


def modules(room: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(room.__path__, room.__name__ + "."):
        yield importlib.import_module(found.name)


# Never shown as a word: signs that are their own word, the plan's own words, and what only decides.
WITHOUT_WORD = {"Hearing"}
OWN_WORD = {*(member for member in Comparator if not member.isidentifier()), *IndicatorAttribute}


@pytest.mark.parametrize("kind", [kind for kind in enumerations() if kind.__name__ not in WITHOUT_WORD])
def test_every_member_of_an_enumeration_has_a_word(kind: type[StrEnum]) -> None:
    assert [member for member in kind if member not in OWN_WORD and words.word(member) == member.value] == []


# The templates

LOGO = {"督"}
ENVIRONMENT = make_environment()
TEMPLATES = sorted(ENVIRONMENT.list_templates())


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_compiles(name: str) -> None:
    ENVIRONMENT.get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_message_of_a_template_can_be_translated(name: str) -> None:
    assert bare_messages(ENVIRONMENT, (ROOT / "app" / "templates" / name).read_text(encoding="utf-8")) == []


def bare_messages(environment: Environment, source: str) -> list[str]:
    """Chinese text in the markup, or in an expression outside of gettext."""
    tree = environment.parse(source)
    wrapped = {
        id(constant)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext", "pgettext"}
        for constant in call.args
    }
    constants = (node.value for node in tree.find_all(nodes.Const) if id(node) not in wrapped)
    markup = (node.data for node in tree.find_all(nodes.TemplateData))
    texts = itertools.chain((text for text in constants if isinstance(text, str)), markup)
    return [text.strip() for text in texts if HAN.search(re.sub("|".join(LOGO), "", text))]


def test_bare_messages_are_noticed() -> None:
    assert bare_messages(ENVIRONMENT, '{{ _("好") }}{# 注 #}<p>{{ _("%(n)s项", n=1) }}</p>') == []
    assert bare_messages(ENVIRONMENT, "<p>好</p>") == ["<p>好</p>"]
    assert bare_messages(ENVIRONMENT, '{{ "好" if x else "" }}') == ["好"]


def test_no_template_carries_script_or_style_of_its_own() -> None:
    """The content security policy would refuse it in the browser."""
    inline = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
    found = [
        f"{name}: {hit.group()}"
        for name in TEMPLATES
        if not name.startswith("email/")
        for hit in inline.finditer((ROOT / "app" / "templates" / name).read_text(encoding="utf-8"))
    ]
    assert found == []


# The documents

DOCUMENTS = sorted(path.relative_to(ROOT) for path in our_files() if path.suffix == ".md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    inside = [link for link in links if "://" not in link]
    assert [link for link in inside if not (ROOT / document.parent / link).exists()] == []


def test_every_test_that_the_threat_model_names_is_there() -> None:
    missing = []
    for row in (ROOT / "docs" / "security.md").read_text(encoding="utf-8").splitlines():
        text = ""
        for name in re.findall(r"`([^`]+)`", row.rpartition(" | ")[2]):
            if name.startswith("tests/"):
                text = (ROOT / name).read_text(encoding="utf-8") if (ROOT / name).is_file() else ""
                missing += [] if text else [name]
            elif name.startswith("test_") and f"def {name}(" not in text:
                missing.append(name)
    assert missing == []


@pytest.mark.parametrize("file", ["README.md", "README.zh.md"])
def test_every_command_is_in_the_overview(file: str) -> None:
    overview = set(re.findall(r"^\| `([a-z -]+)` \|", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))
    assert overview == set(command_names())


def command_names() -> Iterator[str]:
    for name, told in typer.main.get_command(duban).commands.items():  # type: ignore[attr-defined]
        below = getattr(told, "commands", None)
        yield from (f"{name} {inner}" for inner in below) if below else [name]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = (ROOT / document).read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", text, re.MULTILINE))
    assert {name for pair in named for name in pair if name} - targets == set()


def test_the_changelog_knows_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
