"""Database triggers, declared beside their model in `Meta.constraints`.

As with other constraints, `makemigrations` detects new and changed triggers, and `makemigrations --check` fails if
declarations and migrations differ.
"""

from textwrap import dedent
from typing import Any

from django.db.models import BaseConstraint


class Trigger(BaseConstraint):
    """A row-level trigger of the model's table, with a PL/pgSQL function of its own.

    `event` is SQL such as `BEFORE UPDATE OR DELETE`; `condition` is an SQL condition on the row, empty for all rows.
    The body uses the names of tables and columns in the database. Deleting the model leaves the function behind, so
    remove the trigger first.
    """

    def __init__(self, *, name: str, event: str, condition: str = "", function: str, body: str) -> None:
        super().__init__(name=name)
        self.event = event
        self.condition = condition
        self.function = function
        self.body = dedent(body).strip()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trigger) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.event} name={self.name!r}>"

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        kwargs |= {"event": self.event, "function": self.function, "body": self.body}
        if self.condition:
            kwargs["condition"] = self.condition
        return path, args, kwargs

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        """Defer creation until all tables of the migration exist; nothing becomes part of CREATE TABLE."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))
        return ""

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        condition = f" WHEN ({self.condition})" if self.condition else ""
        return (
            f"CREATE OR REPLACE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS $$\n{self.body}\n$$;\n"
            f"CREATE TRIGGER {self.name} {self.event} ON {table}"
            f" FOR EACH ROW{condition} EXECUTE FUNCTION {self.function}();"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"DROP TRIGGER {self.name} ON {table}; DROP FUNCTION {self.function}();"

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to validate in Python: the database checks each write."""
