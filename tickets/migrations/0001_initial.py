"""Tickets, check-ins, mails and documents, with the triggers of `tickets/models/mail.py`."""

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import techfest.core.link_keys
import techfest.core.db.triggers
import registrations.models.people
import tickets.keys
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0001_initial"),
        ("registrations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("kind", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
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
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="certificates",
                        to="registrations.registration",
                        verbose_name="registration",
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="certificates",
                        to="registrations.student",
                        verbose_name="student",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delegation",
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
                    "fest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="events.fest"
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delegations",
                        to="registrations.school",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DocumentJob",
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
                (
                    "claimed_by",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=100),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("total", models.PositiveIntegerField(default=0, editable=False)),
                ("made", models.PositiveIntegerField(default=0, editable=False)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                ("is_blocked", models.BooleanField(db_default=False, default=False, editable=False)),
                ("error", models.CharField(blank=True, editable=False, max_length=300)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("tickets", "tickets of a school"),
                            ("school", "everything of a school"),
                            ("attendance", "attendance sheet"),
                            ("badges", "badges"),
                            ("certificates", "certificates"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("options", models.JSONField(default=dict, editable=False)),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "class_list_job",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="document",
                        to="registrations.classlistjob",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="documents",
                        to="events.event",
                        verbose_name="event",
                    ),
                ),
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
                    "school",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="documents",
                        to="registrations.school",
                        verbose_name="school",
                    ),
                ),
            ],
            options={
                "verbose_name": "document",
            },
        ),
        migrations.CreateModel(
            name="Delivery",
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
                            ("registered", "registration"),
                            ("promoted", "a seat became free"),
                            ("cancelled", "cancellation"),
                            ("link", "link to my registrations"),
                            ("attempt", "somebody tried your name"),
                            ("corrected", "details corrected"),
                            ("class", "tickets of a class"),
                            ("notice", "notice to a teacher"),
                            ("changed", "another time or place"),
                            ("moved", "moved to another event"),
                            ("reissued", "a new ticket"),
                            ("reminder", "reminder of the day before"),
                            ("message", "message from the organisers"),
                            ("digest", "several mails in one"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("day", models.DateField(editable=False, null=True)),
                ("to", models.EmailField(max_length=254, verbose_name="to")),
                ("mailbox", models.CharField(editable=False, max_length=254)),
                ("key", models.UUIDField(default=tickets.keys.random_key, editable=False, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("sending", "sending"),
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("suppressed", "held back by the provider"),
                            ("bounced", "bounced"),
                            ("complained", "complained"),
                            ("failed", "failed"),
                            ("dropped", "no longer true"),
                            ("gathered", "in a mail with others"),
                        ],
                        default="queued",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "queued_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="queued",
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="next try")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="tries"),
                ),
                ("claimed_at", models.DateTimeField(editable=False, null=True)),
                ("admitted_at", models.DateTimeField(editable=False, null=True)),
                ("held_at", models.DateTimeField(editable=False, null=True)),
                (
                    "claimed_by",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=100),
                ),
                ("sent_at", models.DateTimeField(editable=False, null=True, verbose_name="sent")),
                (
                    "provider_id",
                    models.CharField(
                        blank=True, editable=False, max_length=200, verbose_name="provider's id"
                    ),
                ),
                ("error", models.CharField(blank=True, editable=False, max_length=300, verbose_name="error")),
                (
                    "document",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="tickets.documentjob",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="registrations.change",
                    ),
                ),
                (
                    "gathered_into",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="tickets.delivery",
                        verbose_name="in the mail",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="registrations.classlistjob",
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="registrations.student",
                        verbose_name="student",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="registrations.submission",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="DeliveryEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_id", models.CharField(editable=False, max_length=200, unique=True)),
                ("kind", models.CharField(max_length=30, verbose_name="what")),
                ("happened_at", models.DateTimeField(verbose_name="happened")),
                ("received_at", models.DateTimeField(auto_now_add=True, verbose_name="received")),
                ("detail", models.CharField(blank=True, max_length=300, verbose_name="detail")),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="tickets.delivery",
                        verbose_name="delivery",
                    ),
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
                (
                    "events",
                    models.ManyToManyField(
                        blank=True,
                        help_text="None: all events of the fest.",
                        related_name="gates",
                        to="events.event",
                        verbose_name="events",
                    ),
                ),
                (
                    "fest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gates",
                        to="events.fest",
                        verbose_name="fest",
                    ),
                ),
                (
                    "volunteers",
                    models.ManyToManyField(
                        blank=True,
                        related_name="gates",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="volunteers",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("link", models.URLField(blank=True, max_length=500)),
                ("link_label", models.CharField(blank=True, max_length=80)),
                (
                    "delivery",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notice",
                        to="tickets.delivery",
                    ),
                ),
            ],
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
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written by",
                    ),
                ),
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
                    "stopped_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="stopped by",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="message",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="tickets.message",
            ),
        ),
        migrations.CreateModel(
            name="ProviderOutage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("failures", models.PositiveIntegerField(default=0)),
                ("reason", models.CharField(max_length=300)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="provider_outage_is_one")
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "hour",
                    models.DateTimeField(editable=False, help_text="When it began.", verbose_name="hour"),
                ),
                ("minute", models.PositiveSmallIntegerField(editable=False)),
                ("in_minute", models.PositiveIntegerField(editable=False)),
                ("searches", models.PositiveIntegerField(editable=False, verbose_name="searches")),
                ("refused", models.PositiveIntegerField(default=0, editable=False, verbose_name="refused")),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Ticket",
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
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="issued")),
                ("voided_at", models.DateTimeField(editable=False, null=True, verbose_name="void since")),
                ("checked_in_at", models.DateTimeField(editable=False, null=True, verbose_name="came in")),
                ("rendered_at", models.DateTimeField(editable=False, null=True, verbose_name="PDF made")),
                ("render_claimed_at", models.DateTimeField(editable=False, null=True)),
                (
                    "render_claimed_by",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=100),
                ),
                (
                    "render_attempts",
                    models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="tries"),
                ),
                ("render_is_blocked", models.BooleanField(db_default=False, default=False, editable=False)),
                (
                    "render_error",
                    models.CharField(blank=True, editable=False, max_length=300, verbose_name="error"),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tickets",
                        to="registrations.registration",
                        verbose_name="registration",
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tickets",
                        to="registrations.student",
                        verbose_name="student",
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
                ("key", models.UUIDField(default=tickets.keys.random_key, editable=False, unique=True)),
                (
                    "link_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=techfest.core.link_keys.new_link_id,
                        editable=False,
                        unique=True,
                    ),
                ),
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
                    "device_verdict",
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
                        verbose_name="shown without a network",
                    ),
                ),
                (
                    "is_offline",
                    models.BooleanField(default=False, editable=False, verbose_name="without a network"),
                ),
                ("is_conflict", models.BooleanField(default=False, editable=False, verbose_name="conflict")),
                ("resolved_at", models.DateTimeField(editable=False, null=True, verbose_name="resolved")),
                ("note", models.CharField(blank=True, editable=False, max_length=300, verbose_name="note")),
                (
                    "gate",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="scans",
                        to="tickets.gate",
                        verbose_name="gate",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scans",
                        to="registrations.registration",
                        verbose_name="registration",
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="resolved by",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scans",
                        to="tickets.ticket",
                        verbose_name="ticket",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="ticket",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="tickets.ticket",
            ),
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
                (
                    "undone_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="undone by",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "gate",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="check_ins",
                        to="tickets.gate",
                        verbose_name="gate",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="check_ins",
                        to="tickets.ticket",
                        verbose_name="ticket",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Alert",
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
                            ("guessing", "codes are being guessed"),
                            ("cluster", "many registrations of one kind"),
                            ("searching", "too many names searched for at the door"),
                            ("sender", "the mail provider refuses our mails"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("subject", models.CharField(editable=False, max_length=100, verbose_name="about")),
                (
                    "filters",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=200),
                ),
                ("count", models.PositiveIntegerField(default=1, editable=False, verbose_name="how often")),
                ("first_at", models.DateTimeField(editable=False, verbose_name="first")),
                ("last_at", models.DateTimeField(editable=False, verbose_name="last")),
                ("notified_at", models.DateTimeField(editable=False, null=True, verbose_name="mailed")),
                ("notified_count", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("seen_at", models.DateTimeField(editable=False, null=True, verbose_name="seen")),
                (
                    "seen_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="seen by",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("seen_at", None)),
                        fields=("kind", "subject"),
                        name="alert_open_once",
                    )
                ],
            },
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
            model_name="delegation",
            constraint=models.UniqueConstraint(fields=("fest", "school"), name="delegation_once_a_fest"),
        ),
        migrations.AddConstraint(
            model_name="gate",
            constraint=models.UniqueConstraint(fields=("fest", "name"), name="gate_name_once_a_fest"),
        ),
        migrations.AddIndex(
            model_name="documentjob",
            index=models.Index(
                condition=models.Q(("finished_at", None)), fields=["created_at"], name="document_to_make"
            ),
        ),
        migrations.AddConstraint(
            model_name="documentjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["tickets", "school"]), ("school__isnull", False)),
                    models.Q(
                        models.Q(("kind__in", ["tickets", "school"]), _negated=True), ("event__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="document_is_about_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="searchcount",
            constraint=models.UniqueConstraint(fields=("user", "hour"), name="search_count_once_an_hour"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("rendered_at", None), ("voided_at", None)),
                fields=["created_at"],
                name="ticket_to_render",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(
                condition=models.Q(("voided_at", None)),
                fields=("registration", "student"),
                name="ticket_live_once",
            ),
        ),
        migrations.AddIndex(
            model_name="scan",
            index=models.Index(
                condition=models.Q(("is_conflict", True), ("resolved_at", None)),
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
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["queued", "sending"])),
                fields=["due_at"],
                name="delivery_pending",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["mailbox", "created_at"], name="delivery_mailbox"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "registered")),
                fields=("submission", "kind"),
                name="delivery_registered_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("change__isnull", False)),
                fields=("change", "kind", "to"),
                name="delivery_once_a_change",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "registered"), _negated=True),
                    ("submission__isnull", False),
                    _connector="OR",
                ),
                name="delivery_registered_has_submission",
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
                    ("student__isnull", False),
                    ("kind__in", ["class", "notice", "message", "digest"]),
                    _connector="OR",
                ),
                name="delivery_has_its_student",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "class")), fields=("job",), name="delivery_one_class_mail_a_job"
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
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("gathered_into__isnull", False), ("state", "gathered")),
                    models.Q(models.Q(("state", "gathered"), _negated=True), ("gathered_into", None)),
                    _connector="OR",
                ),
                name="delivery_gathered_has_its_digest",
            ),
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
        migrations.AddConstraint(
            model_name="message",
            constraint=techfest.core.db.triggers.Trigger(
                name="tickets_message_stays_in_its_fest",
                event="BEFORE UPDATE OF fest_id",
                condition="NEW.fest_id IS DISTINCT FROM OLD.fest_id",
                function="tickets_refuse_moved_message",
                body="""
                    BEGIN
                        RAISE EXCEPTION 'a message stays in its fest'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'message_stays_in_its_fest';
                    END
                """,
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=techfest.core.db.triggers.Trigger(
                name="tickets_delivery_message_of_its_fest",
                event="BEFORE INSERT OR UPDATE OF message_id, student_id",
                condition="NEW.message_id IS NOT NULL AND NEW.student_id IS NOT NULL",
                function="tickets_refuse_other_fest",
                body="""
                    BEGIN
                        IF (SELECT fest_id FROM tickets_message WHERE id = NEW.message_id) IS DISTINCT FROM
                            (SELECT fest_id FROM registrations_student WHERE id = NEW.student_id) THEN
                            RAISE EXCEPTION 'a message of one fest goes to no student of another'
                                USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_message_of_its_fest';
                        END IF;
                        RETURN NEW;
                    END
                """,
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket", constraint=models.UniqueConstraint(fields=("code",), name="ticket_code_once")
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("user__isnull", False)), fields=["user"], name="delivery_user"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("job__isnull", False)), fields=["job"], name="delivery_job"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("document__isnull", False)), fields=["document"], name="delivery_document"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("ticket__isnull", False)), fields=["ticket"], name="delivery_ticket"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("message__isnull", False)), fields=["message"], name="delivery_message"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("gathered_into__isnull", False)),
                fields=["gathered_into"],
                name="delivery_gathered_into",
            ),
        ),
    ]
