"""What can go wrong in the domain, as named classes; error_pages.py alone knows status and page."""

from collections.abc import Mapping
from datetime import timedelta


class DubanError(Exception):
    """Carries a sentence for the person in front of the screen."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class NotFound(DubanError):
    """Missing and forbidden look alike."""


class Forbidden(NotFound):
    """It exists and is not the viewer's: page and status of what is missing; only the audit trail tells them apart."""


class Invalid(DubanError):
    """Something typed is wrong; `fields` maps a field's name to its sentence."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("；".join(fields.values()))
        self.fields = dict(fields)


class Overtaken(DubanError):
    """Somebody else changed it since it was read; nothing was written."""


class RequestTooLarge(DubanError):
    """More was sent than any form of ours can hold; it was not read to its end."""


class TooManyTries(DubanError):
    """A secret was tried in vain too often; `wait` is how long until the next try is taken."""

    def __init__(self, message: str, wait: timedelta) -> None:
        super().__init__(message)
        self.wait = wait


class SignInNeeded(DubanError):
    """No session, or one that has ended."""


class PasswordDue(DubanError):
    """The password was made by somebody else or has expired: nothing opens but the page to choose another one."""


class BadToken(DubanError):
    """A form without the token of its session."""


class FormExpired(DubanError):
    """A form of an earlier session of ours: it may be sent again as it is, once the person says so."""


class FactorNeeded(DubanError):
    """The role of this account demands a second factor and it has none: nothing opens but the page to set it up."""


class Unavailable(DubanError):
    """Something outside of the database that this needs is not there, or not what it was: the operator has to look."""
