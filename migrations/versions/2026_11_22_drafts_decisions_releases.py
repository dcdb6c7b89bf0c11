"""Drafts, decisions on notes, public pages."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from app.models import columns

revision = "20261122pages"
down_revision = "20261122first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_release",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decided_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_plan_release_decided_by")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_release_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_release")),
    )
    with op.batch_alter_table("plan_release", schema=None) as batch_op:
        batch_op.create_index("ix_plan_release_plan", ["plan_id", "id"], unique=False)

    op.create_table(
        "note_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("note_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decided_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_note_decision_decided_by")),
        sa.ForeignKeyConstraint(
            ["note_id"], ["source_note.id"], name=op.f("fk_note_decision_note_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_decision")),
    )
    with op.batch_alter_table("note_decision", schema=None) as batch_op:
        batch_op.create_index("ix_note_decision_note", ["note_id", "id"], unique=False)

    op.create_table(
        "update_draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("obligation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_update_draft_account_id")),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name=op.f("fk_update_draft_obligation_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_update_draft_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_update_draft")),
        sa.UniqueConstraint("obligation_id", "account_id", name=op.f("uq_update_draft_obligation_id_account_id")),
    )
    with op.batch_alter_table("update_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_update_draft_account_id"), ["account_id"], unique=False)

    with op.batch_alter_table("progress_update", schema=None) as batch_op:
        batch_op.create_index("ix_progress_update_region", ["region_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("progress_update", schema=None) as batch_op:
        batch_op.drop_index("ix_progress_update_region")

    with op.batch_alter_table("update_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_update_draft_account_id"))

    op.drop_table("update_draft")
    with op.batch_alter_table("note_decision", schema=None) as batch_op:
        batch_op.drop_index("ix_note_decision_note")

    op.drop_table("note_decision")
    with op.batch_alter_table("plan_release", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_release_plan")

    op.drop_table("plan_release")
