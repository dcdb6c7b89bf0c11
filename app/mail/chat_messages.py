"""The words of short messages to chat groups: a department and figures, no titles of tasks.

A group may have members whom nobody here knows, so a message says no more than that there is something to look at.
"""

from collections.abc import Mapping

from app.domain.reminders import Heading
from app.i18n import gettext as _
from app.i18n import officially
from app.mail.compose import Letter
from app.mail.keys import message_id, reply_code
from app.models import ChatChannel, Region
from app.settings import Settings
from app.words import word


@officially()
def counted(counts: Mapping[Heading, int]) -> str:
    """逾期2项、退回1项."""
    said = [
        _("%(what)s%(count)s项") % {"what": word(which), "count": counts[which]}
        for which in Heading
        if counts.get(which)
    ]
    return _("、").join(said)


@officially()
def message(settings: Settings, channel: ChatChannel, *, key: str, subject: str, text: str, path: str) -> Letter:
    """`subject` is the first line of what the group sees; robots that look for 督办 find it there."""
    body = f"{text}\n{settings.site}{path}"
    return Letter(
        key=key,
        message_id=message_id(key, reply_code(), settings.mail_from),
        account_id=None,
        to_name=channel.name,
        to_address=channel.service,
        subject=subject,
        text=body,
        html="",
    )


@officially()
def daily_message(
    settings: Settings, channel: ChatChannel, key: str, department: str, counts: Mapping[Heading, int]
) -> Letter:
    return message(
        settings,
        channel,
        key=key,
        subject=_("督办提醒：%(department)s") % {"department": department},
        text=_("%(counts)s。请联络员登录办理，具体事项见邮件和“我的事项”。") % {"counts": counted(counts)},
        path="/obligations",
    )


@officially()
def daily_summary(
    settings: Settings, channel: ChatChannel, key: str, region: Region, *, mails: int, counts: Mapping[Heading, int]
) -> Letter:
    said = _("今日每日提醒共%(mails)s封。") % {"mails": mails}
    if counts:
        said += _("全区目前%(counts)s。") % {"counts": counted(counts)}
    subject = _("督办提醒：%(region)s秘书处") % {"region": region.name}
    return message(settings, channel, key=key, subject=subject, text=said, path="/desk")


@officially()
def weekly_message(
    settings: Settings, channel: ChatChannel, key: str, *, who: str, name: str, rows: int, path: str
) -> Letter:
    """`name`: the list's, 〔2024〕第48期."""
    subject = _("督办清单：%(who)s") % {"who": who}
    text = _("逾期清单%(name)s列有%(count)s项。") % {"name": name, "count": rows}
    return message(settings, channel, key=key, subject=subject, text=text, path=path)


@officially()
def test_message(settings: Settings, channel: ChatChannel, key: str) -> Letter:
    subject = _("督办：测试消息")
    text = _("看到这条消息，说明“%(name)s”已接通，今后的提醒会发到本群。") % {"name": channel.name}
    return message(settings, channel, key=key, subject=subject, text=text, path="/")
