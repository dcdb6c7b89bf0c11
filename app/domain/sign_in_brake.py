"""The brake on guessing: how many tries may fail in how long, and from when the next one is taken.

Nobody is ever locked: a try waits until an earlier failure has left its window, so that somebody who guesses all day
cannot keep the owner out (OWASP ASVS 5.0, 6.3.1). Three counts, each on its own:

- of a **known browser** of the account (OWASP, Device Cookies): what others try elsewhere does not touch it;
- of a **login** from everywhere else, the same for logins that nobody has;
- of a **network** over all logins, generous, because a whole office sits behind one address.

GB/T 22239-2019, 8.1.4.1 b) asks for a limit on failed sign-ins without a number; inspectors try five.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` failures in any span of `within`."""

    most: int
    within: timedelta


_TEN_MINUTES, _HOUR, _DAY = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)
Limits = tuple[Limit, ...]

# 50 guesses a day at one password; NIST SP 800-63B-4, 3.2.2 bears 100 before a lock.
OF_LOGIN: Limits = (Limit(5, _TEN_MINUTES), Limit(50, _DAY))
OF_DEVICE: Limits = OF_LOGIN
OF_NETWORK: Limits = (Limit(100, _TEN_MINUTES), Limit(1000, _DAY))
# Links by mail that somebody asks for: of one account, and from one network.
LINKS_OF_LOGIN: Limits = (Limit(3, _HOUR),)
LINKS_OF_NETWORK: Limits = (Limit(30, _HOUR),)
# What is older counts nowhere.
COUNTED_FOR = _DAY

_SHARED_4, _SHARED_6 = 24, 64  # what one household or office has of the address space, or less


def next_try(failures: Sequence[datetime], limits: Limits, now: datetime) -> datetime | None:
    """The moment from which the next try is taken; None: at once. `failures` in any order, older ones do no harm."""
    newest_first = sorted(failures, reverse=True)
    ends = [
        newest_first[limit.most - 1] + limit.within
        for limit in limits
        if len(newest_first) >= limit.most and newest_first[limit.most - 1] + limit.within > now
    ]
    return max(ends, default=None)


def most_counted(limits: Limits) -> int:
    """How many of the newest failures `next_try` looks at."""
    return max(limit.most for limit in limits)


def network_of(address: str) -> str:
    """203.0.113.0/24, 2001:db8:1:2::/64; an address that is none stands for itself."""
    try:
        host = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(host, ipaddress.IPv6Address):
        host = host.ipv4_mapped or host
    length = _SHARED_4 if host.version == 4 else _SHARED_6  # noqa: PLR2004
    return str(ipaddress.ip_network((host, length), strict=False))
