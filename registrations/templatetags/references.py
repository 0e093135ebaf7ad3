"""References as people read them."""

from django import template

from registrations.naming import grouped

register = template.Library()
register.filter(grouped)
