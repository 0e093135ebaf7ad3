"""What happened to accounts and their sign-in, kept; the database refuses to rewrite it."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

FORWARDS = """
CREATE TRIGGER registrations_securityevent_append_only
    BEFORE UPDATE OR DELETE ON registrations_securityevent
    FOR EACH ROW EXECUTE FUNCTION registrations_refuse_rewriting();
"""
BACKWARDS = "DROP TRIGGER registrations_securityevent_append_only ON registrations_securityevent"


class Migration(migrations.Migration):
    dependencies = [
        ("registrations", "0010_encrypt_second_factors"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            options={
                "indexes": [
                    models.Index(fields=["account", "at"], name="security_of_an_account"),
                    models.Index(fields=["kind", "network", "at"], name="security_of_a_network"),
                ],
            },
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
