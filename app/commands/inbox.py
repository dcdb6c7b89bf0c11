"""duban inbox."""

import threading

from app import words
from app.commands.office import fail, office, say
from app.i18n import officially


def inbox() -> None:
    """读一次答复邮箱，逐封说明来了什么；邮箱读不到时以错误结束。"""
    from app.inbox.open_mailbox import mailbox_at  # noqa: PLC0415 (see app/serving.py)
    from app.jobs.read_inbox import read_mailbox  # noqa: PLC0415

    with office() as (settings, database, clock):
        if settings.inbox_url is None:
            fail("没有设置答复邮箱，请设置 DUBAN_INBOX_URL。")
        with officially():
            reading = read_mailbox(settings, clock, database, mailbox_at(settings.inbox_url), threading.Event())
        for one in reading.taken:
            if one.kind is not None:
                say(f"{words.word(one.kind)}　{one.from_address or '发件人不明'}　{one.subject}")
                say(f"　　{one.outcome}")
        known = sum(1 for one in reading.taken if one.kind is None)
        say(f"读到{len(reading.taken)}封邮件" + (f"，其中{known}封此前已读过。" if known else "。"))
        if reading.fault:
            fail(reading.fault)
