"""Bring the DMS to what the tenant's set-up document says.

In this process, with Mayan's own models: no account, no password and no token with an administrator's rights exists
for it. Everything it makes it finds again by the standard's key. What the standard no longer has goes when nothing
hangs on it; else it stays, and is reported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import Group
from django.db import models, transaction
from mayan.apps.cabinets.models import Cabinet
from mayan.apps.document_indexing.models import IndexTemplate
from mayan.apps.document_states.models import Workflow
from mayan.apps.documents.models.document_models import Document
from mayan.apps.documents.models.document_type_models import DocumentType
from mayan.apps.metadata.models import DocumentMetadata, MetadataType
from mayan.apps.permissions.classes import Permission
from mayan.apps.permissions.models import Role
from mayan.apps.source_web_forms.source_backends import SourceBackendWebForm
from mayan.apps.sources.models import Source

from einklang_dms.models import Managed, Retention

Desired = Mapping[str, Any]
_NEVER_UNCOMPRESS = "n"


class Reconciler:
    """One run. changes: what was made, changed or removed. kept: what the standard no longer has and documents need."""

    def __init__(self) -> None:
        self.changes: list[str] = []
        self.kept: list[str] = []

    @transaction.atomic
    def run(self, desired: Desired) -> None:
        """Everything or nothing."""
        self._roles(desired["roles"])
        metadata = self._metadata_types(desired["metadata_types"])
        types = self._document_types(desired["document_types"], metadata)
        for workflow in desired["workflows"]:
            self._workflow(workflow, types)
        self._forget("workflow", Workflow, [each["key"] for each in desired["workflows"]], lambda _: True)
        self._cabinets(desired["file_plan"])
        self._indexes(types)
        self._source(desired["source"])

    def _roles(self, roles: Sequence[Desired]) -> None:
        known = {permission.pk: permission.stored_permission for permission in Permission.all()}
        for desired in roles:
            role = self._object("role", desired["key"], Role, {"label": desired["label"]})
            group = Group.objects.get_or_create(name=desired["key"])[0]
            self._members(f"role {desired['key']}: group", role.groups, [group])
            wanted = [known[name] for name in desired["permissions"]]
            self._members(f"role {desired['key']}: permissions", role.permissions, wanted)
        self._forget("role", Role, [each["key"] for each in roles], lambda _: False)

    def _metadata_types(self, metadata_types: Sequence[Desired]) -> dict[str, MetadataType]:
        found = {}
        for desired in metadata_types:
            fields = {"name": desired["key"], "label": desired["label"]}
            if desired.get("pattern"):
                fields["validation"] = "mayan.apps.metadata.metadata_validators.RegularExpressionValidator"
                fields["validation_arguments"] = json.dumps({"pattern": desired["pattern"]})
            found[desired["key"]] = self._object("metadata type", desired["key"], MetadataType, fields)
        self._forget(
            "metadata type",
            MetadataType,
            list(found),
            lambda each: DocumentMetadata.objects.filter(metadata_type=each).exists(),
        )
        return found

    def _document_types(
        self, document_types: Sequence[Desired], metadata: Mapping[str, MetadataType]
    ) -> dict[str, DocumentType]:
        found = {}
        for desired in document_types:
            key = desired["key"]
            # Mayan's own rule for the trash counts from the upload: it stays off, ours counts from the closing.
            fields = {
                "label": desired["label"],
                "trash_time_period": None,
                "trash_time_unit": None,
                "delete_time_period": desired["delete_from_trash_after_days"],
                "delete_time_unit": "days",
            }
            found[key] = self._object("document type", key, DocumentType, fields)
            self._retention(key, found[key], desired["retention_years"])
            self._text_recognition(key, found[key], wanted=desired["text_recognition"])
            self._metadata_of(key, found[key], {metadata[name]: need for name, need in desired["metadata"].items()})
        self._forget(
            "document type",
            DocumentType,
            list(found),
            lambda each: Document.objects.filter(document_type=each).exists(),
        )
        return found

    def _retention(self, key: str, document_type: DocumentType, years: int | None) -> None:
        retention, made = Retention.objects.get_or_create(document_type=document_type, defaults={"years": years})
        if not made and retention.years != years:
            self.changes.append(f"document type {key}: kept {years} years, before {retention.years}")
            retention.years = years
            retention.save()

    def _text_recognition(self, key: str, document_type: DocumentType, *, wanted: bool) -> None:
        settings = document_type.ocr_settings
        if settings.auto_ocr != wanted:
            self.changes.append(f"document type {key}: text is {'read' if wanted else 'not read'} by itself")
            settings.auto_ocr = wanted
            settings.save()

    def _metadata_of(self, key: str, document_type: DocumentType, wanted: Mapping[MetadataType, bool]) -> None:
        present = {each.metadata_type: each for each in document_type.metadata.all()}
        for metadata_type, required in wanted.items():
            relation = present.pop(metadata_type, None)
            if relation is None:
                document_type.metadata.create(metadata_type=metadata_type, required=required)
            elif relation.required != required:
                relation.required = required
                relation.save()
            else:
                continue
            self.changes.append(f"document type {key}: {metadata_type.name}")
        for metadata_type, relation in present.items():
            if _is_managed("metadata type", metadata_type):
                relation.delete()
                self.changes.append(f"document type {key}: without {metadata_type.name}")

    def _workflow(self, desired: Desired, types: Mapping[str, DocumentType]) -> None:
        key = desired["key"]
        fields = {"internal_name": key, "label": desired["label"], "auto_launch": True}
        workflow = self._object("workflow", key, Workflow, fields)
        self._members(f"workflow {key}: document types", workflow.document_types, list(types.values()))
        states = {}
        for state in desired["states"]:
            fields = {
                "workflow": workflow,
                **{name: state[name] for name in ("label", "initial", "final", "completion")},
            }
            states[state["key"]] = self._object("state", f"{key}/{state['key']}", workflow.states.model, fields)
        for transition in desired["transitions"]:
            fields = {
                "workflow": workflow,
                "label": transition["label"],
                "origin_state": states[transition["from"]],
                "destination_state": states[transition["to"]],
            }
            name = f"{key}/{transition['from']}/{transition['to']}"
            self._object("transition", name, workflow.transitions.model, fields)

    def _cabinets(self, entries: Sequence[Desired]) -> None:
        found: dict[str | None, Cabinet | None] = {None: None}
        for entry in entries:
            fields = {"label": f"{entry['number']} {entry['title']}", "parent": found[entry["parent"]]}
            found[entry["number"]] = self._object("cabinet", entry["number"], Cabinet, fields)
        self._forget("cabinet", Cabinet, [entry["number"] for entry in entries], _is_full_cabinet)

    def _indexes(self, types: Mapping[str, DocumentType]) -> None:
        """Mayan's own index by date knows the document types."""
        for index in IndexTemplate.objects.filter(slug="creation_date"):
            self._members("index creation_date: document types", index.document_types, list(types.values()))

    def _source(self, desired: Desired) -> None:
        fields = {
            "label": desired["label"],
            "backend_path": SourceBackendWebForm.get_class_path(),
            "backend_data": json.dumps({"uncompress": _NEVER_UNCOMPRESS}),
        }
        self._object("source", desired["key"], Source, fields)

    def _object(self, kind: str, key: str, model: type[models.Model], fields: Desired) -> Any:
        """The object of that key with those fields: found, changed or made."""
        managed = Managed.objects.filter(kind=kind, key=key).first()
        found = model._default_manager.filter(pk=managed.target).first() if managed else None
        if found is None:
            found = model(**fields)
            found._event_ignore = True
            found.save()
            Managed.objects.update_or_create(kind=kind, key=key, defaults={"target": found.pk})
            self.changes.append(f"{kind} {key}: made")
            return found
        different = {name: value for name, value in fields.items() if getattr(found, name) != value}
        for name, value in different.items():
            setattr(found, name, value)
        if different:
            found.save()
            self.changes.append(f"{kind} {key}: {', '.join(sorted(different))}")
        return found

    def _members(self, what: str, related: Any, wanted: Sequence[models.Model]) -> None:
        before, after = {each.pk for each in related.all()}, {each.pk for each in wanted}
        if before != after:
            related.set(wanted)
            self.changes.append(f"{what}: {len(after - before)} more, {len(before - after)} fewer")

    def _forget(self, kind: str, model: type[models.Model], keys: Sequence[str], needed: Callable[[Any], bool]) -> None:
        """What we made and the standard has no more."""
        for managed in Managed.objects.filter(kind=kind).exclude(key__in=keys).order_by("-pk"):
            found = model._default_manager.filter(pk=managed.target).first()
            if found is not None and needed(found):
                self.kept.append(f"{kind} {managed.key}: no longer in the standard, kept because of what it holds")
                continue
            if found is not None:
                found.delete()
            managed.delete()
            self.changes.append(f"{kind} {managed.key}: removed")


def _is_full_cabinet(cabinet: Cabinet) -> bool:
    """Deleting a cabinet takes those below with it."""
    family = cabinet.get_descendants(include_self=True)
    return Document.objects.filter(cabinets__in=family).exists() or family.count() > 1


def _is_managed(kind: str, found: models.Model) -> bool:
    return Managed.objects.filter(kind=kind, target=found.pk).exists()
