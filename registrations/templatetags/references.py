"""References as people read them."""

from django import template

from registrations.students.names import grouped

register = template.Library()
register.filter(grouped)
