"""The form renderer."""

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """Renders fields with templates/forms/field.html; project templates override Django's."""

    field_template_name = "forms/field.html"
