"""A place in a list that is sorted by due date, as it stands in an address: `2024-12-31.17`, date and id."""

import re
from datetime import date

from app.errors import Invalid
from app.i18n import gettext as _

_KEY = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d{1,18})", re.ASCII)


def read_due_key(text: str) -> tuple[date, int] | None:
    """Due date and id of the last row shown; None for the first page. Raises Invalid."""
    if not text:
        return None
    found = _KEY.fullmatch(text)
    try:
        if found:
            return date.fromisoformat(found[1]), int(found[2])
    except ValueError:
        pass
    raise Invalid({"after": _("翻页地址不正确，请返回第一页。")})
