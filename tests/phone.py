"""An authenticator app, and what of a page it is fed with."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape

import pyotp

from app.clock import HeldClock
from tests.conftest import Person

# In the middle of an interval, so that no test runs into the next one.
STILL = datetime(2026, 3, 2, 1, 0, 10, tzinfo=UTC)


class StillWall(HeldClock):
    """The real clock stands still for the length of a test."""

    def wall(self) -> datetime:
        return STILL


@dataclass
class Phone:
    """Its clock is not the office's. `moment`: what it shows; None for the real one."""

    secret: str
    moment: datetime | None = STILL

    def code(self, *, steps: int = 0) -> str:
        """Of its moment, or of so many intervals later."""
        return pyotp.TOTP(self.secret).at(self.moment or datetime.now(UTC), counter_offset=steps)

    def wrong_code(self) -> str:
        near = {self.code(steps=step) for step in range(-3, 4)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in near)


def shown_secret(html: str) -> str:
    """What a person reads off the page and types into the phone."""
    found = re.search(r'<code id="secret">([A-Z2-7 ]+)</code>', html)
    assert found is not None, html
    return found[1].replace(" ", "")


def shown_link(html: str) -> str:
    found = re.search(r'href="(otpauth:[^"]+)"', html)
    assert found is not None
    return unescape(found[1])


def with_factor(person: Person, moment: datetime | None = STILL) -> Phone:
    """Sets a second factor up as its owner does; the person's session is a new one afterwards."""
    phone = Phone(shown_secret(person.get("/account/second-factor").text), moment)
    answer = person.post("/account/second-factor", {"code": phone.code()})
    assert answer.status_code == 303, answer.text
    return phone
