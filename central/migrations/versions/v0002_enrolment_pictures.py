"""How many pictures a template is made of, one template for each network, pictures that are kept.

Nobody counted the pictures of templates that are there. Their people get a new version, so that
nodes hear it and take them for what is stricter.
"""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COUNT_COMMENT = "whose mean it is; null where nobody counted"


def upgrade() -> None:
    """Add columns, index and table, and tell nodes."""
    for table in ("templates", "face_reviews"):
        op.add_column(
            table, sa.Column("picture_count", sa.Integer(), nullable=True, comment=_COUNT_COMMENT)
        )
    if op.get_bind().dialect.supports_comments:
        op.create_table_comment(
            "templates",
            "one for each person and network: while a site changes its network, there are two",
        )
    op.create_index(
        "uq_templates_holder_id_network", "templates", ["holder_id", "network"], unique=True
    )
    op.create_table(
        "enrolment_pictures",
        sa.Column("picture_id", sa.String(length=36), nullable=False),
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column(
            "review_id",
            sa.String(length=36),
            nullable=True,
            comment="set while a second person has not looked; of the template in force otherwise",
        ),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.Text(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column(
            "failed_network",
            sa.String(length=64),
            nullable=True,
            comment="the network that found no face in it",
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["people.holder_id"], name=op.f("fk_enrolment_pictures_holder_id")
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["face_reviews.review_id"],
            name=op.f("fk_enrolment_pictures_review_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("picture_id", name=op.f("pk_enrolment_pictures")),
        comment="kept where the site wants it, to make templates anew for another network",
    )
    for column in ("holder_id", "review_id"):
        op.create_index(
            op.f(f"ix_enrolment_pictures_{column}"), "enrolment_pictures", [column], unique=False
        )
    _give_new_versions()


def _give_new_versions() -> None:
    connection = op.get_bind()
    people = sa.table("people", sa.column("holder_id"), sa.column("version"))
    templates = sa.table("templates", sa.column("holder_id"))
    values = sa.table("site_values", sa.column("name"), sa.column("value"))
    is_counter = values.c.name == "replica_version"
    text = connection.execute(sa.select(values.c.value).where(is_counter)).scalar_one_or_none()
    if text is None:
        return
    version = int(text)
    query = sa.select(people.c.holder_id).where(
        people.c.holder_id.in_(sa.select(templates.c.holder_id))
    )
    for holder_id in connection.execute(query.order_by(people.c.version)).scalars().all():
        version += 1
        connection.execute(
            sa.update(people).where(people.c.holder_id == holder_id).values(version=version)
        )
    connection.execute(sa.update(values).where(is_counter).values(value=str(version)))
