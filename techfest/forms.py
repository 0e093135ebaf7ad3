"""How every form on the site is drawn."""

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """Fields are drawn by templates/forms/field.html; a project's template may replace any of Django's."""

    field_template_name = "forms/field.html"
