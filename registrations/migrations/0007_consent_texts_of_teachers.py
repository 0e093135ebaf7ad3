from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registrations", "0006_undone_class_lists")]

    operations = [
        migrations.AddField(
            model_name="consenttext",
            name="audience",
            field=models.CharField(
                choices=[("students", "students and guardians"), ("teachers", "teachers")],
                db_default="students",
                default="students",
                max_length=10,
                verbose_name="shown to",
            ),
        ),
    ]
