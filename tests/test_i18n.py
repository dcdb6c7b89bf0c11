"""Two languages: everything is said in both, nobody's page speaks the neighbour's, and records stay official."""

import io
import re
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from jinja2 import nodes
from openpyxl import load_workbook
from sqlalchemy import text
from sqlmodel import select
from starlette.testclient import TestClient

from app import words
from app.clock import HeldClock
from app.db import Database
from app.domain.lights import Light, Shown
from app.domain.workflow import Role
from app.i18n import LANGUAGE_NAMES, LANGUAGES, gettext, official_language, officially, speaking, spoken, tag
from app.language_marks import mark_chinese
from app.main import create_app
from app.models import OutboxMail
from app.rendering import make_environment
from app.settings import Settings
from tests.conftest import Person
from tests.history import History
from tools.messages import extracted, faults, texts, translated

HAN = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
ENGLISH = {"cookie": "duban_language=en"}
# Chinese words that an English sentence may name.
ALLOWED: set[str] = set()


# The catalogue


def test_every_message_has_an_english_translation() -> None:
    """Run `make messages` for what is missing, then translate it in app/locale/en/LC_MESSAGES/messages.po."""
    found = faults(extracted(), translated("en"))
    assert not found, "\n" + "\n".join(found)


def test_no_translation_is_chinese() -> None:
    chinese = [
        said
        for message in translated("en")
        if message.id and message.id not in ALLOWED
        for said in texts(message.string)
        if HAN.search(said)
    ]
    assert chinese == []


def test_no_translation_brings_markup_that_its_message_does_not_have() -> None:
    """Templates trust a translation as they trust themselves."""
    markup = re.compile(r"[<>&]|%(?!\(\w+\)s|%)")
    strange = [
        said
        for message in translated("en")
        if message.id
        for said in texts(message.string)
        if set(markup.findall(said)) - set(markup.findall("".join(texts(message.id))))
    ]
    assert strange == []


def test_a_gap_in_the_catalogue_is_noticed() -> None:
    wanted = extracted()
    wanted.add("一句谁也没有译过的话")
    wanted.add("共%(many)s项")
    catalog = translated("en")
    catalog.add("共%(many)s项", "%(few)s in total")
    catalog.add("没有人再说的话", "nobody says this")
    catalog.add(next(message.id for message in wanted if message.id), "?", flags=["fuzzy"])
    found = "\n".join(faults(wanted, catalog))
    for part in ("not in the catalogue: '一句", "other placeholders: '共", "any more: '没有人", "fuzzy: "):
        assert part in found


def test_what_templates_import_says_nothing_before_it_is_asked() -> None:
    """Jinja keeps an imported template as it was made first: a sentence outside of its macros keeps that language."""
    environment = make_environment()
    sources = {
        name: environment.parse((environment.loader or environment).get_source(environment, name)[0])  # type: ignore[union-attr]
        for name in environment.list_templates()
    }
    imported = {
        one.template.value
        for tree in sources.values()
        for kind in (nodes.FromImport, nodes.Import)
        for one in tree.find_all(kind)
        if isinstance(one.template, nodes.Const)
    }
    early = [
        name
        for name in imported
        for part in sources[name].body
        if not isinstance(part, nodes.Macro)
        for call in [*part.find_all(nodes.Call), *part.find_all(nodes.Filter)]
        if not (isinstance(call, nodes.Call) and not isinstance(call.node, nodes.Name))
    ]
    assert early == []


# Words


def test_dates_and_terms_speak_both_languages() -> None:
    day = date(2024, 12, 31)
    assert words.day(day) == "2024年12月31日 周二"
    assert words.day(day, weekday=False) == "2024年12月31日"
    assert words.word(Role.LEAD) == "牵头"
    with speaking("en"):
        assert words.day(day) == "Tue 31 Dec 2024"
        assert words.day(day, weekday=False) == "31 Dec 2024"
        assert words.day(None) == "Standing"
        assert words.month_day(3, 1) == "1 Mar"
        assert words.word(Role.LEAD) == "Lead"
        assert words.list_name(2024, 12) == "no. 12 of 2024"
    assert words.word(Role.LEAD) == "牵头"


@pytest.mark.parametrize(("days", "said"), [(-1, "Overdue 1 day"), (-12, "Overdue 12 days")])
def test_one_day_is_not_one_days(days: int, said: str) -> None:
    with speaking("en"):
        assert words.light_phrase(Shown(Light.OVERDUE, days)) == said


# Speaking


def test_what_is_official_stays_official_whoever_reads() -> None:
    with speaking("en"):
        assert (gettext("逾期"), tag()) == ("Overdue", "en")
        with officially():
            assert (gettext("逾期"), tag()) == ("逾期", "zh-CN")
        assert spoken() == "en"
    with official_language("en"):
        assert gettext("逾期") == "Overdue"
        with speaking("zh"):
            assert gettext("逾期") == "逾期"
            with officially():
                assert gettext("逾期") == "Overdue"
    assert gettext("逾期") == "逾期"


def test_two_languages_at_once_never_mix(settings: Settings, clock: HeldClock, database: Database) -> None:
    app = create_app(settings, clock, database)
    together = threading.Barrier(8, timeout=20)

    @app.get("/said")
    def said() -> PlainTextResponse:
        before = gettext("逾期")
        together.wait()  # all eight stand in their handlers at the same moment
        with officially():
            official = gettext("逾期")
        return PlainTextResponse(f"{before} {gettext('逾期')} {official} {words.word(Role.LEAD)}")

    def ask(number: int) -> tuple[str, str]:
        language = ("zh", "en")[number % 2]
        with TestClient(app) as client:
            return language, client.get("/said", headers={"cookie": f"duban_language={language}"}).text

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(40)))
    assert set(answers) == {("zh", "逾期 逾期 逾期 牵头"), ("en", "Overdue Overdue 逾期 Lead")}


# Choosing


def test_pages_are_chinese_until_another_language_is_chosen(client: TestClient) -> None:
    page = client.get("/sign-in", headers={"accept-language": "en"})
    assert '<html lang="zh-CN">' in page.text
    answer = client.post("/language", data={"language": "en", "next": "/sign-in?next=%2Fplans"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fplans")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("duban_language=en;")
    for part in ("HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=lax"):
        assert part in cookie
    page = client.get(answer.headers["location"])
    assert '<html lang="en">' in page.text
    assert "Sign in" in page.text
    client.post("/language", data={"language": "zh"})
    assert '<html lang="zh-CN">' in client.get("/sign-in").text


def test_a_person_who_signed_in_keeps_the_page(sign_in: Callable[[str], Person]) -> None:
    secretary = sign_in("秘书处")
    origin = {"referer": "http://testserver/overdue?group=plan&notice=frozen&min_days=3"}
    answer = secretary.post("/language", {"language": "en", "next": "/overdue"}, headers=origin)
    assert answer.headers["location"] == "/overdue?group=plan&min_days=3"
    assert '<html lang="en">' in secretary.get("/overdue").text
    foreign = {"referer": "https://evil.example/desk"}
    answer = secretary.post("/language", {"language": "zh", "next": "/desk"}, headers=foreign)
    assert answer.headers["location"] == "/desk"


def test_the_choice_leads_to_no_other_site(client: TestClient) -> None:
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "//[", "x"):
        answer = client.post("/language", data={"language": "en", "next": target})
        assert answer.headers["location"] == "/"


def test_another_site_cannot_choose(client: TestClient, sign_in: Callable[[str], Person]) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = client.post("/language", data={"language": "en"}, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    person = sign_in("秘书处")
    answer = person.http.post(
        "/language", data={"language": "en", "csrf": "wrong"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403


def test_an_unknown_language_is_refused_and_a_foreign_cookie_ignored(client: TestClient) -> None:
    assert client.post("/language", data={"language": "tlh"}).status_code == 422
    assert client.get("/language").status_code == 405
    page = client.get("/sign-in", headers={"cookie": "duban_language=../../etc"})
    assert '<html lang="zh-CN">' in page.text


def test_every_language_has_a_name_of_its_own() -> None:
    assert LANGUAGE_NAMES.keys() == LANGUAGES.keys()


def test_errors_speak_the_readers_language(settings: Settings, clock: HeldClock, database: Database) -> None:
    app = create_app(settings, clock, database)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError

    client = TestClient(app, raise_server_exceptions=False, headers=ENGLISH)
    missing, failed = client.get("/nothing"), client.get("/broken")
    assert (missing.status_code, failed.status_code) == (404, 500)
    assert "Page not found" in missing.text
    assert "Something went wrong" in failed.text
    assert '<html lang="en">' in failed.text


def test_the_answer_to_a_form_offers_no_language(sign_in: Callable[[str], Person], history: History) -> None:
    """Choosing there would lose what was typed."""
    liaison = sign_in("甲局联络员")
    key = history.key("甲局")
    assert 'action="/language"' in liaison.get(f"/obligations/{key}").text
    refused = liaison.post(f"/obligations/{key}/updates", {"revision": 1, "kind": "interim", "text": ""})
    assert refused.status_code == 422
    assert 'action="/language"' not in refused.text


# Official


def english(app: FastAPI, login: str) -> Person:
    person = Person(app, login)
    person.http.headers.update(
        {"cookie": "; ".join([*(f"{k}={v}" for k, v in person.http.cookies.items()), ENGLISH["cookie"]])}
    )
    assert '<html lang="en">' in person.get("/plans").text
    return person


def test_an_english_reader_freezes_and_mails_chinese(app: FastAPI, database: Database) -> None:
    secretary = english(app, "秘书处")
    sent = secretary.post("/desk/weekly")
    assert sent.status_code == 303
    with database.reading() as session:
        mails = session.exec(select(OutboxMail)).all()
        assert mails
        for mail in mails:
            assert "逾期清单" in mail.subject
            assert "No." not in mail.subject
            assert '<html lang="zh-CN">' in mail.html
        attached = [stored["file_name"] for mail in mails for stored in mail.attachments]
    assert attached == ["测试区逾期清单〔2024〕第1期.xlsx"]
    frozen = sent.headers["location"].partition("?")[0]
    assert "no. 1 of 2024" in secretary.get(frozen).text
    sheet = load_workbook(io.BytesIO(secretary.get(f"{frozen}.xlsx").content))
    assert sheet.sheetnames == ["逾期清单", "按单位汇总"]
    with zipfile.ZipFile(io.BytesIO(secretary.get(f"{frozen}.docx").content)) as circular:
        document = circular.read("word/document.xml").decode()
    assert "关于承办事项逾期情况的通报" in document
    assert "Circular" not in document
    live = secretary.get("/overdue.xlsx")
    assert load_workbook(io.BytesIO(live.content)).sheetnames == ["逾期清单", "按单位汇总"]


def test_an_english_installation_mails_english_to_a_chinese_reader(
    settings: Settings, clock: HeldClock, database: Database
) -> None:
    app = create_app(settings.model_copy(update={"language": "en"}), clock, database)
    assert '<html lang="en">' in TestClient(app).get("/sign-in").text
    secretary = Person(app, "秘书处")
    secretary.http.headers.update(
        {"cookie": "; ".join([*(f"{k}={v}" for k, v in secretary.http.cookies.items()), "duban_language=zh"])}
    )
    assert '<html lang="zh-CN">' in secretary.get("/desk").text
    assert secretary.post("/desk/weekly").status_code == 303
    with database.reading() as session:
        subjects = session.execute(text("SELECT subject FROM outbox_mail")).scalars().all()
    assert subjects
    assert all(subject.startswith("[Overdue list") for subject in subjects)


# Chinese on an English page


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<td>区残联</td>", '<td lang="zh-CN">区残联</td>'),
        ("<p>Returned by 秘书处 on 3 May</p>", '<p>Returned by <bdi lang="zh-CN">秘书处</bdi> on 3 May</p>'),
        ("<p>No “甲局” here</p>", '<p>No “<bdi lang="zh-CN">甲局</bdi>” here</p>'),
        ("<p>甲局、乙局 <b>Lead</b></p>", '<p><bdi lang="zh-CN">甲局、乙局</bdi> <b>Lead</b></p>'),
        ("<td>推进APP建设，2024年底前</td>", '<td lang="zh-CN">推进APP建设，2024年底前</td>'),
        ('<option value="1">甲局 (3)</option>', '<option value="1" lang="zh-CN">甲局 (3)</option>'),
        ("<title>甲局 · Duban</title>", '<title lang="zh-CN">甲局 · Duban</title>'),
        ('<input name="q" value="残联">', '<input name="q" value="残联" lang="zh-CN">'),
        ('<button lang="zh-CN">中文</button>', '<button lang="zh-CN">中文</button>'),
        ("<svg><text x='1'>甲局</text></svg>", "<svg><text x='1' lang=\"zh-CN\">甲局</text></svg>"),
        ("<!-- 甲局 --><p>A</p>", "<!-- 甲局 --><p>A</p>"),
        ("<script>const a = '甲';</script>", "<script>const a = '甲';</script>"),
        ("<p>Nothing</p>", "<p>Nothing</p>"),
        ("甲局 begins", '<bdi lang="zh-CN">甲局</bdi> begins'),
        ("<textarea>\n甲 and &lt;乙&gt;</textarea>", '<textarea lang="zh-CN">\n甲 and &lt;乙&gt;</textarea>'),
    ],
)
def test_chinese_is_marked(before: str, after: str) -> None:
    assert mark_chinese(before) == after
    assert mark_chinese(after) == after


def test_marking_changes_no_text() -> None:
    page = "<p>" + "長𠀀文 mixed with words, 1&amp;2、三；<b>四</b>" * 2000 + "</p>"
    assert re.sub(r"</?bdi[^>]*>| lang=\"zh-CN\"", "", mark_chinese(page)) == page


@pytest.mark.parametrize("text", ["甲 x", "甲 ", "甲a", "甲1a", "——", "“甲", "甲1", "· ", "１ 甲 & "])
def test_marking_takes_no_longer_than_reading(text: str) -> None:
    """A pattern that tries again in many ways would stand still on a long report."""
    for end in ("", "x", " x", "&amp;", "“"):
        page = f"<p>{text * 20_000}{end}</p>"
        assert re.sub(r"</?bdi[^>]*>| lang=\"zh-CN\"", "", mark_chinese(page)) == page
