"""The Django app: hooks into Mayan."""

from __future__ import annotations

from celery.signals import worker_init, worker_ready, worker_shutting_down
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
        """Check each document file where it is stored, whatever way it came; German where nothing is said."""
        super().ready()
        from mayan.apps.documents.models.document_file_models import DocumentFile
        from mayan.apps.documents.models.document_models import Document
        from mayan.apps.documents.tasks.document_file_tasks import task_document_file_create
        from mayan.apps.permissions.models import StoredPermission

        from einklang_dms import farewell, heartbeat, permissions, redelivery, sessions, uploads

        # The API takes this default, and not Mayan's setting for it.
        language = Document._meta.get_field("language")
        language.default = settings.EINKLANG["language"]
        language.__dict__.pop("_get_default", None)
        DocumentFile.register_pre_create_hook(func=uploads.before_document_file)
        # A file that was taken in waits for the scanner as long as Mayan keeps it: a week.
        task_document_file_create.max_retries, task_document_file_create.default_retry_delay = None, 60
        StoredPermission.user_has_this = permissions.once(StoredPermission.user_has_this)
        user_logged_in.connect(sessions.keep, dispatch_uid="einklang_login")
        worker_init.connect(redelivery.begin, dispatch_uid="einklang_redelivery", weak=False)
        worker_ready.connect(heartbeat.begin, dispatch_uid="einklang_heartbeat", weak=False)
        worker_shutting_down.connect(farewell.begin, dispatch_uid="einklang_farewell", weak=False)
