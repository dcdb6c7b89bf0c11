"""What the address of the review queue asks for: filters and place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from app.errors import Invalid
from app.i18n import gettext as _
from app.queries.review_queue import QueueFilter, QueueKey

FIELDS = ("plan", "department", "late", "evidence")
_ANSWERS = {"": None, "yes": True, "no": False}
_ID_DIGITS = 18  # what the databases can compare with an id


@dataclass(frozen=True, slots=True)
class QueueQuestion:
    """`typed` holds the fields as they came, `faults` a sentence for each that is wrong."""

    typed: Mapping[str, str]
    wanted: QueueFilter
    after: QueueKey | None = None
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def filtered(self) -> bool:
        return any(self.typed.values())

    @property
    def place(self) -> str:
        """`after` as it stands in an address."""
        return f"{self.after[0].isoformat()}_{self.after[1]}" if self.after else ""

    def link(self, path: str, **changed: str) -> str:
        """The same filters at another path, with other values; an empty one is left out, the place is not kept."""
        values = {name: value for name, value in {**self.typed, **changed}.items() if value}
        return f"{path}?{urlencode(values)}" if values else path

    def here(self, path: str, **changed: str) -> str:
        """As `link`, and at the same place of the list."""
        return self.link(path, after=self.place, **changed)


def read_queue_question(params: Mapping[str, str]) -> QueueQuestion:
    """Faults are reported and not raised, except for a place in the list, which nobody types: Invalid.

    Whether there are such a plan and such a department is not asked here.
    """
    typed = {name: params.get(name, "").strip() for name in FIELDS}
    faults: dict[str, str] = {}
    department = typed["department"]
    if department and not _is_id(department):
        faults["department"] = _("没有这个单位，请在列表中选择。")
    for name in ("late", "evidence"):
        if typed[name] not in _ANSWERS:
            faults[name] = _("没有这个选项，请在列表中选择。")
    wanted = QueueFilter(
        plan_code=typed["plan"] or None,
        department_id=int(department) if department and "department" not in faults else None,
        late=_ANSWERS.get(typed["late"]),
        evidence=_ANSWERS.get(typed["evidence"]),
    )
    return QueueQuestion(typed, wanted, _after(params.get("after", "")), faults)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _ID_DIGITS


def _after(text: str) -> QueueKey | None:
    """`2024-11-01_88`: day of submission and obligation of the last row shown. Raises Invalid."""
    if not text:
        return None
    day, _bar, key = text.partition("_")
    try:
        if _is_id(key):
            return date.fromisoformat(day), int(key)
    except ValueError:
        pass
    raise Invalid({"after": _("翻页位置不正确，请从第一页看起。")})


def read_items(texts: list[str], *, most: int) -> dict[int, int]:
    """`7_12`: obligation and the revision that was seen. Raises Invalid."""
    if not texts:
        raise Invalid({"item": _("请先勾选要办理的事项。")})
    seen: dict[int, int] = {}
    for text in texts:
        key, _bar, revision = text.partition("_")
        if not _is_id(key) or not _is_id(revision):
            raise Invalid({"item": _("所选事项不正确，请重新勾选。")})
        seen[int(key)] = int(revision)
    if len(seen) > most:
        raise Invalid({"item": _("一次最多办理%(most)s项，请分批勾选。") % {"most": most}})
    return seen
