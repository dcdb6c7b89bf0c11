"""Shares in whole percent, as every page writes them."""


def percentage(part: int, whole: int) -> int | None:
    """Rounded half up; but 100 means all, and 0 means none. None where there is nothing to count.

    `part` is 0 to `whole`.
    """
    if whole == 0:
        return None
    if part in {0, whole}:
        return 100 if part else 0
    return min(max((200 * part + whole) // (2 * whole), 1), 99)
