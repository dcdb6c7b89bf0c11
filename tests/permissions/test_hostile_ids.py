"""All routes with numbers and codes that nobody gave to who asks: no accident, nothing of another region.

That no page says anything of the neighbours unasked is looked at where every page is asked for anyway, in
`test_permissions.py`.
"""

import pytest

from tests.permissions.conftest import Stage
from tests.permissions.table import read_table
from tests.permissions.test_permissions import sent
from tests.permissions.world import FOREIGN, OURS, PEOPLE, Door, browser_of

TABLE = read_table("Every route")
# What is public is addressed by a token or by a plan's code that everybody may know.
ADDRESSED = [
    door for door, row in TABLE.cells.items() if set(door.parameters) - {"day"} and row["anonymous"] == "sign-in"
]
HOSTILE = ("0", "-1", str(2**63), "1%27%20OR%201=1", "%00", "a" * 3000)


def who_may(door: Door) -> str:
    """What others are refused is refused before anything is looked up."""
    return next((person for person, cell in TABLE.cells[door].items() if cell in {"page", "done"}), "secretariat")


@pytest.mark.parametrize("person", sorted({who_may(door) for door in ADDRESSED}))
def test_no_address_is_an_accident(stage: Stage, person: str) -> None:
    """Each parameter in turn, as somebody whom the page would come to."""
    found = []
    with browser_of(stage.app, PEOPLE[person]) as browser:
        for door in (door for door in ADDRESSED if who_may(door) == person):
            for name in {door.known_as(parameter) for parameter in door.parameters}:
                for value in HOSTILE:
                    address = door.address({**stage.world.own, name: value})
                    status = sent(browser, door, address).status_code
                    if status not in {404, 405, 422}:
                        found.append(f"{door.method} {address[:80]}: {status}")
    assert found == []


@pytest.mark.parametrize("person", [person for person, login in PEOPLE.items() if login and login in OURS])
def test_nobody_of_ours_reaches_anything_of_the_neighbours(stage: Stage, person: str) -> None:
    """With the neighbour's numbers where the own ones open; where those do not, nothing is looked up."""
    found = []
    open_doors = [door for door in ADDRESSED if TABLE.cells[door][person] in {"page", "done"}]
    with browser_of(stage.app, PEOPLE[person]) as browser:
        for door in open_doors:
            answer = sent(browser, door, door.address(stage.world.foreign))
            told = FOREIGN.encode() in answer.content or FOREIGN in answer.headers.get("location", "")
            own_trail = door.path.startswith("/audit")  # the trail's places are called alike everywhere
            if told or (answer.status_code not in {303, 401, 403, 404, 422} and not own_trail):
                found.append(f"{door.method} {door.path} as {person}: {answer.status_code}")
    assert found == []


def test_no_filter_leads_across(stage: Stage) -> None:
    """Behind the question mark, as the one who may ask most."""
    foreign = stage.world.foreign
    asked = "place=system&" + "&".join(f"{name}={foreign[key]}" for name, key in ASKED)
    found = []
    with browser_of(stage.app, PEOPLE["secretariat"]) as browser:
        for door in TABLE.cells:
            if door.method == "GET" and not door.parameters:
                answer = sent(browser, door, f"{door.path}?{asked}")
                if FOREIGN.encode() in answer.content or answer.status_code >= 500:
                    found.append(f"{door.path}: {answer.status_code}")
    assert found == []


ASKED = (
    ("region", "region_id"),
    ("region_id", "region_id"),
    ("department", "department_id"),
    ("department_id", "department_id"),
    ("group", "group_id"),
    ("plan", "code"),
    ("about", "account_id"),
    ("account_id", "account_id"),
)


def test_the_neighbours_words_would_be_found(stage: Stage) -> None:
    """The scans above are worth something only if these pages say 邻区 to those who may read them."""
    silent = []
    with browser_of(stage.app, "邻区秘书处") as browser:
        for door in ADDRESSED:
            answer = browser.send("GET", door.address(stage.world.foreign)) if door.method == "GET" else None
            if answer is not None and answer.status_code == 200 and FOREIGN.encode() not in answer.content:
                silent.append(door.path)
    # Office files are packed; what they say is looked at where they are tested. A mail is written to one person.
    assert [path for path in silent if not path.endswith((".xlsx", ".docx")) and "mail" not in path] == []
