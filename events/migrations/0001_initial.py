"""Fests, events, seats and the audit log, with the triggers of `events/models.py`."""

import django.core.validators
import django.db.models.deletion
import events.models
import techfest.core.db.triggers
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Fest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("slug", models.SlugField(unique=True, verbose_name="slug")),
                ("is_current", models.BooleanField(default=False, verbose_name="current")),
                ("place", models.CharField(max_length=200, verbose_name="place")),
                (
                    "time_zone",
                    models.CharField(
                        default="Asia/Kolkata",
                        max_length=50,
                        validators=[events.models.validate_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first day")),
                ("ends_on", models.DateField(verbose_name="last day")),
                ("opens_at", models.DateTimeField(verbose_name="registration opens")),
                ("closes_at", models.DateTimeField(verbose_name="registration closes")),
                (
                    "hours_changed_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="opening hours changed"),
                ),
                ("is_paused", models.BooleanField(default=False, verbose_name="registration paused")),
                (
                    "pause_text",
                    models.CharField(blank=True, max_length=300, verbose_name="text while paused"),
                ),
                (
                    "confirms_addresses",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Protects against registrations made by a program. Students need an e-mail address, and must confirm it within 30 minutes after our mail was sent; otherwise the seat goes to the next person. Class lists of teachers are not affected.",
                        verbose_name="e-mail addresses must be confirmed",
                    ),
                ),
                (
                    "grade_min",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(13),
                        ],
                        verbose_name="lowest grade",
                    ),
                ),
                (
                    "grade_max",
                    models.PositiveSmallIntegerField(
                        default=12,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(13),
                        ],
                        verbose_name="highest grade",
                    ),
                ),
                (
                    "accent",
                    models.CharField(
                        choices=[
                            ("indigo", "Indigo"),
                            ("teal", "Teal"),
                            ("crimson", "Crimson"),
                            ("amber", "Amber"),
                            ("forest", "Forest"),
                            ("violet", "Violet"),
                            ("cobalt", "Cobalt"),
                            ("slate", "Slate"),
                        ],
                        default="indigo",
                        max_length=10,
                        verbose_name="accent",
                    ),
                ),
                ("contact_name", models.CharField(max_length=100, verbose_name="contact")),
                ("contact_email", models.EmailField(max_length=254, verbose_name="contact's e-mail")),
                ("privacy_text", models.TextField(verbose_name="who runs the fest and keeps the data")),
                (
                    "retention_days",
                    models.PositiveSmallIntegerField(
                        default=90, verbose_name="days names are kept after the fest"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Picture",
            fields=[
                (
                    "digest",
                    models.CharField(editable=False, max_length=32, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("png", "PNG"), ("jpeg", "JPEG")], editable=False, max_length=4
                    ),
                ),
                ("width", models.PositiveIntegerField(editable=False)),
                ("height", models.PositiveIntegerField(editable=False)),
                ("data", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=50, verbose_name="name")),
                ("slug", models.SlugField(verbose_name="slug")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "fest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="categories",
                        to="events.fest",
                        verbose_name="fest",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "categories",
                "ordering": ["position", "name"],
            },
        ),
        migrations.AddField(
            model_name="fest",
            name="logo",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="events.picture",
                verbose_name="logo",
            ),
        ),
        migrations.CreateModel(
            name="Venue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("directions", models.CharField(blank=True, max_length=300, verbose_name="how to find it")),
                ("map_url", models.URLField(blank=True, verbose_name="map")),
                (
                    "fest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="venues",
                        to="events.fest",
                        verbose_name="fest",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("slug", models.SlugField(max_length=80, verbose_name="slug")),
                ("summary", models.CharField(max_length=200, verbose_name="summary")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                ("rules", models.TextField(blank=True, verbose_name="rules")),
                ("bring", models.CharField(blank=True, max_length=300, verbose_name="what to bring")),
                ("starts_at", models.DateTimeField(verbose_name="starts")),
                ("ends_at", models.DateTimeField(verbose_name="ends")),
                (
                    "buffer_minutes",
                    models.PositiveSmallIntegerField(default=0, verbose_name="minutes kept free afterwards"),
                ),
                (
                    "grade_min",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(13),
                        ],
                        verbose_name="lowest grade",
                    ),
                ),
                (
                    "grade_max",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(13),
                        ],
                        verbose_name="highest grade",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "draft"), ("published", "published"), ("cancelled", "cancelled")],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("opens_at", models.DateTimeField(blank=True, null=True, verbose_name="registration opens")),
                (
                    "closes_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="registration closes"),
                ),
                (
                    "hours_changed_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="opening hours changed"),
                ),
                ("is_paused", models.BooleanField(default=False, verbose_name="registration paused")),
                (
                    "pause_text",
                    models.CharField(blank=True, max_length=300, verbose_name="text while paused"),
                ),
                (
                    "waiting_limit",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Leave empty for no limit. 0 means no waiting list.",
                        null=True,
                        verbose_name="longest waiting list",
                    ),
                ),
                (
                    "promotes_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="Leave empty for two hours before the start. After that, free seats are given at the door.",
                        null=True,
                        verbose_name="waiting list moves until",
                    ),
                ),
                (
                    "doors_open_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Leave empty for one hour before the start.",
                        null=True,
                        verbose_name="doors open",
                    ),
                ),
                (
                    "seats_kept_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="Leave empty for the start. After that, seats of students who have not come may be given away at the door.",
                        null=True,
                        verbose_name="seats are kept until",
                    ),
                ),
                (
                    "sequence",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="calendar revision"),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="events.category",
                        verbose_name="category",
                    ),
                ),
                (
                    "leads",
                    models.ManyToManyField(
                        blank=True,
                        related_name="led_events",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="event leads",
                    ),
                ),
                (
                    "fest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="events.fest",
                        verbose_name="fest",
                    ),
                ),
                (
                    "picture",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="events.picture",
                        verbose_name="picture",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="events.venue",
                        verbose_name="venue",
                    ),
                ),
            ],
            options={
                "ordering": ["starts_at", "name"],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(editable=False, verbose_name="at")),
                ("subject_kind", models.CharField(editable=False, max_length=50, verbose_name="kind")),
                ("subject_id", models.BigIntegerField(editable=False, verbose_name="id")),
                ("what", models.CharField(editable=False, max_length=60, verbose_name="what")),
                ("before", models.JSONField(default=dict, editable=False, verbose_name="before")),
                ("after", models.JSONField(default=dict, editable=False, verbose_name="after")),
                (
                    "reason",
                    models.CharField(blank=True, editable=False, max_length=300, verbose_name="reason"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "indexes": [
                    models.Index(fields=["subject_kind", "subject_id", "at"], name="audit_of_a_subject")
                ],
            },
        ),
        migrations.CreateModel(
            name="Seats",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="seats",
                        serialize=False,
                        to="events.event",
                        verbose_name="event",
                    ),
                ),
                ("capacity", models.PositiveIntegerField(verbose_name="capacity")),
                ("taken", models.PositiveIntegerField(default=0, editable=False, verbose_name="taken")),
                (
                    "held",
                    models.PositiveIntegerField(db_default=0, default=0, editable=False, verbose_name="held"),
                ),
                ("waiting", models.PositiveIntegerField(default=0, editable=False, verbose_name="waiting")),
                (
                    "last_queue_position",
                    models.PositiveBigIntegerField(
                        default=0, editable=False, verbose_name="last queue position given"
                    ),
                ),
                ("filled_at", models.DateTimeField(editable=False, null=True, verbose_name="last filled")),
            ],
            options={
                "verbose_name": "seats",
                "verbose_name_plural": "seats",
            },
        ),
        migrations.CreateModel(
            name="CapacityChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("capacity", models.PositiveIntegerField(editable=False, verbose_name="capacity")),
                ("at", models.DateTimeField(editable=False, verbose_name="from")),
                (
                    "event",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="capacity_changes",
                        to="events.event",
                        verbose_name="event",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "indexes": [models.Index(fields=["event", "at"], name="capacity_of_a_moment")],
            },
        ),
        migrations.AddConstraint(
            model_name="category",
            constraint=models.UniqueConstraint(fields=("fest", "slug"), name="category_slug_once_a_fest"),
        ),
        migrations.AddConstraint(
            model_name="fest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)), fields=("is_current",), name="fest_one_is_current"
            ),
        ),
        migrations.AddConstraint(
            model_name="fest",
            constraint=models.CheckConstraint(
                condition=models.Q(("starts_on__lte", models.F("ends_on"))), name="fest_starts_before_it_ends"
            ),
        ),
        migrations.AddConstraint(
            model_name="fest",
            constraint=models.CheckConstraint(
                condition=models.Q(("opens_at__lt", models.F("closes_at"))),
                name="fest_opens_before_it_closes",
            ),
        ),
        migrations.AddConstraint(
            model_name="fest",
            constraint=models.CheckConstraint(
                condition=models.Q(("grade_min__lte", models.F("grade_max"))), name="fest_grades_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="venue",
            constraint=models.UniqueConstraint(fields=("fest", "name"), name="venue_name_once_a_fest"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(fields=("fest", "slug"), name="event_slug_once_a_fest"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("starts_at__lt", models.F("ends_at"))), name="event_starts_before_it_ends"
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("grade_min__lte", models.F("grade_max"))), name="event_grades_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closes_at__isnull", True), ("closes_at__lte", models.F("ends_at")), _connector="OR"
                ),
                name="event_closes_by_its_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=techfest.core.db.triggers.Trigger(
                name="events_auditentry_append_only",
                event="BEFORE UPDATE OR DELETE",
                function="events_refuse_rewriting",
                body="""
                    BEGIN
                        IF TG_OP = 'UPDATE' AND current_setting('techfest.erasing', true) = 'on'
                            AND to_jsonb(NEW) - '{reason,before,after}'::text[]
                                = to_jsonb(OLD) - '{reason,before,after}'::text[]
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
            model_name="seats",
            constraint=techfest.core.db.triggers.Trigger(
                name="events_seats_keep_capacity",
                event="AFTER INSERT OR UPDATE OF capacity",
                function="events_keep_capacity",
                body="""
                    BEGIN
                        IF TG_OP = 'INSERT' OR NEW.capacity IS DISTINCT FROM OLD.capacity THEN
                            INSERT INTO events_capacitychange (event_id, capacity, at)
                            VALUES (NEW.event_id, NEW.capacity, clock_timestamp());
                        END IF;
                        RETURN NULL;
                    END
                """,
            ),
        ),
        migrations.AddConstraint(
            model_name="fest",
            constraint=techfest.core.db.triggers.Trigger(
                name="events_fest_note_hours",
                event="BEFORE UPDATE OF opens_at, closes_at, hours_changed_at",
                function="events_note_hours",
                body="""
                    BEGIN
                        IF (NEW.opens_at, NEW.closes_at) IS DISTINCT FROM (OLD.opens_at, OLD.closes_at) THEN
                            NEW.hours_changed_at := clock_timestamp();
                        ELSE
                            NEW.hours_changed_at := OLD.hours_changed_at;
                        END IF;
                        RETURN NEW;
                    END
                """,
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=techfest.core.db.triggers.Trigger(
                name="events_event_note_hours",
                event="BEFORE UPDATE OF opens_at, closes_at, starts_at, ends_at, hours_changed_at",
                function="events_note_event_hours",
                body="""
                    BEGIN
                        IF (NEW.opens_at, NEW.closes_at, NEW.starts_at, NEW.ends_at)
                            IS DISTINCT FROM (OLD.opens_at, OLD.closes_at, OLD.starts_at, OLD.ends_at) THEN
                            NEW.hours_changed_at := clock_timestamp();
                        ELSE
                            NEW.hours_changed_at := OLD.hours_changed_at;
                        END IF;
                        RETURN NEW;
                    END
                """,
            ),
        ),
    ]
