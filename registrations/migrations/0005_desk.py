"""Flags, results, erasures, and what an organiser gave as a reason."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0004_audit_and_doors"),
        ("registrations", "0004_counters"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="change",
            name="reason",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=300, verbose_name="reason"
            ),
        ),
        migrations.AddField(
            model_name="student",
            name="erased_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="erased"),
        ),
        migrations.AlterField(
            model_name="block",
            name="school",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="blocks",
                to="registrations.school",
                verbose_name="school",
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="actor",
            field=models.CharField(
                choices=[
                    ("student", "student"),
                    ("teacher", "teacher"),
                    ("organiser", "organiser"),
                    ("volunteer", "volunteer"),
                    ("system", "system"),
                ],
                max_length=10,
                verbose_name="actor",
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="cause",
            field=models.CharField(
                choices=[
                    ("submitted", "form sent"),
                    ("cancelled", "cancelled"),
                    ("promoted", "a seat became free"),
                    ("capacity_raised", "seats were added"),
                    ("corrected", "details corrected"),
                    ("replaced", "somebody else came instead"),
                    ("chosen", "promoted by an organiser"),
                    ("moved", "moved to another event"),
                    ("event_cancelled", "the event is cancelled"),
                    ("event_changed", "the event has another time or place"),
                    ("merged", "two rows of one student became one"),
                    ("walk_in", "let in at the door"),
                    ("no_show", "did not come; the seat was given at the door"),
                    ("erased", "the student was erased"),
                ],
                max_length=20,
                verbose_name="cause",
            ),
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reference",
                    models.CharField(editable=False, max_length=7, unique=True, verbose_name="reference"),
                ),
                ("at", models.DateTimeField(editable=False, verbose_name="erased")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "fest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="events.fest",
                        verbose_name="fest",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MergedReference",
            fields=[
                (
                    "reference",
                    models.CharField(
                        editable=False,
                        max_length=7,
                        primary_key=True,
                        serialize=False,
                        verbose_name="reference",
                    ),
                ),
                ("at", models.DateTimeField(editable=False, verbose_name="merged")),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="merged_references",
                        to="registrations.student",
                        verbose_name="student",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Purge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(editable=False, verbose_name="at")),
                ("students", models.PositiveIntegerField(editable=False, verbose_name="students")),
                ("report", models.JSONField(default=dict, editable=False, verbose_name="report")),
                (
                    "fest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="purges",
                        to="events.fest",
                        verbose_name="fest",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ResultSheet",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="result_sheet",
                        serialize=False,
                        to="events.event",
                        verbose_name="event",
                    ),
                ),
                (
                    "counting",
                    models.CharField(
                        choices=[
                            ("most", "most points win"),
                            ("least", "fewest points, or the shortest time, win"),
                            ("rank", "ranks are typed in"),
                        ],
                        default="most",
                        max_length=10,
                        verbose_name="judged by",
                    ),
                ),
                (
                    "names",
                    models.CharField(
                        choices=[
                            ("full", "full name, grade and school"),
                            ("short", "first name, grade and school"),
                            ("none", "grade and school only"),
                        ],
                        default="short",
                        max_length=10,
                        verbose_name="the public sees",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("published_at", models.DateTimeField(editable=False, null=True, verbose_name="published")),
                (
                    "published_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="published by",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Flag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("clash", "clash"), ("ineligible", "not for this grade")],
                        editable=False,
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("at", models.DateTimeField(editable=False, verbose_name="since")),
                ("choose_by", models.DateTimeField(editable=False, verbose_name="to be chosen by")),
                ("settled_at", models.DateTimeField(editable=False, null=True, verbose_name="settled")),
                (
                    "other",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="registrations.registration",
                        verbose_name="clashes with",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="flags",
                        to="registrations.registration",
                        verbose_name="registration",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="caused by",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None)), fields=["choose_by"], name="flag_open"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("settled_at", None)),
                        fields=("registration", "kind", "other"),
                        name="flag_open_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "clash"), ("other__isnull", False)),
                            models.Q(("kind", "ineligible"), ("other", None)),
                            _connector="OR",
                        ),
                        name="flag_clash_has_its_other",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Result",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "points",
                    models.DecimalField(decimal_places=3, max_digits=9, null=True, verbose_name="points"),
                ),
                ("rank", models.PositiveSmallIntegerField(null=True, verbose_name="rank")),
                (
                    "registration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="result",
                        to="registrations.registration",
                        verbose_name="registration",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rank__isnull", True), ("rank__gte", 1), _connector="OR"),
                        name="result_rank_from_one",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="student",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased_at", None),
                    models.Q(
                        ("email", ""), ("email_key", ""), ("name", ""), ("roll_number", ""), ("section", "")
                    ),
                    _connector="OR",
                ),
                name="student_erased_is_empty",
            ),
        ),
    ]
