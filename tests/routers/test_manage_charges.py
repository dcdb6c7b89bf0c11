"""Which departments a leader is in charge of."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlmodel import select

from app.db import Database
from app.domain.audit import AuditAction
from app.models import Account, Department, LeaderCharge, Region
from app.queries.reminder_rules import charges, departments_without_leader
from app.settings import Settings
from tests.conftest import Person
from tests.history import History
from tests.trail import newest

SignIn = Callable[[str], Person]


@pytest.fixture
def leader(database: Database) -> int:
    with database.reading() as session:
        return session.exec(select(Account.id).where(Account.login == "领导")).one() or 0


def department(database: Database, name: str, region: str = "test") -> int:
    with database.reading() as session:
        found: int = session.execute(
            text("SELECT d.id FROM department d JOIN region r ON r.id = d.region_id WHERE d.name = :d AND r.code = :r"),
            {"d": name, "r": region},
        ).scalar_one()
    return found


def in_charge(database: Database, leader: int) -> frozenset[int] | None:
    with database.reading() as session:
        return charges(session, session.exec(select(Region.id).where(Region.code == "test")).one() or 0)[leader]


def seen(answer_text: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', answer_text)
    assert found is not None
    return found[1]


def test_a_leader_without_charges_hears_of_nothing(database: Database, leader: int) -> None:
    assert in_charge(database, leader) == frozenset()


def test_some_all_and_none_again(sign_in: SignIn, database: Database, leader: int) -> None:
    secretary, path = sign_in("秘书处"), f"/manage/accounts/{leader}/charges"
    first, second = department(database, "甲局"), department(database, "乙局")

    def save(whole: str, *keys: int) -> None:
        ticked = [str(key) for key in keys]
        form: dict[str, object] = {"seen": seen(secretary.get(path).text), "whole": whole, "departments": ticked}
        assert secretary.post(path, form).headers["location"] == f"/manage/accounts/{leader}?notice=saved"

    save("some", first, second, second)
    assert in_charge(database, leader) == frozenset({first, second})
    assert "甲局、乙局" in secretary.get(f"/manage/accounts/{leader}").text
    assert secretary.get(path).text.count("checked") == 3
    assert "您分管2个单位" in sign_in("领导").get("/account/reminders").text
    save("all", first)
    assert in_charge(database, leader) is None
    save("some", second)
    assert in_charge(database, leader) == frozenset({second})
    save("some")
    assert in_charge(database, leader) == frozenset()
    told = newest(database)
    assert (told.action, told.subject_table, told.subject_id) == (AuditAction.ACCOUNT, "account", leader)
    assert [change["table"] for change in told.changes] == ["leader_charge"]


def test_what_cannot_be_chosen_is_said_and_what_was_ticked_stays(
    sign_in: SignIn, database: Database, leader: int
) -> None:
    secretary, path = sign_in("秘书处"), f"/manage/accounts/{leader}/charges"
    mark = seen(secretary.get(path).text)
    own, foreign = department(database, "甲局"), department(database, "甲局", "next")
    for key in (str(foreign), "x", "9" * 30, "-1"):
        answer = secretary.post(path, {"seen": mark, "whole": "some", "departments": [str(own), key]})
        assert (answer.status_code, "没有这个单位" in answer.text) == (422, True)
        assert answer.text.count("checked") == 2
    answer = secretary.post(path, {"seen": mark, "whole": "", "departments": [str(own)]})
    assert (answer.status_code, "全部单位还是部分单位" in answer.text) == (422, True)
    assert in_charge(database, leader) == frozenset()


def test_of_two_at_once_the_second_is_told(sign_in: SignIn, database: Database, leader: int) -> None:
    secretary, path = sign_in("秘书处"), f"/manage/accounts/{leader}/charges"
    mark, key = seen(secretary.get(path).text), department(database, "甲局")
    assert secretary.post(path, {"seen": mark, "whole": "all"}).status_code == 303
    answer = secretary.post(path, {"seen": mark, "whole": "some", "departments": [str(key)]})
    assert (answer.status_code, answer.text.count("checked")) == (409, 2)
    assert in_charge(database, leader) is None


def test_only_a_leader_s_account_has_charges_and_only_its_keepers_set_them(
    sign_in: SignIn, database: Database, leader: int, settings: Settings, app: FastAPI
) -> None:
    with database.reading() as session:
        liaison = session.exec(select(Account.id).where(Account.login == "甲局联络员")).one()
    secretary = sign_in("秘书处")
    assert secretary.get(f"/manage/accounts/{liaison}/charges").status_code == 404
    for login in ("领导", "甲局联络员", "邻区秘书处"):
        person = sign_in(login)
        assert person.get(f"/manage/accounts/{leader}/charges").status_code == 404
        assert person.post(f"/manage/accounts/{leader}/charges", {"whole": "all"}).status_code == 404
    app.state.settings = settings.model_copy(update={"separate_duties": True})
    assert secretary.get(f"/manage/accounts/{leader}/charges").status_code == 404


def test_who_is_no_leader_any_more_keeps_no_charges(sign_in: SignIn, database: Database, leader: int) -> None:
    with database.writing() as session:
        region_id = session.get_one(Account, leader).region_id or 0
        session.add(LeaderCharge(region_id=region_id, account_id=leader))
    secretary = sign_in("秘书处")
    html = secretary.get(f"/manage/accounts/{leader}").text
    form: dict[str, object] = {"seen": seen(html), "name": "领导", "role": "expert", "department": "", "email": ""}
    assert secretary.post(f"/manage/accounts/{leader}", form).status_code == 303
    with database.reading() as session:
        assert session.exec(select(LeaderCharge.id)).all() == []


def test_a_charge_holds_for_the_successors_and_no_longer_than_they_are_ones(
    database: Database, history: History, leader: int
) -> None:
    old, new = department(database, "乙局"), department(database, "丙局")
    with database.writing() as session:
        region_id = session.get_one(Account, leader).region_id or 0
        session.add(LeaderCharge(region_id=region_id, account_id=leader, department_id=old))
    history.succeed("乙局", "丙局", date(2024, 11, 20))
    assert in_charge(database, leader) == frozenset({old, new})
    with database.reading() as session:
        names = [name for _key, name in departments_without_leader(session, region_id)]
        assert names == ["甲局", "残联", "东街道", "西街道", "旧局"]
        assert session.exec(select(Department.id).where(Department.id == old)).one()
    with database.writing() as session:
        session.execute(text("UPDATE succession SET applied_at = NULL"))
    assert in_charge(database, leader) == frozenset({old})  # on record, and not come to pass
    with database.writing() as session:
        session.execute(text("UPDATE succession SET applied_at = recorded_at, undone_at = '2024-11-21 00:00:00+00:00'"))
    assert in_charge(database, leader) == frozenset({old})
