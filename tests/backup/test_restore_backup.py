"""A backup goes into an empty place only, and only if every byte is what its manifest says."""

import io
import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from app.db import Database
from tests.backup.conftest import Office

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def file(office: Office, tmp_path: Path) -> Path:
    (tmp_path / "safe").mkdir()
    assert office.backup(tmp_path / "safe" / "one.zip")[0] == 0
    return tmp_path / "safe" / "one.zip"


def contents(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(file: Path, files: dict[str, bytes], **packed: int) -> Path:
    target = file.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            kind = zipfile.ZIP_DEFLATED if name.startswith("database.sqlite3") else zipfile.ZIP_STORED
            archive.writestr(name, content, packed.get(name.replace(".", "_"), kind))
    return target


def manifest_changed(files: dict[str, bytes], change: Callable[[dict[str, object]], None]) -> None:
    said = json.loads(files["manifest.json"])
    change(said)
    files["manifest.json"] = json.dumps(said).encode()


def assert_refused(elsewhere: Office, file: Path, sentence: str) -> None:
    code, said = elsewhere.restore(file)
    assert (code, "Traceback" in said) == (1, False), said
    assert sentence in said
    var = elsewhere.settings.var_dir
    assert not var.exists() or list(var.iterdir()) == [], "nothing is left behind"
    assert tables(elsewhere) == 0


def tables(place: Office) -> int:
    if place.settings.database.startswith("sqlite"):
        return int(Path(place.settings.database.removeprefix("sqlite:///")).exists())
    database = Database(place.settings.database)
    with database.engine.connect() as connection:
        found = connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar_one()
    database.close()
    return int(found)


# Only an empty place


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_folder_with_something_in_it_is_not_touched(elsewhere: Office, file: Path) -> None:
    var = elsewhere.settings.var_dir
    (var / "evidence").mkdir(parents=True)
    code, said = elsewhere.restore(file)
    assert (code, "不是空的" in said, "未作恢复" in said) == (1, True, True)
    assert [path.name for path in var.iterdir()] == ["evidence"]


def test_a_database_with_tables_is_not_touched(office: Office, file: Path, tmp_path: Path) -> None:
    same = office.settings.model_copy(update={"var_dir": tmp_path / "other"})
    code, said = Office(same, office.monkeypatch, office.capsys).restore(file)
    assert (code, "已有" in said, "未作恢复" in said) == (1, True, True)
    assert office.verify()[0] == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_a_killed_restore_left_does_not_stop_the_next(elsewhere: Office, file: Path) -> None:
    left = elsewhere.settings.var_dir / ".duban-restore-abc"
    left.mkdir(parents=True)
    (left / ".lock").touch()
    code, said = elsewhere.restore(file)
    assert code == 0, said
    assert not left.exists()


def test_the_other_kind_of_database_is_refused(elsewhere: Office, file: Path, tmp_path: Path) -> None:
    sqlite = elsewhere.settings.database.startswith("sqlite")
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none" if sqlite else f"sqlite:///{tmp_path / 'new' / 'x.sqlite3'}"
    other = elsewhere.settings.model_copy(update={"database_url": url})
    code, said = Office(other, elsewhere.monkeypatch, elsewhere.capsys).restore(file)
    assert (code, "不能互相恢复" in said) == (1, True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_newer_schema_is_refused(elsewhere: Office, file: Path) -> None:
    files = contents(file)
    manifest_changed(files, lambda said: said["figures"].update(revision="20991231future"))  # type: ignore[attr-defined]
    assert_refused(elsewhere, written(file, files), "由更新版本的程序")


# Only what the manifest says


def tampered(files: dict[str, bytes]) -> None:
    name = next(name for name in files if name.startswith("evidence/"))
    files[name] = b"signed by nobody!!!"


def swapped_database(files: dict[str, bytes]) -> None:
    name = next(name for name in files if name.startswith("database."))
    files[name] = files[name][:-7] + b"another"


def one_more(name: str) -> Change:
    def change(files: dict[str, bytes]) -> None:
        files[name] = b"x"

    return change


def one_more_that_is_named(name: str) -> Change:
    def change(files: dict[str, bytes]) -> None:
        one_more(name)(files)
        mark = {"sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "size": 1}
        manifest_changed(files, lambda said: said["files"].update({name: mark}))  # type: ignore[attr-defined]

    return change


def one_less(files: dict[str, bytes]) -> None:
    del files[next(name for name in files if name.startswith("evidence/"))]


def other_counts(files: dict[str, bytes]) -> None:
    manifest_changed(files, lambda said: said["figures"]["tables"].update(obligation=1))  # type: ignore[index]


def no_manifest(files: dict[str, bytes]) -> None:
    del files["manifest.json"]


def other_format(files: dict[str, bytes]) -> None:
    manifest_changed(files, lambda said: said.update(format="duban-backup/99"))


CHANGES: list[tuple[str, Change, str]] = [
    ("tampered", tampered, "与清单中的校验值不符"),
    ("swapped database", swapped_database, "与清单中的校验值不符"),
    ("one more", one_more("notes.txt"), "与其清单不符"),
    ("a way up", one_more("../../outside"), "与其清单不符"),
    ("a way up that is named", one_more_that_is_named("../../outside"), "不认识的文件"),
    ("from the root", one_more_that_is_named("/etc/cron.d/x"), "不认识的文件"),
    ("up from the evidence", one_more_that_is_named("evidence/../../x"), "不认识的文件"),
    ("one less", one_less, "与其清单不符"),
    ("other counts", other_counts, "与清单不符"),
    ("no manifest", no_manifest, "不是督办的备份"),
    ("other format", other_format, "清单无法读取"),
]


@pytest.mark.parametrize(("change", "sentence"), [pytest.param(*case[1:], id=case[0]) for case in CHANGES])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_changed_backup_is_refused(elsewhere: Office, file: Path, change: Change, sentence: str) -> None:
    files = contents(file)
    change(files)
    assert_refused(elsewhere, written(file, files), sentence)
    assert not (file.parent.parent / "outside").exists()


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_changed_dump_is_refused(elsewhere: Office, file: Path) -> None:
    files = contents(file)
    swapped_database(files)
    assert_refused(elsewhere, written(file, files), "与清单中的校验值不符")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestFilesThatAreMadeToDoHarm:
    def test_half_a_file(self, elsewhere: Office, file: Path) -> None:
        half = file.with_name("half.zip")
        half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        assert_refused(elsewhere, half, "已损坏")

    def test_no_file_at_all(self, elsewhere: Office, file: Path) -> None:
        assert_refused(elsewhere, file.with_name("none.zip"), "没有这个文件")

    def test_a_folder(self, elsewhere: Office, file: Path) -> None:
        assert_refused(elsewhere, file.parent, "无法使用")

    def test_a_link_instead_of_a_file(self, elsewhere: Office, file: Path) -> None:
        files = contents(file)
        target = file.with_name("link.zip")
        with zipfile.ZipFile(target, "w") as archive:
            for name, content in files.items():
                entry = zipfile.ZipInfo(name)
                kind = stat.S_IFLNK if name == "secret.key" else stat.S_IFREG
                entry.external_attr = (kind | 0o777) << 16
                archive.writestr(entry, content)
        assert_refused(elsewhere, target, "secret.key 与其清单不符")

    def test_the_same_name_twice(self, elsewhere: Office, file: Path) -> None:
        with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
            archive.writestr("secret.key", b"another")
        assert_refused(elsewhere, file, "不是督办的备份，或已损坏")

    def test_a_bomb(self, elsewhere: Office, file: Path) -> None:
        files = contents(file)
        files["database.sqlite3"] = bytes(30_000_000)

        def claim(said: dict[str, dict[str, object]]) -> None:
            said["files"]["database.sqlite3"] = {"sha256": "0" * 64, "size": 30_000_000}

        manifest_changed(files, claim)  # type: ignore[arg-type]
        assert_refused(elsewhere, written(file, files), "异常庞大")

    def test_a_compressed_manifest(self, elsewhere: Office, file: Path) -> None:
        files = contents(file)
        assert_refused(elsewhere, written(file, files, manifest_json=zipfile.ZIP_DEFLATED), "不是本程序写入的")

    def test_a_file_that_lies_about_its_size(self, elsewhere: Office, file: Path) -> None:
        content = bytearray(file.read_bytes())
        place = content.rindex(b"PK\x01\x02")  # the manifest's entry in the table of contents
        content[place + 24 : place + 28] = (2**31).to_bytes(4, "little")
        file.write_bytes(content)
        assert_refused(elsewhere, file, "未予读取")

    def test_a_disk_that_is_too_small(self, elsewhere: Office, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        small = shutil.disk_usage("/")._replace(free=1000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: small)
        assert_refused(elsewhere, file, "磁盘空间不足")

    def test_noise(self, elsewhere: Office, file: Path) -> None:
        noise = file.with_name("noise.zip")
        noise.write_bytes(io.BytesIO(b"PK\x03\x04" + bytes(range(256)) * 100).getvalue())
        assert_refused(elsewhere, noise, "已损坏")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_reading_through_finds_a_single_changed_byte(office: Office, file: Path) -> None:
    content = bytearray(file.read_bytes())
    place = content.index(b"signed by everybody")
    content[place] ^= 1
    file.write_bytes(content)
    code, said = office.backup(file, check=True)
    assert (code, "已损坏" in said) == (1, True)
