import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registrations", "0005_organisers_submissions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="classlistjob",
            name="undone_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="classlistjob",
            name="undone_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="classlistjob",
            constraint=models.CheckConstraint(
                condition=models.Q(("undone_at", None), ("finished_at__isnull", False), _connector="OR"),
                name="class_list_job_undone_after_its_end",
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
                    ("undone", "the class list was undone"),
                ],
                max_length=20,
                verbose_name="cause",
            ),
        ),
    ]
