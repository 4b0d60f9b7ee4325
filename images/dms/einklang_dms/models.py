"""What we keep beside Mayan's tables."""

from __future__ import annotations

from django.db import models


class Login(models.Model):
    """A session here and the one of the identity service that it belongs to."""

    session = models.CharField(max_length=40, unique=True)
    sid = models.CharField(max_length=255, db_index=True)
    subject = models.CharField(max_length=150, db_index=True)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "einklang_dms"

    def __str__(self) -> str:
        return self.subject


class Retention(models.Model):
    """How long documents of a type are kept after their file was closed; years empty: for ever."""

    document_type = models.OneToOneField(
        "documents.DocumentType", on_delete=models.CASCADE, related_name="einklang_retention"
    )
    years = models.PositiveIntegerField(null=True)

    class Meta:
        app_label = "einklang_dms"

    def __str__(self) -> str:
        return f"{self.document_type}: {self.years or 'permanent'}"


class Managed(models.Model):
    """What the set-up made, by the key that the standard gives it: it finds it again when its title changes."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    target = models.PositiveIntegerField()

    class Meta:
        app_label = "einklang_dms"
        unique_together = (("kind", "key"), ("kind", "target"))

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
