"""TOTP secrets and seeds of recovery codes that were stored in the clear are encrypted; see teachers/encryption.py."""

from typing import Any

from django.db import migrations

from registrations.teachers import encryption


def forwards(apps: Any, schema_editor: Any) -> None:
    encryption.encrypt_all(apps.get_model("mfa", "Authenticator"))


def backwards(apps: Any, schema_editor: Any) -> None:
    encryption.decrypt_all(apps.get_model("mfa", "Authenticator"))


class Migration(migrations.Migration):
    dependencies = [
        ("registrations", "0009_classlistjob_claimed_by"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
