"""Two drafts of one report become one, and neither is lost."""

from collections.abc import Mapping, Sequence
from typing import Any

_TEXTS = ("text", "difficulties", "next_step", "proves")


def joined_draft(
    own: Mapping[str, Any], other: Mapping[str, Any], *, heading: str, files: Sequence[str]
) -> dict[str, Any]:
    """`own` with what `other` says below it under `heading`; what was chosen and not written stays as it was chosen.

    `files`: the receipts of `other`, made out to the new owner.
    """
    joined = dict(own)
    for name in _TEXTS:
        mine, theirs = own.get(name, ""), other.get(name, "")
        joined[name] = mine if not theirs or theirs == mine else f"{mine}\n\n{heading}\n{theirs}" if mine else theirs
    joined["percent"] = own.get("percent") or other.get("percent", "")
    joined["risk"] = bool(own.get("risk") or other.get("risk"))
    joined["kept"] = [*own.get("kept", ()), *files]
    joined["window"] = ""
    return joined
