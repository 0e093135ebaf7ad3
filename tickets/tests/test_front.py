"""The desk's first page: what it says at a glance, to whom, and with how many queries."""

import pytest
from django.urls import reverse

from tickets.tests.desk import build_row_of_everything, desk, query_count

pytestmark = pytest.mark.django_db
FRONT = reverse("admin:index")


def test_front_page_asks_as_often_for_few_rows_as_for_many() -> None:
    client = desk()
    build_row_of_everything(1)
    few = query_count(client, FRONT)
    build_row_of_everything(2)
    build_row_of_everything(3)
    assert (few, query_count(client, FRONT)) == (30, 30)
