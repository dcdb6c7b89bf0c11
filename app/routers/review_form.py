"""What a reviewer says: the usual reasons, the typed one, and the decision that they go with."""

from dataclasses import dataclass, field

from app.errors import Invalid
from app.i18n import gettext as _
from app.i18n import officially
from app.models.review import ReviewDecision
from app.routers.dependencies import Typed


@officially()
def usual_reasons() -> list[str]:
    """The one place of these sentences. What is stored is always the full text, in the official language."""
    return [
        _("佐证材料不全，请补充"),
        _("未附佐证材料，请上传"),
        _("佐证材料与填报内容不符，请核对"),
        _("内容与举措不符，请核对后重新填报"),
        _("数据缺少来源，请注明出处"),
        _("进展描述过于笼统，请写明数量、时间和成效"),
        _("未达到本阶段的预期要求，请继续推进"),
        _("请补充下一步安排"),
    ]


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """As typed. `quick`: the usual reasons that were ticked, put before the typed one."""

    quick: list[str] = field(default_factory=list)
    reason: str = ""
    reopen_reason: str = ""

    @property
    def full_reason(self) -> str:
        return "；".join([*self.quick, self.reason] if self.reason else self.quick)


def read_review_form(typed: Typed) -> ReviewForm:
    """A ticked sentence that is none of ours, of a form in another language, becomes part of the typed reason."""
    ticked = [text for text in dict.fromkeys(typed.lists.get("quick", [])) if text]
    usual = usual_reasons()
    foreign = [text for text in ticked if text not in usual]
    reason = "；".join([*foreign, typed.text("reason")] if typed.text("reason") else foreign)
    return ReviewForm([text for text in usual if text in ticked], reason, typed.text("reopen_reason"))


def read_decision(typed: Typed, form: ReviewForm) -> ReviewDecision:
    """Raises Invalid: a reason to return ticked beside 通过 is a slip of the hand, one way or the other."""
    chosen = typed.text("decision")
    if chosen == ReviewDecision.RETURNED:
        return ReviewDecision.RETURNED
    if chosen != ReviewDecision.ACCEPTED:
        raise Invalid({"reason": _("请选择“审核通过”或“退回”。")})
    if form.quick:
        raise Invalid({"quick": _("已选择退回理由，不能同时审核通过。如要通过，请先取消所选理由。")})
    return ReviewDecision.ACCEPTED
