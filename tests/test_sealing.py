import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import Unavailable
from app.sealing import KEY_FILE, Sealer

# Waits until all are ready, then needs the key at once with the others.
ONE_OF_SEVERAL = """
import sys, time
from pathlib import Path
from app.sealing import Sealer
folder = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
sealer = Sealer(folder)
sealer.make()
print(sealer.seal(sys.argv[2]))
"""


def test_of_several_processes_at_once_one_makes_the_key_and_all_have_it(tmp_path: Path) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ONE_OF_SEVERAL, tmp_path, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in running:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    sealed = [each.communicate()[0] for each in running]
    assert {Sealer(tmp_path).open(text.strip()) for text in sealed} == {"0", "1", "2"}
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_what_was_sealed_says_nothing_and_cannot_be_changed(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path)
    sealer.make()
    sealed = sealer.seal("7:SECRET")
    assert sealer.seal("7:SECRET") != sealed
    assert "SECRET" not in sealed
    assert len(sealed) <= 255
    for changed in (sealed[:-4] + "AAA=", sealed[::-1], "", "not sealed", "密"):
        with pytest.raises(Unavailable, match="与数据不符"):
            sealer.open(changed)


def test_a_key_that_is_missing_or_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="缺少密钥文件"):
        Sealer(tmp_path).open("sealed")
    (tmp_path / "a file").touch()
    with pytest.raises(Unavailable, match="无法建立"):
        Sealer(tmp_path / "a file").make()
    (tmp_path / KEY_FILE).mkdir()
    with pytest.raises(Unavailable, match="无法读取"):
        Sealer(tmp_path).seal("x")


def test_derived_bytes_are_the_same_for_the_same_purpose_alone(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path)
    sealer.make()
    assert sealer.derived("a", 20) == sealer.derived("a", 20) != sealer.derived("b", 20)
    other = Sealer(tmp_path / "elsewhere")
    other.make()
    assert other.derived("a", 20) != sealer.derived("a", 20)
