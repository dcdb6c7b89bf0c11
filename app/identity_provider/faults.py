"""What can go wrong with a foreign system, each with a sentence for the person and a detail for the operator."""

from app.errors import DubanError
from app.i18n import gettext as _


class ProviderFault(DubanError):
    """`detail` goes into log and audit trail: in English, and nothing secret in it. `status` is the page's."""

    def __init__(self, message: str, detail: str, *, status: int = 502) -> None:
        super().__init__(message)
        self.detail = detail
        self.status = status


def silent(name: str, detail: str) -> ProviderFault:
    return ProviderFault(_("%(name)s没有应答，登录没有完成。请稍后再试。") % {"name": name}, detail, status=504)


def nonsense(name: str, detail: str) -> ProviderFault:
    sentence = _("%(name)s的答复不符合规定，登录没有完成。请联系系统管理员。") % {"name": name}
    return ProviderFault(sentence, detail)


def spent(name: str, detail: str) -> ProviderFault:
    return ProviderFault(_("%(name)s发来的登录凭据已失效或已用过。请重新登录。") % {"name": name}, detail, status=403)


def unproven(name: str, detail: str) -> ProviderFault:
    sentence = _("%(name)s发来的身份证明没有通过核验，登录没有完成。请重新登录；再次出现时请联系系统管理员。")
    return ProviderFault(sentence % {"name": name}, detail, status=403)


def refused(name: str, error: str) -> ProviderFault:
    """`error` as the provider calls it in the address that leads back here: anybody can have written it."""
    known = error if error.isascii() and error.replace("_", "").isalpha() and len(error) <= 40 else "?"  # noqa: PLR2004
    if known == "access_denied":
        sentence = _("您在%(name)s取消了登录，或没有获准使用本系统。") % {"name": name}
    else:
        sentence = _("%(name)s没有完成登录（%(error)s）。请重新登录。") % {"name": name, "error": known}
    return ProviderFault(sentence, f"provider says {known}", status=403)
