"""Keys by which similar names and differently written roll numbers are found; the keys of names are made anew."""

from typing import Any

from django.db import migrations, models

from registrations.students.classes import read_section
from registrations.students.likeness import compared_label
from registrations.students.name_parts import parts_of
from registrations.students.names import name_key, school_key


def make_keys(apps: Any, _schema_editor: Any) -> None:
    """Two students who have one key now keep the keys that told them apart; the organisers' list shows them."""
    students = apps.get_model("registrations", "Student").objects.filter(erased_at=None)
    taken = {_identity(student) for student in students.iterator()}
    changed = []
    for student in students.order_by("pk").iterator():
        old, key = _identity(student), name_key(student.name)
        section, roll = read_section(student.section, student.grade), compared_label(student.roll_number)
        new = (*old[:3], key, section, roll)
        if new == old or new not in taken:
            taken.add(new)
            student.name_key, student.section, student.roll_key = key, section, roll
        else:
            student.roll_key = student.roll_number
        student.initials = parts_of(student.name_key).initials
        changed.append(student)
    students.bulk_update(changed, ["name_key", "initials", "section", "roll_key"], batch_size=500)


def _identity(student: Any) -> tuple[Any, ...]:
    return (
        student.fest_id,
        student.school_id,
        student.grade,
        student.name_key,
        student.section,
        student.roll_number,
    )


def make_school_keys(apps: Any, _schema_editor: Any) -> None:
    """Apostrophes of every kind are dropped now. A key that another school has stays as it was."""
    for model in ("School", "SchoolAlias"):
        rows = apps.get_model("registrations", model).objects.order_by("pk")
        taken = set(rows.values_list("key", flat=True))
        for row in rows:
            if (key := school_key(row.name)) not in taken:
                taken.add(key)
                rows.filter(pk=row.pk).update(key=key)


class Migration(migrations.Migration):
    dependencies = [("registrations", "0002_rank_index")]

    operations = [
        migrations.RemoveConstraint(model_name="student", name="student_once_a_fest"),
        migrations.RemoveConstraint(model_name="student", name="student_erased_is_empty"),
        migrations.AddField(
            model_name="student",
            name="initials",
            field=models.CharField(blank=True, default="", editable=False, max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="student",
            name="roll_key",
            field=models.CharField(blank=True, default="", editable=False, max_length=20),
            preserve_default=False,
        ),
        migrations.RunPython(make_keys, migrations.RunPython.noop),
        migrations.RunPython(make_school_keys, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="student",
            constraint=models.UniqueConstraint(
                fields=("fest", "school", "grade", "initials", "name_key", "section", "roll_key"),
                name="student_once_a_fest",
            ),
        ),
        migrations.AddConstraint(
            model_name="student",
            constraint=models.CheckConstraint(
                condition=models.Q(erased_at=None)
                | models.Q(
                    name="", initials="", email="", email_key="", section="", roll_number="", roll_key=""
                ),
                name="student_erased_is_empty",
            ),
        ),
    ]
