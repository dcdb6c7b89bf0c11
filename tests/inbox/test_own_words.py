"""What remains of an answer without the quoted mail and the signature, as the programs of Chinese offices write it."""

import pytest

from app.inbox.html_text import text_of_html
from app.inbox.own_words import own_words

SAID = "已举办三场宣传活动，参与群众500人。"
ANSWERS = {
    "Outlook": "\n\n发件人: 督办系统 <duban@example.org>\n发送时间: 2024年11月25日 8:30\n收件人: 联络员 <a@example.org>\n主题: 【督办提醒】逾期1项\n\n联络员：\n",
    "Outlook in English": "\n\n________________________________\nFrom: duban <a@b.c>\nSent: Monday, November 25, 2024 8:30\nTo: x\nSubject: y\n\nbody",
    "old Outlook": "\n\n-----邮件原件-----\n发件人: 督办系统\n发送时间: 2024年11月25日 8:30\n收件人: x\n主题: y",
    "QQ": '\n\n\n------------------ 原始邮件 ------------------\n发件人:      "督办系统"      <duban@x.cn>;\n发送时间: 2024年11月25日(星期一) 上午8:30\n收件人: "联络员"<a@b.cn>;\n主题: 【督办提醒】\n',
    "QQ with nbsp": "\n\n------------------\xa0原始邮件\xa0------------------\n发件人: x\n".replace("\xa0", " "),
    "Foxmail": "\n\n \n发件人： 督办系统\n发送时间： 2024-11-25 08:30\n收件人： 联络员\n主题： 【督办提醒】\n",
    "Foxmail with a card": "\n\n________________________________\n区残联办公室\n \n发件人： 督办系统\n发送时间： 2024-11-25 08:30\n收件人： 联络员\n主题： x\n",
    "163": '\n\n\n\n\n\n在 2024-11-25 08:30:00，"督办系统" <duban@x.cn> 写道：\n\n>区卫生健康委联络员：\n>\n',
    "163 in English": '\nAt 2024-11-25 08:30:00, "督办系统" <duban@x.cn> wrote:\n>区卫',
    "163 on a phone": "\n\n| |\n联络员\n|\n| |\nx@163.com\n|\n\n---- 回复的原邮件 ----\n| 发件人 | 督办系统 |\n",
    "iPhone": "\n\n发自我的iPhone\n\n> 在 2024年11月25日，08:30，督办系统 <duban@x.cn> 写道：\n> \n> 区卫",
    "Huawei": "\n\n发自我的华为手机\n\n-------- 原始邮件 --------\n发件人： 督办系统\n日期： 2024年11月25日周一 08:30\n",
    "Gmail": "\n\n督办系统 <duban@x.cn> 于2024年11月25日周一 08:30写道：\n\n> x",
    "Aliyun": "\n------------------------------------------------------------------\n发件人：督办系统<a@b.cn>\n发送时间：2024年11月25日(星期一) 08:30\n收件人：x\n主　题：【督办】\n",
    "broken in two": "\n\n在 2024年11月25日，08:30，督办系统\n<duban@x.cn> 写道：\n> a",
    "nothing quoted": "",
}


@pytest.mark.parametrize("program", ANSWERS)
def test_the_quoted_mail_is_taken_off(program: str) -> None:
    assert own_words(SAID + ANSWERS[program]).body == SAID


@pytest.mark.parametrize(
    "text",
    [
        "1. 已完成\n- 场次：3\n- 人数：500",
        "发件人已核对，时间：11月。",
        "一、进展\n二、困难：\n缺经费",
        "共3场--比去年多1场",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert own_words(text).body == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>1. 已完成</p><p>- 其他</p>", "1. 已完成\n- 其他"),
        ("<div>甲<br>乙</div><script>alert(1)</script><style>p{}</style>", "甲\n乙"),
        ("<blockquote>引用</blockquote>", "> 引用"),
        ("a<!--[if mso]><b>x</b><![endif]-->b &lt;c", "ab <c"),
        ("<a href='https://x/obligations/12' style='y'>1.1 活动</a>", "〔/obligations/12〕1.1 活动"),
    ],
)
def test_html_is_read_as_text(html: str, text: str) -> None:
    assert text_of_html(html) == text


@pytest.mark.parametrize("piece", ["<a ", "<!--x>", "<ol><li>", "<![CDATA[>", "<div>", "<script>x<", "&", "> "])
def test_hostile_html_ends(piece: str) -> None:
    assert isinstance(text_of_html(piece * (30_000 // len(piece))), str)
