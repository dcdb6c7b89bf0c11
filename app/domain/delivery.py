"""What has become of a mail, as the mail log and the page of a run ask for it."""

from enum import StrEnum


class Delivery(StrEnum):
    """Down to DROPPED each mail is exactly one of them; the others are questions of their own."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    BOUNCED = "bounced"
    FAILED = "failed"
    DROPPED = "dropped"  # the secretariat took it back before it went out
    DOUBT = "doubt"  # an attempt ended without an answer
    AGAIN = "again"  # the secretariat sent it once more
    OPENED = "opened"  # its receiver began to work on the form behind the link in it
    REPORTED = "reported"  # its receiver has reported on one of its items since, by whatever door
    SILENT = "silent"  # it went out, and no report came
    UNADDRESSED = "unaddressed"  # an account without an address


def standing(state: str, *, held: bool, bounced: bool, dropped: bool) -> Delivery:
    """`state`: the outbox's."""
    if state == Delivery.QUEUED.value and held:
        return Delivery.HELD
    if state == Delivery.SENT.value and bounced:
        return Delivery.BOUNCED
    if state == Delivery.FAILED.value and dropped:
        return Delivery.DROPPED
    return Delivery(state)


# What the mail log asks for.
OF_ANY_MAIL = (
    Delivery.QUEUED,
    Delivery.HELD,
    Delivery.SENDING,
    Delivery.SENT,
    Delivery.BOUNCED,
    Delivery.FAILED,
    Delivery.DROPPED,
    Delivery.DOUBT,
)
