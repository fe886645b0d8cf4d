"""
Answers given on the page of an offer, what contacts may know and who said so, and the ways in of carers.

Revision ID: 20261122_0430
Revises: 20261122_0100
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0430"
down_revision = "20261122_0420"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Adding columns needs no copy of the tables, which hold references to others.
    op.add_column("replies", sa.Column("offer_id", sa.String(length=40), nullable=True))
    op.add_column("contacts", sa.Column("may_know", sa.Text(), server_default="[]", nullable=False))
    op.create_table(
        "consents",
        sa.Column("contact_id", sa.String(length=40), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("given_by", sa.String(length=120), nullable=False),
        sa.Column("may_know", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_consents_contact_id_contacts")),
        sa.PrimaryKeyConstraint("contact_id", "given_at", name=op.f("pk_consents")),
    )
    op.create_table(
        "carer_codes",
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_carer_codes")),
    )
    op.create_table(
        "carer_visits",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_carer_visits")),
    )


def downgrade() -> None:
    op.drop_table("carer_visits")
    op.drop_table("carer_codes")
    op.drop_table("consents")
    op.drop_column("contacts", "may_know")
    op.drop_column("replies", "offer_id")
