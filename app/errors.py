"""What can go wrong in the domain, as named classes; error_pages.py alone knows status and page."""

from collections.abc import Mapping


class DubanError(Exception):
    """Carries a sentence for the person in front of the screen."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class NotFound(DubanError):
    """Missing and forbidden look alike."""


class Invalid(DubanError):
    """Something typed is wrong; `fields` maps a field's name to its sentence."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("；".join(fields.values()))
        self.fields = dict(fields)


class Overtaken(DubanError):
    """Somebody else changed it since it was read; nothing was written."""


class RequestTooLarge(DubanError):
    """More was sent than any form of ours can hold; it was not read to its end."""


class SignInNeeded(DubanError):
    """No session, or one that has ended."""


class BadToken(DubanError):
    """A form without the token of its session."""


class FormExpired(DubanError):
    """A form of an earlier session of ours: it may be sent again as it is, once the person says so."""
