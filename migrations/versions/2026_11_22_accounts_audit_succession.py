"""Ways in, the audit trail, successions that can be taken back, hand-overs, tokens; history that refuses to change."""

from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op

from app.models import columns

revision = "20261123audit"
down_revision = "20261122pages"
branch_labels = None
depends_on = None

OLD_ROLES = ["admin", "secretariat", "liaison", "head", "leader", "expert"]

# What has happened stays as it was written. A later migration that makes one of these tables anew in SQLite
# (batch_alter_table) has to put its triggers back; a test looks for them.
APPEND_ONLY = (
    "audit_entry",
    "obligation_event",
    "overdue_list",
    "overdue_row",
    "plan_release",
    "handover",
)
# An entry of the audit trail may go only when it is older than six months (Cybersecurity Law, article 21) and a later
# entry of its chain tells that it goes.
MAY_GO = {
    "sqlite": (
        "OLD.at < datetime('now', '-6 months') AND EXISTS"
        " (SELECT 1 FROM audit_entry e WHERE e.chain = OLD.chain AND e.removed_up_to >= OLD.seq)"
    ),
    "postgresql": (
        "OLD.at < now() - interval '6 months' AND EXISTS"
        " (SELECT 1 FROM audit_entry e WHERE e.chain = OLD.chain AND e.removed_up_to >= OLD.seq)"
    ),
}


# The checks of the tables that SQLite makes anew, which it would lose (Alembic does not read them back).
SUCCESSION_CHECKS = {
    "ck_succession_successionkind": "kind IN ('rename', 'merge', 'split', 'transfer')",
    "ck_succession_certainty": "certainty IN ('printed', 'probable', 'assumed')",
    "ck_succession_two_departments": "predecessor_id <> successor_id",
}


def _allow_roles(batch_op: Any, roles: list[str]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        batch_op.drop_constraint(batch_op.f("ck_account_accountrole"), type_="check")
    allowed = ", ".join(f"'{role}'" for role in roles)
    batch_op.create_check_constraint(batch_op.f("ck_account_accountrole"), f"role IN ({allowed})")


def _keep_checks(batch_op: Any, checks: dict[str, str]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, condition in checks.items():
            batch_op.create_check_constraint(batch_op.f(name), condition)


def _protect(table: str, dialect: str) -> None:
    is_trail = table == "audit_entry"
    if dialect == "sqlite":
        unless = f" WHEN NOT ({MAY_GO[dialect]})" if is_trail else ""
        for verb, condition in (("UPDATE", ""), ("DELETE", unless)):
            op.execute(
                f"CREATE TRIGGER append_only_{table}_{verb.lower()} BEFORE {verb} ON {table}{condition}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    # PostgreSQL lets no condition of a trigger ask a table: the trail's is asked by its function.
    function = "duban_audit_keeps" if is_trail else "duban_append_only"
    op.execute(
        f"CREATE TRIGGER append_only_{table}_update BEFORE UPDATE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION duban_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER append_only_{table}_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
    )
    op.execute(
        f"CREATE TRIGGER append_only_{table}_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION duban_append_only()"
    )


def _protect_all() -> None:
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        refuse = "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;"
        op.execute(f"CREATE FUNCTION duban_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refuse} END $$")
        op.execute(
            "CREATE FUNCTION duban_audit_keeps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {MAY_GO[dialect]} THEN RETURN OLD; END IF; {refuse} END $$"
        )
    for table in APPEND_ONLY:
        _protect(table, dialect)


def _let_go() -> None:
    dialect = op.get_bind().dialect.name
    for table in APPEND_ONLY:
        for verb in ("update", "delete", "truncate"):
            where = f" ON {table}" if dialect == "postgresql" else ""
            op.execute(f"DROP TRIGGER IF EXISTS append_only_{table}_{verb}{where}")
    if dialect == "postgresql":
        op.execute("DROP FUNCTION duban_append_only()")
        op.execute("DROP FUNCTION duban_audit_keeps()")


def upgrade() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    op.create_table(
        "provider_visit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("state_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("nonce", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("code_verifier", sqlmodel.sql.sqltypes.AutoString(length=128), nullable=False),
        sa.Column("target", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_visit")),
        sa.UniqueConstraint("state_sha256", name=op.f("uq_provider_visit_state_sha256")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("token_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("hint", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column(
            "scope",
            sa.Enum("read", "report", name="tokenscope", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.Column("last_used_at", columns.UtcDateTime(), nullable=True),
        sa.Column("revoked_at", columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_api_token_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_api_token_token_sha256")),
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_account_id"), ["account_id"], unique=False)

    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("chain", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", columns.UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column(
            "channel",
            sa.String(length=32),
            nullable=False,
        ),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column(
            "action",
            sa.String(length=32),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.String(length=32),
            nullable=False,
        ),
        sa.Column("subject_table", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("removed_up_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("previous_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["account.id"], name=op.f("fk_audit_entry_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("chain", "seq", name=op.f("uq_audit_entry_chain_seq")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_action", ["chain", "action", "seq"], unique=False)
        batch_op.create_index("ix_audit_entry_actor", ["chain", "actor_id", "seq"], unique=False)
        batch_op.create_index("ix_audit_entry_at", ["chain", "at"], unique=False)
        batch_op.create_index("ix_audit_entry_subject", ["chain", "subject_table", "subject_id"], unique=False)
        batch_op.create_index(
            "ix_audit_entry_removed",
            ["chain", "removed_up_to"],
            unique=False,
            sqlite_where=sa.text("removed_up_to IS NOT NULL"),
            postgresql_where=sa.text("removed_up_to IS NOT NULL"),
        )

    op.create_table(
        "handover",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("to_account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("made_at", columns.UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("from_account_id <> to_account_id", name=op.f("ck_handover_two_accounts")),
        sa.ForeignKeyConstraint(["from_account_id"], ["account.id"], name=op.f("fk_handover_from_account_id")),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_handover_made_by")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_handover_region_id")),
        sa.ForeignKeyConstraint(["to_account_id"], ["account.id"], name=op.f("fk_handover_to_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_from_account_id"), ["from_account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handover_region_id"), ["region_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handover_to_account_id"), ["to_account_id"], unique=False)

    op.create_table(
        "known_device",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("seen_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_known_device_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_device")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_known_device_token_sha256")),
    )
    with op.batch_alter_table("known_device", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_known_device_account_id"), ["account_id"], unique=False)

    op.create_table(
        "one_time_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("first", "reset", name="linkpurpose", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("token_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.Column("used_at", columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_one_time_link_account_id")),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_one_time_link_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_link")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_one_time_link_token_sha256")),
    )
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_link_account_id"), ["account_id"], unique=False)

    op.create_table(
        "past_password",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("password_hash", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("replaced_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_past_password_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_password")),
    )
    with op.batch_alter_table("past_password", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_past_password_account_id"), ["account_id"], unique=False)

    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("login_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("network", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["known_device.id"], name=op.f("fk_sign_in_failure_device_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    with op.batch_alter_table("sign_in_failure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_failure_device_id"), ["device_id"], unique=False)
        batch_op.create_index("ix_sign_in_failure_login", ["login_sha256", "at"], unique=False)
        batch_op.create_index("ix_sign_in_failure_network", ["network", "at"], unique=False)

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("must_change", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("password_set_at", columns.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("totp_secret", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True))
        batch_op.add_column(sa.Column("totp_step", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column("provider_subject", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_account_provider_subject"), ["provider_subject"])
        _allow_roles(batch_op, [*OLD_ROLES, "security", "auditor"])

    with op.batch_alter_table("account_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("factor_due", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("wrong_codes", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("way", sa.String(length=16), server_default="password", nullable=False))
        batch_op.add_column(sa.Column("address", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("agent", sa.String(length=200), server_default="", nullable=False))

    with op.batch_alter_table("overdue_list", schema=None) as batch_op:
        batch_op.add_column(sa.Column("audit_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column("audit_sha256", sa.String(length=64), server_default="", nullable=False))

    op.add_column("progress_update", sa.Column("request_key", sa.String(length=64), nullable=True))
    op.create_index("ix_progress_update_request", "progress_update", ["request_key"], unique=True)

    op.add_column("department", sa.Column("never_used", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("succession", schema=None) as batch_op:
        batch_op.add_column(sa.Column("task_ids", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("act_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column("made", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("choices", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("done", sa.JSON(none_as_null=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_succession_act_id"), "succession", ["act_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_succession_act_id"), ["act_id"], unique=False)
        batch_op.add_column(sa.Column("recorded_at", columns.UtcDateTime(), nullable=True))
        batch_op.add_column(
            sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("undone_at", columns.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("undone_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_succession_predecessor_id_successor_id"), type_="unique")
        batch_op.create_index(
            "uq_succession_standing",
            ["predecessor_id", "successor_id", "on"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.create_foreign_key(batch_op.f("fk_succession_undone_by"), "account", ["undone_by"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_succession_recorded_by"), "account", ["recorded_by"], ["id"])
        _keep_checks(batch_op, SUCCESSION_CHECKS)

    _protect_all()


def downgrade() -> None:
    _let_go()
    op.drop_index("ix_progress_update_request", "progress_update")
    op.drop_column("progress_update", "request_key")

    with op.batch_alter_table("succession", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_succession_recorded_by"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_succession_undone_by"), type_="foreignkey")
        batch_op.drop_index(
            "uq_succession_standing",
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_succession_predecessor_id_successor_id"), ["predecessor_id", "successor_id"]
        )
        batch_op.drop_column("undone_by")
        batch_op.drop_column("undone_at")
        batch_op.drop_column("recorded_by")
        batch_op.drop_column("recorded_at")
        batch_op.drop_constraint(batch_op.f("fk_succession_act_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_succession_act_id"))
        batch_op.drop_column("done")
        batch_op.drop_column("choices")
        batch_op.drop_column("made")
        batch_op.drop_column("act_id")
        batch_op.drop_column("task_ids")
        _keep_checks(batch_op, SUCCESSION_CHECKS)

    op.drop_column("department", "never_used")

    with op.batch_alter_table("overdue_list", schema=None) as batch_op:
        batch_op.drop_column("audit_sha256")
        batch_op.drop_column("audit_seq")

    with op.batch_alter_table("account_session", schema=None) as batch_op:
        batch_op.drop_column("agent")
        batch_op.drop_column("address")
        batch_op.drop_column("way")
        batch_op.drop_column("wrong_codes")
        batch_op.drop_column("factor_due")

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_account_provider_subject"), type_="unique")
        batch_op.drop_column("provider_subject")
        batch_op.drop_column("totp_step")
        batch_op.drop_column("totp_secret")
        batch_op.drop_column("password_set_at")
        batch_op.drop_column("must_change")
        _allow_roles(batch_op, OLD_ROLES)

    with op.batch_alter_table("sign_in_failure", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_failure_network")
        batch_op.drop_index("ix_sign_in_failure_login")
        batch_op.drop_index(batch_op.f("ix_sign_in_failure_device_id"))

    op.drop_table("sign_in_failure")
    with op.batch_alter_table("past_password", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_past_password_account_id"))

    op.drop_table("past_password")
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_one_time_link_account_id"))

    op.drop_table("one_time_link")
    with op.batch_alter_table("known_device", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_known_device_account_id"))

    op.drop_table("known_device")
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handover_to_account_id"))
        batch_op.drop_index(batch_op.f("ix_handover_region_id"))
        batch_op.drop_index(batch_op.f("ix_handover_from_account_id"))

    op.drop_table("handover")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_removed")
        batch_op.drop_index("ix_audit_entry_subject")
        batch_op.drop_index("ix_audit_entry_at")
        batch_op.drop_index("ix_audit_entry_actor")
        batch_op.drop_index("ix_audit_entry_action")

    op.drop_table("audit_entry")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_account_id"))

    op.drop_table("api_token")
    op.drop_table("provider_visit")
    op.drop_table("audit_chain")
