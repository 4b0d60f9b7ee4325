"""The Django app: hooks into Mayan."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from mayan.apps.app_manager.apps import MayanAppConfig


class EinklangApp(MayanAppConfig):
    """No pages of its own but those of urls.py."""

    app_namespace = "einklang"
    app_url = "einklang"
    default_auto_field = "django.db.models.BigAutoField"
    has_app_translations = False
    name = "einklang_dms"
    verbose_name = "Einklang"

    def ready(self) -> None:
        """Check every document file once more where it is stored, whatever way it came."""
        super().ready()
        from mayan.apps.documents.models.document_file_models import DocumentFile

        from einklang_dms import sessions, uploads

        settings.LOGIN_REQUIRED_EXEMPT_URLS += (r"^/health/$", r"^/authentication/.*")
        DocumentFile.register_pre_create_hook(func=uploads.before_document_file)
        user_logged_in.connect(sessions.keep, dispatch_uid="einklang_login")
