"""What a hand-over sheet 工作交接单 says, in the words of its day; kept as JSON and never put together again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

LONGEST = 200  # of what is quoted from reports and reasons


@dataclass(frozen=True, slots=True)
class OwedLine:
    """One open item in words; empty where there is nothing to say. A department's own sheet names no `department`.

    `last`: the newest report; `promise`: the next step it named; `returned`: why it came back; `request`: the open
    request for a later date; `draft`: what was begun and not sent.
    """

    obligation: int
    plan: str
    task: str
    phase: str
    department: str
    role: str
    due: str
    light: str
    overdue: bool = False
    last: str = ""
    promise: str = ""
    returned: str = ""
    request: str = ""
    draft: str = ""


@dataclass(frozen=True, slots=True)
class DoneLine:
    """What was handed in, or decided by a secretariat, in the last days. `what`: 阶段进展 40%, 申请办结, 退回."""

    obligation: int
    plan: str
    task: str
    phase: str
    department: str
    on: str
    what: str


@dataclass(frozen=True, slots=True)
class HandoverSheet:
    """`from_name` and `to_name` are the accounts' names on that day; `to_name` is empty on a sheet that is prepared."""

    region: str
    department: str
    role: str
    from_name: str
    to_name: str = ""
    owed: Sequence[OwedLine] = field(default_factory=tuple)
    done: Sequence[DoneLine] = field(default_factory=tuple)

    @property
    def overdue(self) -> int:
        return sum(1 for line in self.owed if line.overdue)

    @property
    def returned(self) -> int:
        return sum(1 for line in self.owed if line.returned)

    @property
    def requests(self) -> int:
        return sum(1 for line in self.owed if line.request)

    @property
    def drafts(self) -> int:
        return sum(1 for line in self.owed if line.draft)

    def kept(self) -> list[dict[str, Any]]:
        """As the table keeps it: the head, then line by line."""
        head = {name: getattr(self, name) for name in _HEAD}
        return [
            {"part": "head", **head},
            *({"part": "owed", **asdict(line)} for line in self.owed),
            *({"part": "done", **asdict(line)} for line in self.done),
        ]


_HEAD = ("region", "department", "role", "from_name", "to_name")


def sheet_of(items: Iterable[Mapping[str, Any]]) -> HandoverSheet:
    parts: dict[str, list[dict[str, Any]]] = {"head": [], "owed": [], "done": []}
    for item in items:
        said = dict(item)
        parts[said.pop("part")].append(said)
    return HandoverSheet(
        **(parts["head"] or [dict.fromkeys(_HEAD, "")])[0],
        owed=[OwedLine(**one) for one in parts["owed"]],
        done=[DoneLine(**one) for one in parts["done"]],
    )


def quoted(text: str) -> str:
    """On one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
