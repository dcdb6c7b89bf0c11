"""Days as people write them."""

from datetime import date


def parse_day(text: str) -> date | None:
    """2025-03-31, 2025/3/31, 2025.3.31, 2025年3月31日 and 20250331 are all understood; None when it is no day."""
    text = text.strip()
    if len(text) == len("20250331") and text.isdecimal():  # the digits that a phone's number pad has
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    parts = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-").split("-")
    try:
        year, month, day = (int(part) for part in parts)
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None
