"""Template tags with the URLs of published results, for pages of lower layers."""

from django import template
from django.urls import reverse

from events.cache import cached_fest
from events.models import Event
from registrations.results.publish import is_published, published

register = template.Library()


@register.simple_tag
def results_url(event: Event) -> str:
    """Returns the URL of the event's results; empty until they are published."""
    return reverse("results:event", args=[event.slug]) if is_published(event) else ""


@register.simple_tag
def all_results_url() -> str:
    """Returns the URL of all results; empty while there are none."""
    return reverse("results:overview") if published(cached_fest()) else ""
