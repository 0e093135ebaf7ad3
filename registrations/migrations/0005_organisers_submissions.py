from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registrations", "0004_class_list_left_out_reason")]

    operations = [
        migrations.AlterField(
            model_name="submission",
            name="origin",
            field=models.CharField(
                choices=[
                    ("form", "public form"),
                    ("student", "my registrations"),
                    ("teacher", "teacher's pages"),
                    ("list", "class list"),
                    ("organiser", "organiser's page"),
                ],
                editable=False,
                max_length=10,
                verbose_name="sent from",
            ),
        ),
    ]
