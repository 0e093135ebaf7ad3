"""The door, certificates and printouts, messages to many, alarms."""

import django.db.models.deletion
import django.db.models.functions.datetime
import registrations.models.people
import tickets.keys
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0004_audit_and_doors"),
        ("registrations", "0005_desk"),
        ("tickets", "0003_teachers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Alarm",
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
                        choices=[
                            ("guessing", "somebody tries codes"),
                            ("cluster", "many registrations of one kind"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("subject", models.CharField(editable=False, max_length=100, verbose_name="about")),
                ("count", models.PositiveIntegerField(default=1, editable=False, verbose_name="how often")),
                ("first_at", models.DateTimeField(editable=False, verbose_name="first")),
                ("last_at", models.DateTimeField(editable=False, verbose_name="last")),
                ("seen_at", models.DateTimeField(editable=False, null=True, verbose_name="seen")),
            ],
        ),
        migrations.CreateModel(
            name="Certificate",
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
                        choices=[("participation", "participation"), ("rank", "rank")],
                        editable=False,
                        max_length=15,
                        verbose_name="kind",
                    ),
                ),
                ("rank", models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="rank")),
                (
                    "code",
                    models.CharField(
                        default=registrations.models.people.random_code,
                        editable=False,
                        max_length=22,
                        unique=True,
                    ),
                ),
                ("issued_at", models.DateTimeField(editable=False, verbose_name="issued")),
                (
                    "revoked_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="no longer valid since"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CheckIn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(editable=False, verbose_name="at")),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="recorded",
                    ),
                ),
                ("where", models.CharField(editable=False, max_length=100, verbose_name="where")),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("scan", "scanned"),
                            ("search", "found by name or reference"),
                            ("class", "with the school's list"),
                            ("offline", "scanned without a network"),
                            ("walk_in", "registered at the door"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="how",
                    ),
                ),
                ("is_reentry", models.BooleanField(default=False, editable=False, verbose_name="again")),
                (
                    "reason",
                    models.CharField(blank=True, editable=False, max_length=300, verbose_name="reason"),
                ),
                ("undone_at", models.DateTimeField(editable=False, null=True, verbose_name="undone")),
                (
                    "undo_reason",
                    models.CharField(blank=True, editable=False, max_length=300, verbose_name="why undone"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Gate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=150, verbose_name="subject")),
                ("text", models.TextField(verbose_name="text")),
                ("audience", models.JSONField(default=dict, editable=False)),
                ("audience_text", models.CharField(editable=False, max_length=300, verbose_name="to")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="written",
                    ),
                ),
                ("tested_at", models.DateTimeField(editable=False, null=True, verbose_name="tried")),
                ("confirmed_at", models.DateTimeField(editable=False, null=True, verbose_name="confirmed")),
                ("goes_at", models.DateTimeField(editable=False, null=True, verbose_name="goes")),
                ("total", models.PositiveIntegerField(default=0, editable=False, verbose_name="mails")),
                ("stopped_at", models.DateTimeField(editable=False, null=True, verbose_name="stopped")),
            ],
        ),
        migrations.CreateModel(
            name="Printout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("claimed_at", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("total", models.PositiveIntegerField(default=0, editable=False)),
                ("made", models.PositiveIntegerField(default=0, editable=False)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                ("error", models.CharField(blank=True, editable=False, max_length=300)),
                ("options", models.JSONField(default=dict, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("attendance", "attendance sheet"),
                            ("badges", "badges"),
                            ("certificates", "certificates"),
                            ("school", "everything of a school"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Scan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("nonce", models.UUIDField(default=tickets.keys.random_key, editable=False, unique=True)),
                ("at", models.DateTimeField(editable=False, verbose_name="at")),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="received",
                    ),
                ),
                ("where", models.CharField(editable=False, max_length=100, verbose_name="where")),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("in", "in"),
                            ("already", "already in"),
                            ("other_event", "wrong event"),
                            ("other_day", "wrong day"),
                            ("too_soon", "not yet open"),
                            ("waiting", "waiting, no seat"),
                            ("cancelled", "cancelled"),
                            ("reissued", "re-issued"),
                            ("unknown", "unknown"),
                            ("unreadable", "not readable"),
                        ],
                        editable=False,
                        max_length=15,
                        verbose_name="verdict",
                    ),
                ),
                (
                    "told",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("in", "in"),
                            ("already", "already in"),
                            ("other_event", "wrong event"),
                            ("other_day", "wrong day"),
                            ("too_soon", "not yet open"),
                            ("waiting", "waiting, no seat"),
                            ("cancelled", "cancelled"),
                            ("reissued", "re-issued"),
                            ("unknown", "unknown"),
                            ("unreadable", "not readable"),
                        ],
                        editable=False,
                        max_length=15,
                        verbose_name="told without a network",
                    ),
                ),
                (
                    "is_offline",
                    models.BooleanField(default=False, editable=False, verbose_name="without a network"),
                ),
                ("is_conflict", models.BooleanField(default=False, editable=False, verbose_name="conflict")),
                ("settled_at", models.DateTimeField(editable=False, null=True, verbose_name="settled")),
                ("note", models.CharField(blank=True, editable=False, max_length=300, verbose_name="note")),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_has_its_change",
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_has_its_student",
        ),
        migrations.AddField(
            model_name="delivery",
            name="day",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="ticket",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="tickets.ticket",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="checked_in_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="came in"),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="kind",
            field=models.CharField(
                choices=[
                    ("answer", "answer to a registration"),
                    ("promoted", "a seat became free"),
                    ("cancelled", "cancellation"),
                    ("link", "link to my registrations"),
                    ("attempt", "somebody tried your name"),
                    ("corrected", "details corrected"),
                    ("class", "tickets of a class"),
                    ("letter", "letter to a teacher"),
                    ("changed", "another time or place"),
                    ("moved", "moved to another event"),
                    ("reissued", "a new ticket"),
                    ("reminder", "reminder of the day before"),
                    ("message", "message from the organisers"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            model_name="alarm",
            name="seen_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="seen by",
            ),
        ),
        migrations.AddField(
            model_name="certificate",
            name="registration",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="certificates",
                to="registrations.registration",
                verbose_name="registration",
            ),
        ),
        migrations.AddField(
            model_name="certificate",
            name="student",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="certificates",
                to="registrations.student",
                verbose_name="student",
            ),
        ),
        migrations.AddField(
            model_name="checkin",
            name="ticket",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="check_ins",
                to="tickets.ticket",
                verbose_name="ticket",
            ),
        ),
        migrations.AddField(
            model_name="checkin",
            name="undone_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="undone by",
            ),
        ),
        migrations.AddField(
            model_name="checkin",
            name="user",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="gate",
            name="events",
            field=models.ManyToManyField(
                blank=True,
                help_text="None: all events of the fest.",
                related_name="gates",
                to="events.event",
                verbose_name="events",
            ),
        ),
        migrations.AddField(
            model_name="gate",
            name="fest",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="gates",
                to="events.fest",
                verbose_name="fest",
            ),
        ),
        migrations.AddField(
            model_name="gate",
            name="volunteers",
            field=models.ManyToManyField(
                blank=True, related_name="gates", to=settings.AUTH_USER_MODEL, verbose_name="volunteers"
            ),
        ),
        migrations.AddField(
            model_name="checkin",
            name="gate",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="check_ins",
                to="tickets.gate",
                verbose_name="gate",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="created_by",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="written by",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="fest",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="events.fest",
                verbose_name="fest",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="stopped_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="stopped by",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="message",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="tickets.message",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["promoted", "cancelled", "corrected", "changed", "moved"]),
                        _negated=True,
                    ),
                    ("change__isnull", False),
                    _connector="OR",
                ),
                name="delivery_has_its_change",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("student__isnull", False), ("kind__in", ["class", "letter", "message"]), _connector="OR"
                ),
                name="delivery_has_its_student",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "reminder")),
                fields=("student", "day"),
                name="delivery_one_reminder_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "reminder"), _negated=True), ("day__isnull", False), _connector="OR"
                ),
                name="delivery_reminder_has_its_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "reissued"), _negated=True), ("ticket__isnull", False), _connector="OR"
                ),
                name="delivery_has_its_ticket",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "message"), _negated=True), ("message__isnull", False), _connector="OR"
                ),
                name="delivery_has_its_message",
            ),
        ),
        migrations.AddField(
            model_name="printout",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="asked by",
            ),
        ),
        migrations.AddField(
            model_name="printout",
            name="event",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="printouts",
                to="events.event",
                verbose_name="event",
            ),
        ),
        migrations.AddField(
            model_name="printout",
            name="fest",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="events.fest",
                verbose_name="fest",
            ),
        ),
        migrations.AddField(
            model_name="printout",
            name="school",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="printouts",
                to="registrations.school",
                verbose_name="school",
            ),
        ),
        migrations.AddField(
            model_name="scan",
            name="gate",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="scans",
                to="tickets.gate",
                verbose_name="gate",
            ),
        ),
        migrations.AddField(
            model_name="scan",
            name="registration",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="scans",
                to="registrations.registration",
                verbose_name="registration",
            ),
        ),
        migrations.AddField(
            model_name="scan",
            name="settled_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="settled by",
            ),
        ),
        migrations.AddField(
            model_name="scan",
            name="ticket",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="scans",
                to="tickets.ticket",
                verbose_name="ticket",
            ),
        ),
        migrations.AddField(
            model_name="scan",
            name="user",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.UniqueConstraint(
                condition=models.Q(("seen_at", None)), fields=("kind", "subject"), name="alarm_rings_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at", None)),
                fields=("registration", "student", "kind"),
                name="certificate_valid_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "rank"), ("rank__isnull", False)),
                    models.Q(("kind", "participation"), ("rank", None)),
                    _connector="OR",
                ),
                name="certificate_of_rank_has_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="gate",
            constraint=models.UniqueConstraint(fields=("fest", "name"), name="gate_name_once_a_fest"),
        ),
        migrations.AddConstraint(
            model_name="checkin",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_reentry", False), ("undone_at", None)),
                fields=("ticket",),
                name="check_in_once_a_ticket",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkin",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_reentry", False), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="check_in_again_has_its_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkin",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("undone_at", None), models.Q(("undo_reason", ""), _negated=True), _connector="OR"
                ),
                name="check_in_undone_has_its_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="printout",
            index=models.Index(
                condition=models.Q(("finished_at", None)), fields=["created_at"], name="printout_to_make"
            ),
        ),
        migrations.AddConstraint(
            model_name="printout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "school"), ("school__isnull", False)),
                    models.Q(models.Q(("kind", "school"), _negated=True), ("event__isnull", False)),
                    _connector="OR",
                ),
                name="printout_is_of_something",
            ),
        ),
        migrations.AddIndex(
            model_name="scan",
            index=models.Index(
                condition=models.Q(("is_conflict", True), ("settled_at", None)),
                fields=["received_at"],
                name="scan_conflicts",
            ),
        ),
        migrations.AddIndex(
            model_name="scan",
            index=models.Index(
                condition=models.Q(("verdict", "unknown")),
                fields=["user", "received_at"],
                name="scan_unknown",
            ),
        ),
    ]
