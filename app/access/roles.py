"""Which roles have which duty, in a small office and where the three administrators are apart (三员分立).

GB/T 22239-2019, 8.1.5: system, security and audit administration lie in different hands. With
`DUBAN_SEPARATE_DUTIES` no role has two of them; without it the secretariat of a small office has all three.
"""

from app.models.account import AccountRole

# Reads everything of its region; liaisons and heads read their tasks and all plans.
READS_REGION = frozenset({AccountRole.SECRETARIAT, AccountRole.LEADER, AccountRole.EXPERT})
# Keeps the departments, groups, days off and plans of its region.
MANAGES_REGION = frozenset({AccountRole.SECRETARIAT, AccountRole.ADMIN})
# Has nothing to do with what the region plans and reports, and reads none of it: least privilege.
OUTSIDE_WORK = frozenset({AccountRole.SECURITY, AccountRole.AUDITOR})
# Where duties are separate these are appointed, changed and closed on the command line: the security administrator
# could otherwise take the place of who watches them.
BEYOND_SECURITY = frozenset({AccountRole.ADMIN, AccountRole.AUDITOR})


def account_keepers(*, separate: bool) -> frozenset[AccountRole]:
    """Accounts, roles, sessions, links, factors."""
    return frozenset({AccountRole.SECURITY}) if separate else MANAGES_REGION | {AccountRole.SECURITY}


def trail_readers(*, separate: bool) -> frozenset[AccountRole]:
    """The audit trail. A small office has nobody but its secretariat."""
    auditor = frozenset({AccountRole.AUDITOR})
    return auditor if separate else auditor | {AccountRole.SECRETARIAT}


def roles_to_give(*, separate: bool) -> tuple[AccountRole, ...]:
    """On the screen. The administrator of the installation is always made on the command line."""
    beyond = BEYOND_SECURITY if separate else {AccountRole.ADMIN}
    return tuple(role for role in AccountRole if role not in beyond)
