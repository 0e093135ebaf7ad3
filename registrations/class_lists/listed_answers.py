"""Answers in the cells of class lists end on the day of their question, as the stored answers do."""

from django.db import connection, transaction

from registrations.class_lists.drafts import lock_lists
from registrations.models import ClassList, ClassListRow
from registrations.spreadsheets.meanings import Meaning

_DUE = """
    SELECT DISTINCT l.id, 'q' || q.id FROM registrations_classlist l
    CROSS JOIN LATERAL jsonb_array_elements(l.columns) AS given
    JOIN registrations_question q ON given ->> 2 = 'q' || q.id
    JOIN events_fest f ON f.id = q.fest_id
    WHERE given ->> 1 = 'answer'
        AND (clock_timestamp() AT TIME ZONE f.time_zone)::date > f.ends_on + q.erased_after_days
"""


@transaction.atomic
def blank_due_answers() -> int:
    """Empty the cells of columns whose question's last day is over, and return how many lists had such a column.

    The column is not used any more, so the next run does not find it again.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE)
        due = set(cursor.fetchall())
    lists = lock_lists(ClassList.objects.filter(pk__in={pk for pk, _key in due})) if due else []
    for class_list in lists:
        _blank(class_list, {key for pk, key in due if pk == class_list.pk})
    return len(lists)


def _blank(class_list: ClassList, keys: set[str]) -> None:
    positions = [
        at
        for at, (_title, meaning, key) in enumerate(class_list.columns)
        if meaning == Meaning.ANSWER and key in keys
    ]
    rows = [row for row in class_list.rows.all() if any(row.cell(at) for at in positions)]
    for row in rows:
        row.cells = ["" if at in positions else cell for at, cell in enumerate(row.cells)]
    ClassListRow.objects.bulk_update(rows, ["cells"], batch_size=200)
    for at in positions:
        class_list.columns[at][1:] = [str(Meaning.IGNORED), ""]
    class_list.save(update_fields=["columns"])
