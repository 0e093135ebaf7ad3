"""The database has exactly the declared triggers, and `makemigrations` detects changes."""

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter

import techfest.core.db.triggers
from registrations.models import Change
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.db.triggers import Trigger

pytestmark = [pytest.mark.django_db, pytest.mark.migrations]

_TRIGGERS = """
    SELECT c.relname, t.tgname, p.proname, btrim(p.prosrc, E'\\n')
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
    ORDER BY t.tgname
"""
_FUNCTIONS = (
    "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace ORDER BY proname"
)


def of_model(model: type[models.Model]) -> list[Trigger]:
    return [constraint for constraint in model._meta.constraints if isinstance(constraint, Trigger)]


def rows(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def operations(*changed: Trigger) -> list[str]:
    """The operations that `makemigrations` writes if Change has these triggers."""
    before, after = ProjectState.from_apps(apps), ProjectState.from_apps(apps)
    after.models["registrations", "change"].options["constraints"] = list(changed)
    found = MigrationAutodetector(before, after).changes(MigrationLoader(None).graph)
    assert set(found) <= {"registrations"}
    return [
        type(one).__name__ for migration in found.get("registrations", []) for one in migration.operations
    ]


def test_database_has_the_declared_triggers_and_functions_and_no_others() -> None:
    declared = [
        (model._meta.db_table, trigger.name, trigger.function, trigger.body)
        for model in apps.get_models()
        for trigger in of_model(model)
    ]
    assert rows(_TRIGGERS) == sorted(declared, key=lambda row: row[1])
    assert [name for (name,) in rows(_FUNCTIONS)] == sorted(function for *_, function, _ in declared)


@pytest.mark.parametrize(
    "changed",
    [
        {"body": "BEGIN RETURN NEW; END"},
        {"event": "BEFORE UPDATE"},
        {"condition": "NEW.reason <> ''"},
        {"function": "registrations_keep_all"},
    ],
)
def test_changed_trigger_is_dropped_and_made_again(changed: dict[str, str]) -> None:
    (trigger,) = of_model(Change)
    _path, _args, kwargs = trigger.deconstruct()
    assert operations(Trigger(**{**kwargs, **changed})) == ["RemoveConstraint", "AddConstraint"]


def test_removed_trigger_is_dropped_and_the_same_one_is_left_alone() -> None:
    (trigger,) = of_model(Change)
    assert (operations(), operations(trigger.clone())) == (["RemoveConstraint"], [])


def test_migration_says_all_of_a_trigger() -> None:
    for model in apps.get_models():
        for trigger in of_model(model):
            text, imports = MigrationWriter.serialize(trigger)
            made = eval(text, {"techfest": techfest})  # noqa: S307  # written by the serializer above
            assert (made, imports) == (trigger, {"import techfest.core.db.triggers"})


def test_removing_leaves_no_function_and_adding_guards_again() -> None:
    build_submission(build_event(build_fest()))
    (trigger,) = of_model(Change)
    before = rows(_TRIGGERS), rows(_FUNCTIONS)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Change, trigger)
    assert (trigger.function,) not in rows(_FUNCTIONS)
    assert Change.objects.update(reason="Rewritten") == 1
    with connection.schema_editor() as editor:
        editor.add_constraint(Change, trigger)
    assert (rows(_TRIGGERS), rows(_FUNCTIONS)) == before
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Change.objects.update(reason="Rewritten again")
