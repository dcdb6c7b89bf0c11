"""Whether a password may be taken, and the sentence that says why not."""

from collections.abc import Iterable
from datetime import datetime

from zxcvbn import zxcvbn

from app.domain.password_policy import LONGEST, PasswordPolicy, is_expired, kinds_of, left_without, password_policy
from app.domain.written import as_written
from app.i18n import gettext as _
from app.models import Account
from app.models.account import AccountRole
from app.settings import Settings

# Everybody's in every installation; those of the account come from its row.
_WORDS_OF_PLACE = ("duban", "督办")
# What stands high in lists of passwords of Chinese sites and not in the library's.
_COMMON_HERE = (
    "woaini",
    "5201314",
    "1314520",
    "zhongguo",
    "beijing",
    "shenzhen",
    "xicheng",
    "mima",
    "ceshi",
    "guanliyuan",
)
_ADMINISTRATORS = frozenset({AccountRole.ADMIN, AccountRole.SECURITY, AccountRole.AUDITOR})
_LOOKED_AT = 20  # the estimate takes half a second for what is made to be slow, and no longer guessable beyond this
# Fewer guesses than this and it falls to a list of common passwords with their usual endings.
_MOST_GUESSABLE = 10**6


def policy_of(settings: Settings) -> PasswordPolicy:
    return password_policy(settings.password_profile, settings.password_days)


def password_opens(role: AccountRole, settings: Settings) -> bool:
    """Whether a password is a way in at all: where everybody comes by the provider it is for administrators alone."""
    return not settings.oidc_only or role in _ADMINISTRATORS


def password_due(account: Account, way: str, settings: Settings, now: datetime) -> bool:
    """Whether another password must be chosen before anything else.

    Who came by the office's identity provider has a password there, with its own rules.
    """
    if way.startswith("provider"):
        return False
    return account.must_change or is_expired(account.password_set_at or account.created_at, policy_of(settings), now)


def password_fault(password: str, policy: PasswordPolicy, words: Iterable[str]) -> str | None:
    """`words`: login, names and department of the account, which everybody knows."""
    words = [*_WORDS_OF_PLACE, *words]
    if len(password) < policy.shortest:
        return _("密码至少%(count)s位。") % {"count": policy.shortest}
    if len(password) > LONGEST:
        return _("密码不能超过%(count)s位。") % {"count": LONGEST}
    if password != as_written(password):
        return _("密码首尾不能有空格。")
    if kinds_of(password) < policy.kinds:
        return _("密码须含大写字母、小写字母、数字、其他字符中的至少%(count)s类。") % {"count": policy.kinds}
    if left_without(password, words) < policy.shortest:
        return _("密码除去登录名、单位名称和“督办”等字样后，至少还应有%(count)s位。") % {"count": policy.shortest}
    if zxcvbn(password[:_LOOKED_AT], user_inputs=[*words, *_COMMON_HERE])["guesses"] < _MOST_GUESSABLE:
        return _("这个密码太常见，容易被猜中，请换一个。例如用几个互不相干的词连起来。")
    return None
