"""Static files of a release, named by their content."""

import re
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites the imports of ES modules too, so that a page loads all its modules from one release.

    The comments of this project's stylesheets stay behind: they are a tenth of what a phone would load.
    """

    support_js_module_import_aggregation = True

    def _save(self, name: str, content: Any) -> Any:
        if name.startswith("css/") and name.endswith(".css"):
            content = ContentFile(without_comments(b"".join(content.chunks())))
        return super()._save(name, content)


def without_comments(css: bytes) -> bytes:
    """The stylesheet without comments, blank lines and indentation."""
    return re.sub(rb"\s*\n\s*", b"\n", re.sub(rb"/\*.*?\*/", b"", css, flags=re.DOTALL)).strip() + b"\n"
