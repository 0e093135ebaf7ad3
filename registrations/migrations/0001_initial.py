"""People, registrations, class lists and account security, with the table of the counters of tries.

The table has the form that Django's database cache wants (`CACHES` in the settings). It is unlogged, since each row lives
for minutes: after a crash of the server whoever guessed begins anew.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import techfest.core.link_keys
import techfest.core.db.triggers
import registrations.models.bookings
import registrations.models.people
import registrations.students.names
from django.conf import settings
from django.db import migrations, models

COUNTERS = """
CREATE UNLOGGED TABLE registrations_counter (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX registrations_counter_expires ON registrations_counter (expires);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("events", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TemporaryPassword",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="temporary_password",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PurgePlan",
            fields=[
                (
                    "fest",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="purge_plan",
                        serialize=False,
                        to="events.fest",
                        verbose_name="fest",
                    ),
                ),
                ("due_at", models.DateTimeField(editable=False, verbose_name="due")),
                ("announced_at", models.DateTimeField(editable=False, verbose_name="announced")),
            ],
        ),
        migrations.CreateModel(
            name="School",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("key", models.CharField(editable=False, max_length=200, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "pending"), ("accepted", "accepted")],
                        default="pending",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="AccountSession",
            fields=[
                (
                    "session_key",
                    models.CharField(
                        max_length=40, primary_key=True, serialize=False, verbose_name="session key"
                    ),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("began_at", models.DateTimeField(editable=False, null=True)),
                ("network", models.CharField(blank=True, editable=False, max_length=50)),
                ("device", models.CharField(blank=True, editable=False, max_length=60)),
                (
                    "account",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seats", models.PositiveSmallIntegerField(verbose_name="seats")),
                ("used", models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="used")),
                ("until", models.DateTimeField(verbose_name="names by")),
                (
                    "key",
                    models.UUIDField(
                        default=registrations.models.bookings.Submission.new_key, editable=False, unique=True
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="requested",
                    ),
                ),
                ("held_at", models.DateTimeField(editable=False, null=True, verbose_name="held since")),
                ("reminded_at", models.DateTimeField(editable=False, null=True, verbose_name="reminded")),
                ("returned_at", models.DateTimeField(editable=False, null=True, verbose_name="returned")),
                (
                    "approved_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="events.event",
                        verbose_name="event",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="registrations.school",
                        verbose_name="school",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClassList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("digest", models.BinaryField(max_length=32)),
                ("columns", models.JSONField(default=list)),
                (
                    "events_for_all",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), default=list, size=None
                    ),
                ),
                ("encoding", models.CharField(blank=True, max_length=20)),
                ("is_guess", models.BooleanField(default=False)),
                ("sheet", models.CharField(blank=True, max_length=200)),
                (
                    "other_sheets",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), default=list, size=None
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "fest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="class_lists",
                        to="events.fest",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="class_lists",
                        to="registrations.school",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClassListJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField(editable=False, unique=True)),
                (
                    "link_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=techfest.core.link_keys.new_link_id,
                        editable=False,
                        unique=True,
                    ),
                ),
                ("is_all_or_none", models.BooleanField(default=False)),
                ("wants_waiting", models.BooleanField(default=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("claimed_at", models.DateTimeField(editable=False, null=True)),
                (
                    "claimed_by",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=100),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                ("error", models.CharField(blank=True, editable=False, max_length=300)),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "class_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jobs",
                        to="registrations.classlist",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClassListRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "cells",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                ("is_left_out", models.BooleanField(default=False)),
                ("key", models.UUIDField(editable=False, null=True)),
                ("done_at", models.DateTimeField(editable=False, null=True)),
                (
                    "class_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="registrations.classlist",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="rows",
                        to="registrations.classlistjob",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(verbose_name="version")),
                ("text", models.TextField(verbose_name="text")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "fest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consent_texts",
                        to="events.fest",
                        verbose_name="fest",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="classlistjob",
            name="consent_text",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registrations.consenttext",
            ),
        ),
        migrations.CreateModel(
            name="DatabaseMarker",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("installation", models.UUIDField(editable=False)),
                ("counter", models.PositiveBigIntegerField(default=0, editable=False)),
                ("advanced_at", models.DateTimeField(editable=False)),
                ("held_since", models.DateTimeField(editable=False, null=True)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("older", "the database is older than the marker file in the data folder"),
                            ("other", "the marker file in the data folder belongs to another database"),
                            ("missing", "the data folder has no marker file"),
                            ("requested", "an operator said that the database was restored"),
                        ],
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("cutoff", models.DateTimeField(editable=False, null=True)),
                ("found_installation", models.UUIDField(editable=False, null=True)),
                ("found_counter", models.PositiveBigIntegerField(editable=False, null=True)),
                ("register_applied_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="database_marker_is_the_only_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("held_since", None),
                            models.Q(("cutoff__isnull", False), models.Q(("reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="database_marker_hold_has_a_reason",
                    ),
                ],
            },
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
            name="Registration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("confirmed", "confirmed"),
                            ("waiting", "waiting"),
                            ("cancelled", "cancelled"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "queue_position",
                    models.PositiveBigIntegerField(editable=False, verbose_name="queue position"),
                ),
                ("created_at", models.DateTimeField(editable=False, verbose_name="registered")),
                (
                    "confirm_by",
                    models.DateTimeField(
                        editable=False, null=True, verbose_name="address to be confirmed by"
                    ),
                ),
                (
                    "confirm_mailed_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="confirmation link mailed"),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="registrations",
                        to="registrations.hold",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="registrations",
                        to="events.event",
                        verbose_name="event",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Conflict",
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
                ("resolved_at", models.DateTimeField(editable=False, null=True, verbose_name="resolved")),
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
                        related_name="conflicts",
                        to="registrations.registration",
                        verbose_name="registration",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClassListEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_new", models.BooleanField(default=False)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("full", "full"),
                            ("closed", "closed"),
                            ("too_soon", "not yet open"),
                            ("paused", "paused"),
                            ("ineligible", "not for this grade"),
                            ("clash", "clash"),
                            ("already", "already registered"),
                            ("unknown", "unknown event"),
                            ("doubt", "not clear who it is"),
                            ("failed", "could not be done"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="events.event",
                    ),
                ),
                (
                    "row",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="registrations.classlistrow",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="registrations.registration",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "class list entries",
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
                        verbose_name="ranked by",
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
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                (
                    "code",
                    models.CharField(
                        default=registrations.models.people.random_code,
                        editable=False,
                        max_length=22,
                        unique=True,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="invited",
                    ),
                ),
                ("accepted_at", models.DateTimeField(editable=False, null=True, verbose_name="accepted")),
                (
                    "invited_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="invited by",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="registrations.school",
                        verbose_name="school",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SchoolAlias",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("key", models.CharField(editable=False, max_length=200, unique=True)),
                (
                    "school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aliases",
                        to="registrations.school",
                        verbose_name="school",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "school aliases",
            },
        ),
        migrations.CreateModel(
            name="SecurityEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="at",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("signed_in", "signed in"),
                            ("sign_in_failed", "wrong password"),
                            ("locked_out", "too many tries"),
                            ("signed_out", "signed out"),
                            ("sessions_ended", "sessions ended"),
                            ("password_changed", "new password"),
                            ("second_factor_added", "second step set up"),
                            ("second_factor_removed", "second step removed"),
                            ("second_factor_reset", "second step reset by an organiser"),
                            ("recovery_codes", "new recovery codes"),
                            ("second_factor_used", "second step passed"),
                            ("second_factor_failed", "wrong code at the second step"),
                            ("roles_changed", "roles changed"),
                            ("closed", "account closed"),
                            ("opened", "account opened again"),
                        ],
                        editable=False,
                        max_length=30,
                        verbose_name="what",
                    ),
                ),
                (
                    "network",
                    models.CharField(blank=True, editable=False, max_length=50, verbose_name="network"),
                ),
                (
                    "detail",
                    models.CharField(blank=True, editable=False, max_length=300, verbose_name="detail"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        help_text="Empty: a user name that no account has.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        help_text="Empty: the person, a stranger, or the system.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Student",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "grade",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(13),
                        ],
                        verbose_name="grade",
                    ),
                ),
                ("section", models.CharField(blank=True, max_length=20, verbose_name="section")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("name_key", models.CharField(editable=False, max_length=400)),
                ("roll_number", models.CharField(blank=True, max_length=20, verbose_name="roll number")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("email_key", models.CharField(blank=True, editable=False, max_length=254)),
                ("language", models.CharField(default="en", max_length=10, verbose_name="language")),
                (
                    "reference",
                    models.CharField(
                        default=registrations.students.names.random_reference,
                        max_length=7,
                        verbose_name="reference",
                    ),
                ),
                (
                    "link_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=techfest.core.link_keys.new_link_id,
                        editable=False,
                        unique=True,
                    ),
                ),
                ("link_version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "email_verified_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="e-mail confirmed"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                ("erased_at", models.DateTimeField(editable=False, null=True, verbose_name="erased")),
                (
                    "fest",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="students",
                        to="events.fest",
                        verbose_name="fest",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="students",
                        to="registrations.school",
                        verbose_name="school",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="registration",
            name="student",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="registrations",
                to="registrations.student",
                verbose_name="student",
            ),
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
            name="Consent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("form", "ticked in the form"),
                            ("teacher", "teacher's declaration"),
                            ("paper", "on paper"),
                        ],
                        max_length=10,
                        verbose_name="basis",
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="at",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registrations.consenttext",
                        verbose_name="text",
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="registrations.student",
                        verbose_name="student",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="classlistrow",
            name="student",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="registrations.student",
            ),
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField(editable=False, unique=True)),
                (
                    "link_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=techfest.core.link_keys.new_link_id,
                        editable=False,
                        unique=True,
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("form", "public form"),
                            ("student", "my registrations"),
                            ("teacher", "teacher's pages"),
                            ("list", "class list"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="sent from",
                    ),
                ),
                ("digest", models.BinaryField(max_length=32)),
                ("created_student", models.BooleanField(default=False, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="received",
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="submissions",
                        to="registrations.student",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="registration",
            name="submission",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="registrations",
                to="registrations.submission",
            ),
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("full", "full"),
                            ("closed", "closed"),
                            ("too_soon", "not yet open"),
                            ("paused", "paused"),
                            ("ineligible", "not for this grade"),
                            ("clash", "clash"),
                            ("already", "already registered"),
                            ("unknown", "unknown event"),
                        ],
                        max_length=10,
                        verbose_name="reason",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.event"
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="events.event",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refusals",
                        to="registrations.submission",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="classlistrow",
            name="submission",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="registrations.submission",
            ),
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_state", models.CharField(blank=True, max_length=10, verbose_name="from")),
                (
                    "to_state",
                    models.CharField(
                        choices=[
                            ("confirmed", "confirmed"),
                            ("waiting", "waiting"),
                            ("cancelled", "cancelled"),
                        ],
                        max_length=10,
                        verbose_name="to",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("submitted", "form sent"),
                            ("cancelled", "cancelled"),
                            ("promoted", "a seat became free"),
                            ("capacity_raised", "seats were added"),
                            ("corrected", "details corrected"),
                            ("replaced", "another student took over"),
                            ("chosen", "promoted by an organiser"),
                            ("moved", "moved to another event"),
                            ("event_cancelled", "the event is cancelled"),
                            ("event_changed", "the event has another time or venue"),
                            ("merged", "duplicate student merged"),
                            ("walk_in", "admitted at the door"),
                            ("no_show", "did not come; the seat was given at the door"),
                            ("erased", "the student was erased"),
                            ("unconfirmed", "the e-mail address was not confirmed in time"),
                        ],
                        max_length=20,
                        verbose_name="cause",
                    ),
                ),
                (
                    "actor",
                    models.CharField(
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
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        default=list,
                        size=None,
                        verbose_name="fields",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=300, verbose_name="reason"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="registrations.registration",
                        verbose_name="registration",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="changes",
                        to="registrations.submission",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Teacher",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="what they wrote")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="requested",
                    ),
                ),
                ("approved_at", models.DateTimeField(editable=False, null=True, verbose_name="approved")),
                (
                    "approved_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="teachers",
                        to="registrations.school",
                        verbose_name="school",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="teacher",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="consenttext",
            constraint=models.UniqueConstraint(fields=("fest", "version"), name="consent_text_version_once"),
        ),
        migrations.AddIndex(
            model_name="classlistjob",
            index=models.Index(
                condition=models.Q(("finished_at", None)), fields=["created_at"], name="class_list_job_due"
            ),
        ),
        migrations.AddIndex(
            model_name="conflict",
            index=models.Index(
                condition=models.Q(("resolved_at", None)), fields=["choose_by"], name="conflict_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="conflict",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at", None)),
                fields=("registration", "kind", "other"),
                name="conflict_open_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="conflict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "clash"), ("other__isnull", False)),
                    models.Q(("kind", "ineligible"), ("other", None)),
                    _connector="OR",
                ),
                name="conflict_clash_has_its_other",
            ),
        ),
        migrations.AddConstraint(
            model_name="classlistentry",
            constraint=models.UniqueConstraint(fields=("row", "event"), name="class_list_entry_once"),
        ),
        migrations.AddConstraint(
            model_name="result",
            constraint=models.CheckConstraint(
                condition=models.Q(("rank__isnull", True), ("rank__gte", 1), _connector="OR"),
                name="result_rank_from_one",
            ),
        ),
        migrations.AddIndex(
            model_name="classlist",
            index=models.Index(fields=["school", "updated_at"], name="class_list_of_school"),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(condition=models.Q(("returned_at", None)), fields=["event"], name="hold_held"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("used__lte", models.F("seats"))), name="hold_uses_its_seats"
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(condition=models.Q(("seats__gte", 1)), name="hold_has_seats"),
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(fields=["account", "at"], name="security_of_an_account"),
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(fields=["kind", "network", "at"], name="security_of_a_network"),
        ),
        migrations.AddIndex(
            model_name="student",
            index=models.Index(
                condition=models.Q(("email_key", ""), _negated=True),
                fields=["email_key"],
                name="student_email",
            ),
        ),
        migrations.AddConstraint(
            model_name="student",
            constraint=models.UniqueConstraint(
                fields=("fest", "school", "grade", "name_key", "section", "roll_number"),
                name="student_once_a_fest",
            ),
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
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(fields=("student", "text", "basis"), name="consent_once"),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=techfest.core.db.triggers.Trigger(
                name="registrations_consent_is_kept",
                event="BEFORE UPDATE OR DELETE",
                function="registrations_keep_consents",
                body="""
                    DECLARE
                        kept bigint := (
                            SELECT m.student_id FROM registrations_mergedreference m
                            JOIN registrations_student removed USING (reference)
                            WHERE removed.id = OLD.student_id
                        );
                    BEGIN
                        IF TG_OP = 'UPDATE' THEN
                            IF NEW.student_id = kept
                                AND to_jsonb(NEW) - 'student_id' = to_jsonb(OLD) - 'student_id'
                            THEN
                                RETURN NEW;
                            END IF;
                        ELSIF EXISTS (
                            SELECT FROM registrations_student
                            WHERE id = OLD.student_id AND erased_at IS NOT NULL
                        ) OR EXISTS (
                            SELECT FROM registrations_consent
                            WHERE student_id = kept AND text_id = OLD.text_id AND basis = OLD.basis
                        ) THEN
                            RETURN OLD;
                        END IF;
                        RAISE EXCEPTION 'a consent stays as long as its student'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END
                """,
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["event", "queue_position"],
                name="registration_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(
                    ("confirm_by__isnull", False), models.Q(("state", "cancelled"), _negated=True)
                ),
                fields=["confirm_by"],
                name="registration_unconfirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "cancelled"), _negated=True),
                fields=("student", "event"),
                name="registration_active_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.UniqueConstraint(
                fields=("event", "queue_position"), name="registration_queue_position_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="classlistrow",
            constraint=models.UniqueConstraint(fields=("class_list", "number"), name="class_list_row_once"),
        ),
        migrations.AddConstraint(
            model_name="securityevent",
            constraint=techfest.core.db.triggers.Trigger(
                name="registrations_securityevent_append_only",
                event="BEFORE UPDATE OR DELETE",
                function="registrations_keep_security_events",
                body="""
                    BEGIN
                        RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME
                            USING ERRCODE = 'integrity_constraint_violation';
                    END
                """,
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=techfest.core.db.triggers.Trigger(
                name="registrations_change_append_only",
                event="BEFORE UPDATE OR DELETE",
                function="registrations_keep_changes",
                body="""
                    BEGIN
                        IF TG_OP = 'UPDATE' AND current_setting('techfest.erasing', true) = 'on'
                            AND to_jsonb(NEW) - '{reason,submission_id}'::text[]
                                = to_jsonb(OLD) - '{reason,submission_id}'::text[]
                        THEN
                            RETURN NEW;
                        END IF;
                        RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME
                            USING ERRCODE = 'integrity_constraint_violation';
                    END
                """,
            ),
        ),
        migrations.AddConstraint(
            model_name="student",
            constraint=models.UniqueConstraint(fields=("reference",), name="student_reference_once"),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(
                condition=models.Q(("user__isnull", False)), fields=["user"], name="consent_user"
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("hold__isnull", False)), fields=["hold"], name="registration_hold"
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=models.Q(("user__isnull", False)), fields=["user"], name="change_user"
            ),
        ),
        migrations.RunSQL(COUNTERS, "DROP TABLE registrations_counter"),
    ]
