"""Which index a question takes, where SQLite would take a worse one: it keeps no statistics."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression
from sqlalchemy.sql import operators


def unindexed(columns: Iterable[ColumnElement[Any]]) -> SimpleNamespace:
    """Return the same columns by their names, for conditions that choose no index; of SQLite."""
    return SimpleNamespace(
        **{
            str(column.key): UnaryExpression(
                column, operator=operators.custom_op("+"), type_=column.type
            )
            for column in columns
        }
    )
