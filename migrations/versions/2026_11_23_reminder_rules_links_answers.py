"""Reminder rules as data, runs made in steps, report links, answers by mail, bounces, second channels, alarms."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from app.models import columns

revision = "20261123reminders"
down_revision = "20261123audit"
branch_labels = None
depends_on = None

OUTBOX_REFERENCES = {
    "department_id": "department",
    "channel_id": "chat_channel",
    "held_by": "account",
    "copy_of": "outbox_mail",
    "resent_by": "account",
}
OUTBOX_STATES = "state IN ('queued', 'sending', 'sent', 'failed')"


def _big_id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _add_reference(table: str, column: str, target: str) -> None:
    """SQLite takes a reference with its column only, and then needs not make the table anew."""
    if op.get_bind().dialect.name == "sqlite":
        reference = sa.ForeignKey(f"{target}.id", name=op.f(f"fk_{table}_{column}"))
        op.add_column(table, sa.Column(column, _big_id(), reference, nullable=True), inline_references=True)
        return
    op.add_column(table, sa.Column(column, _big_id(), nullable=True))
    op.create_foreign_key(op.f(f"fk_{table}_{column}"), table, target, [column], ["id"])


def upgrade() -> None:
    op.create_table(
        "worker_beat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("started_at", columns.UtcDateTime(), nullable=False),
        sa.Column("beat_at", columns.UtcDateTime(), nullable=False),
        sa.Column("stopped_at", columns.UtcDateTime(), nullable=True),
        sa.Column("inbox_at", columns.UtcDateTime(), nullable=True),
        sa.Column("fault", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_beat")),
        sa.UniqueConstraint("name", name=op.f("uq_worker_beat_name")),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.Column("raised_at", columns.UtcDateTime(), nullable=False),
        sa.Column("cleared_at", columns.UtcDateTime(), nullable=True),
        sa.Column("told_at", columns.UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", columns.UtcDateTime(), nullable=False),
        sa.Column("error", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_alarm_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
        sa.UniqueConstraint("key", name=op.f("uq_alarm_key")),
    )
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alarm_region_id"), ["region_id"], unique=False)

    op.create_table(
        "chat_channel",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("service", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("sealed_url", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_chat_channel_created_by")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_chat_channel_department_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_chat_channel_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_channel")),
    )
    with op.batch_alter_table("chat_channel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chat_channel_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_chat_channel_region_id"), ["region_id"], unique=False)

    op.create_table(
        "leader_charge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_leader_charge_account_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_leader_charge_department_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_leader_charge_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leader_charge")),
    )
    with op.batch_alter_table("leader_charge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_leader_charge_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_leader_charge_region_id"), ["region_id"], unique=False)
        batch_op.create_index(
            "uq_leader_charge_all",
            ["account_id"],
            unique=True,
            sqlite_where=sa.text("department_id IS NULL"),
            postgresql_where=sa.text("department_id IS NULL"),
        )
        batch_op.create_index(
            "uq_leader_charge_one",
            ["account_id", "department_id"],
            unique=True,
            sqlite_where=sa.text("department_id IS NOT NULL"),
            postgresql_where=sa.text("department_id IS NOT NULL"),
        )

    op.create_table(
        "reminder_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("on_day", sa.Boolean(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("weekly", sa.Boolean(), nullable=False),
        sa.Column(
            "counting", sa.Enum("calendar", "working", name="counting", native_enum=False, length=32), nullable=False
        ),
        sa.Column("head_after", sa.Integer(), nullable=True),
        sa.Column("secretariat_after", sa.Integer(), nullable=True),
        sa.Column("leader_after", sa.Integer(), nullable=True),
        sa.Column("at_once", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("set_at", columns.UtcDateTime(), nullable=False),
        sa.Column("set_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_reminder_rule_plan_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_reminder_rule_region_id")),
        sa.ForeignKeyConstraint(["set_by"], ["account.id"], name=op.f("fk_reminder_rule_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_rule")),
    )
    with op.batch_alter_table("reminder_rule", schema=None) as batch_op:
        batch_op.create_index(
            "uq_reminder_rule_plan",
            ["plan_id"],
            unique=True,
            sqlite_where=sa.text("plan_id IS NOT NULL"),
            postgresql_where=sa.text("plan_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_reminder_rule_region",
            ["region_id"],
            unique=True,
            sqlite_where=sa.text("plan_id IS NULL"),
            postgresql_where=sa.text("plan_id IS NULL"),
        )

    op.create_table(
        "run_hold",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Enum("daily", "weekly", name="runkind", native_enum=False, length=32), nullable=False),
        sa.Column("run_date", sa.Date(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("held_at", columns.UtcDateTime(), nullable=False),
        sa.Column("held_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("released_at", columns.UtcDateTime(), nullable=True),
        sa.Column("released_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["held_by"], ["account.id"], name=op.f("fk_run_hold_held_by")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_run_hold_region_id")),
        sa.ForeignKeyConstraint(["released_by"], ["account.id"], name=op.f("fk_run_hold_released_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_hold")),
    )
    with op.batch_alter_table("run_hold", schema=None) as batch_op:
        batch_op.create_index(
            "uq_run_hold_standing",
            ["region_id", "kind", "run_date"],
            unique=True,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )

    op.create_table(
        "inbound_mail",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("fingerprint", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("message_id", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "answer",
                "bounce",
                "auto_reply",
                "stranger",
                "unreadable",
                name="inboundkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("from_address", sqlmodel.sql.sqltypes.AutoString(length=254), nullable=False),
        sa.Column("from_name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("mail_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(length=1000), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("read_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_inbound_mail_account_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_inbound_mail_department_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["outbox_mail.id"], name=op.f("fk_inbound_mail_mail_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_inbound_mail_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mail")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_inbound_mail_fingerprint")),
    )
    with op.batch_alter_table("inbound_mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbound_mail_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbound_mail_mail_id"), ["mail_id"], unique=False)
        batch_op.create_index("ix_inbound_mail_region", ["region_id", "id"], unique=False)

    op.create_table(
        "mailed_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("inbound_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("obligation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "taken", "dropped", name="answerstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("settled_at", columns.UtcDateTime(), nullable=True),
        sa.Column("settled_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_mailed_answer_department_id")),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_mail.id"], name=op.f("fk_mailed_answer_inbound_id")),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name=op.f("fk_mailed_answer_obligation_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_mailed_answer_region_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["account.id"], name=op.f("fk_mailed_answer_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailed_answer")),
    )
    with op.batch_alter_table("mailed_answer", schema=None) as batch_op:
        batch_op.create_index(
            "ix_mailed_answer_department", ["region_id", "department_id", "state", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_mailed_answer_inbound_id"), ["inbound_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mailed_answer_obligation_id"), ["obligation_id"], unique=False)

    op.create_table(
        "report_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mail_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("created_at", columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", columns.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", columns.UtcDateTime(), nullable=True),
        sa.Column("opened_at", columns.UtcDateTime(), nullable=True),
        sa.Column("reported_at", columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_report_link_account_id")),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name=op.f("fk_report_link_digest_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["outbox_mail.id"], name=op.f("fk_report_link_mail_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_report_link_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_link")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_report_link_token_sha256")),
    )
    with op.batch_alter_table("report_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_link_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_link_digest_id"), ["digest_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_link_mail_id"), ["mail_id"], unique=False)

    op.add_column("account", sa.Column("pace", sa.String(length=32), server_default="daily", nullable=False))
    op.add_column("account", sa.Column("attach_calendar", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("account", sa.Column("attach_sheet", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("account", sa.Column("one_click", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("account", sa.Column("mail_fault", sa.String(length=500), server_default="", nullable=False))
    op.add_column("account", sa.Column("mail_fault_at", columns.UtcDateTime(), nullable=True))

    op.add_column("digest_run", sa.Column("reached", _big_id(), server_default="0", nullable=False))
    op.add_column("digest_run", sa.Column("completed_at", columns.UtcDateTime(), nullable=True))
    op.add_column("digest_run", sa.Column("new_since", columns.UtcDateTime(), nullable=True))
    op.add_column("digest_run", sa.Column("secretariat_only", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("digest_run", sa.Column("cut_short", sa.Boolean(), server_default=sa.false(), nullable=False))
    # Runs made so far were made all at once.
    op.execute("UPDATE digest_run SET completed_at = made_at")

    op.create_index("ix_obligation_event_recorded", "obligation_event", ["region_id", "recorded_at"], unique=False)

    op.add_column("outbox_mail", sa.Column("fault", sa.String(length=32), nullable=True))
    op.add_column("outbox_mail", sa.Column("answer", sa.String(length=300), server_default="", nullable=False))
    op.add_column("outbox_mail", sa.Column("bounced_at", columns.UtcDateTime(), nullable=True))
    op.add_column("outbox_mail", sa.Column("bounce", sa.String(length=500), server_default="", nullable=False))
    op.add_column("outbox_mail", sa.Column("held_at", columns.UtcDateTime(), nullable=True))
    op.add_column("outbox_mail", sa.Column("reason", sa.String(length=500), server_default="", nullable=False))
    for column, target in OUTBOX_REFERENCES.items():
        _add_reference("outbox_mail", column, target)
    copies = sa.text("copy_of IS NOT NULL")
    op.create_index("ix_outbox_mail_copies", "outbox_mail", ["copy_of"], sqlite_where=copies, postgresql_where=copies)
    op.create_index("ix_digest_mail_id", "digest", ["mail_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_digest_mail_id", table_name="digest")
    op.drop_index("ix_outbox_mail_copies", table_name="outbox_mail")
    with op.batch_alter_table("outbox_mail", schema=None) as batch_op:
        for column in OUTBOX_REFERENCES:
            if op.get_bind().dialect.name == "postgresql":
                batch_op.drop_constraint(batch_op.f(f"fk_outbox_mail_{column}"), type_="foreignkey")
            batch_op.drop_column(column)
        for column in ("fault", "answer", "bounced_at", "bounce", "held_at", "reason"):
            batch_op.drop_column(column)
        if op.get_bind().dialect.name == "sqlite":  # made anew, it would lose what Alembic does not read back
            batch_op.create_check_constraint(batch_op.f("ck_outbox_mail_mailstate"), OUTBOX_STATES)

    op.drop_index("ix_obligation_event_recorded", table_name="obligation_event")
    for column in ("cut_short", "secretariat_only", "new_since", "completed_at", "reached"):
        op.drop_column("digest_run", column)
    for column in ("mail_fault_at", "mail_fault", "one_click", "attach_sheet", "attach_calendar", "pace"):
        op.drop_column("account", column)

    op.drop_table("report_link")
    op.drop_table("mailed_answer")
    op.drop_table("inbound_mail")
    op.drop_table("run_hold")
    op.drop_table("reminder_rule")
    op.drop_table("leader_charge")
    op.drop_table("chat_channel")
    op.drop_table("alarm")
    op.drop_table("worker_beat")
