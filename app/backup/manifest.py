"""What a backup says of itself; the last thing that is written into it and the first that is read."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.backup.faults import BadBackup

MANIFEST = "manifest.json"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
# Beside the evidence, below the var folder: the key of the second factors, the day of a demonstration.
KEPT = ("secret.key", "demo-day")
EVIDENCE = "evidence/"  # and the file's own SHA-256

_Sha256 = Field(pattern=r"^[0-9a-f]{64}$")


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileMark(_Said):
    """`size` in bytes."""

    sha256: str = _Sha256
    size: int = Field(ge=0)


class ChainHead(_Said):
    """The newest entry of one chain of the audit trail."""

    seq: int = Field(ge=0)
    sha256: str = Field(pattern=r"^([0-9a-f]{64})?$")


class Figures(_Said):
    """What the database amounts to. `tables`: rows by table; `chains`: heads by chain, empty before there were any."""

    revision: str = Field(min_length=1)
    tables: dict[str, int]
    chains: dict[int, ChainHead]


class Manifest(_Said):
    """`files`: everything else that is in the backup. `lacking`: evidence that could not be had, and why."""

    format: Literal["duban-backup/1"] = "duban-backup/1"
    program: str
    made_at: AwareDatetime
    database: Literal["sqlite", "postgresql"]
    figures: Figures
    files: dict[str, FileMark]
    lacking: dict[str, str]

    @property
    def database_file(self) -> str:
        return DATABASES[self.database]

    @property
    def evidence(self) -> list[str]:
        return [name for name in self.files if name.startswith(EVIDENCE)]


def read_manifest(content: bytes) -> Manifest:
    """Raises BadBackup for what is no manifest, or one that contradicts itself."""
    try:
        said = Manifest.model_validate_json(content)
    except ValidationError as error:
        raise BadBackup("备份中的清单无法读取，文件不是督办的备份，或由更新版本的程序制作。") from error
    for name, mark in said.files.items():
        own = name in {said.database_file, *KEPT} or name == EVIDENCE + mark.sha256
        if not own:
            raise BadBackup(f"备份的清单中有不认识的文件 {name!r}，未予读取。")
    if said.database_file not in said.files:
        raise BadBackup("备份中没有数据库。")
    return said
