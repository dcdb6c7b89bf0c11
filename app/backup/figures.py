"""What a database amounts to, asked without the models: it may be of an earlier schema than the program."""

from sqlalchemy import Connection, inspect, text

from app.backup.faults import BackupFault
from app.backup.manifest import ChainHead, Figures

_REVISION = "alembic_version"


def figures(connection: Connection) -> Figures:
    """Raises BackupFault for a database that no migration of ours has made."""
    names = set(inspect(connection).get_table_names())
    made = _REVISION in names
    revision = connection.execute(text(f"SELECT version_num FROM {_REVISION}")).scalar() if made else None  # noqa: S608
    if revision is None:
        raise BackupFault("数据库中还没有督办的数据，无可备份。请先运行：duban init")
    quoted = connection.dialect.identifier_preparer.quote
    counts = {
        name: connection.execute(text(f"SELECT count(*) FROM {quoted(name)}")).scalar_one()  # noqa: S608 (the name of a table)
        for name in sorted(names - {_REVISION})
    }
    heads = connection.execute(text("SELECT id, seq, sha256 FROM audit_chain")).all() if "audit_chain" in names else []
    return Figures(
        revision=revision,
        tables=counts,
        chains={head.id: ChainHead(seq=head.seq, sha256=head.sha256) for head in heads},
    )


def evidence_named(connection: Connection) -> list[tuple[str, int]]:
    """(sha256, size in bytes) of every file that a report refers to, each once."""
    if "evidence" not in inspect(connection).get_table_names():
        return []
    asked = text("SELECT DISTINCT sha256, size FROM evidence ORDER BY sha256")
    return [(row.sha256, row.size) for row in connection.execute(asked)]


def differences(said: Figures, found: Figures) -> list[str]:
    """One sentence for each figure that is not the manifest's."""
    lines = []
    if said.revision != found.revision:
        lines.append(f"数据库结构版本：清单为 {said.revision}，实为 {found.revision}")
    lines += [
        f"表 {name}：清单为{said.tables.get(name, '无')}行，实为{found.tables.get(name, '无')}行"
        for name in sorted(said.tables.keys() | found.tables.keys())
        if said.tables.get(name) != found.tables.get(name)
    ]
    lines += [
        f"审计链 {chain}：链首与清单不符"
        for chain in sorted(said.chains.keys() | found.chains.keys())
        if said.chains.get(chain) != found.chains.get(chain)
    ]
    return lines
