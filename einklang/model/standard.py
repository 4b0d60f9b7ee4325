"""A version of the standard: what every tenant that pins it gets. Data only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from einklang.model.base import Model, fault
from einklang.model.filing import DocumentType, FilePlan, Key, MetadataType, Upload
from einklang.model.problem import Code
from einklang.model.recovery import RecoveryStandard
from einklang.model.vocabulary import CalendarDate, SizeName, Slug, Text, Version

IMAGE_PATTERN = r"^[a-z0-9]+([._-][a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$"
REQUIRED_IMAGES = ("postgresql", "keycloak", "front", "portal")


def _image(value: str) -> str:
    if not re.fullmatch(IMAGE_PATTERN, value, re.ASCII):
        raise fault(Code.IMAGE_FORM, value)
    return value


# Of the document management, and the same in every size.
DMS_BROKER_CPU_REQUEST_MILLICORES, DMS_BROKER_CPU_LIMIT_MILLICORES, DMS_BROKER_STORAGE_GIB = 5, 500, 1
DMS_SETUP_CPU_REQUEST_MILLICORES, DMS_SETUP_CPU_LIMIT_MILLICORES, DMS_SETUP_MEMORY_MIB = 10, 2000, 512
# Beside the scanner, where its signatures come from a mirror: what keeps them new.
SCANNER_UPDATE_CPU_REQUEST_MILLICORES, SCANNER_UPDATE_CPU_LIMIT_MILLICORES, SCANNER_UPDATE_MEMORY_MIB = 1, 500, 128
PORTAL_SETUP_CPU_REQUEST_MILLICORES, PORTAL_SETUP_CPU_LIMIT_MILLICORES, PORTAL_SETUP_MEMORY_MIB = 10, 1500, 512

BACKUP_CPU_REQUEST_MILLICORES, BACKUP_CPU_LIMIT_MILLICORES, BACKUP_MEMORY_MIB = 2, 1000, 512

Positive = Annotated[int, Field(ge=1)]
Image = Annotated[str, AfterValidator(_image), Field(json_schema_extra={"pattern": IMAGE_PATTERN})]


class Quota(Model):
    """ResourceQuota of a tenant's namespace."""

    cpu_request_millicores: Positive = Field(description="Sum of CPU requests, in thousandths of a core.")
    cpu_limit_millicores: Positive = Field(description="Sum of CPU limits, in thousandths of a core.")
    memory_mib: Positive = Field(description="Sum of memory requests and of memory limits, in MiB.")
    storage_gib: Positive = Field(description="Sum of requested volumes, in GiB.")
    pods: Positive = Field(description="Number of pods.")
    services: Positive = Field(description="Number of Services.")
    volumes: Positive = Field(description="Number of PersistentVolumeClaims.")
    secrets: Positive = Field(description="Number of Secrets.")
    config_maps: Positive = Field(description="Number of ConfigMaps.")


class DatabaseSize(Model):
    """The tenant's PostgreSQL cluster."""

    instances: Positive = Field(description="PostgreSQL instances: 1 primary and n - 1 replicas.")
    storage_gib: Positive = Field(description="Volume of each instance, in GiB.")
    cpu_request_millicores: Positive = Field(description="CPU request of each instance.")
    cpu_limit_millicores: Positive = Field(description="CPU limit of each instance.")
    memory_mib: Positive = Field(description="Memory request and limit of each instance, in MiB.")
    max_connections: Positive = Field(description="PostgreSQL max_connections.")


class IdentitySize(Model):
    """The tenant's Keycloak."""

    replicas: Positive = Field(description="Keycloak pods.")
    cpu_request_millicores: Positive = Field(description="CPU request of each pod.")
    cpu_limit_millicores: Positive = Field(description="CPU limit of each pod.")
    memory_mib: Positive = Field(description="Memory request and limit of each pod, in MiB.")


class FrontSize(Model):
    """The tenant's nginx between the gateway and its applications."""

    replicas: Positive = Field(description="nginx pods.")
    cpu_request_millicores: Positive = Field(description="CPU request of each pod.")
    cpu_limit_millicores: Positive = Field(description="CPU limit of each pod.")
    memory_mib: Positive = Field(description="Memory request and limit of each pod, in MiB.")


class DmsSize(Model):
    """The tenant's document management."""

    replicas: Positive = Field(description="Pods for the pages and the API.")
    processes: Positive = Field(description="Processes in each of them.")
    threads: Positive = Field(description="Threads of each process; every open page takes one.")
    cpu_request_millicores: Positive = Field(description="CPU request of each pod.")
    cpu_limit_millicores: Positive = Field(description="CPU limit of each pod.")
    memory_mib: Positive = Field(description="Memory request and limit of each pod, in MiB.")
    worker_processes: Positive = Field(description="Documents that are read (OCR) and converted at the same time.")
    worker_cpu_request_millicores: Positive = Field(description="CPU request of the worker.")
    worker_cpu_limit_millicores: Positive = Field(description="CPU limit of the worker.")
    worker_memory_mib: Positive = Field(description="Memory request and limit of the worker, in MiB.")
    broker_memory_mib: Positive = Field(description="Memory request and limit of the broker, in MiB.")
    storage_gib: Positive = Field(description="Volume of the documents, in GiB.")

    def need(self) -> dict[str, int]:
        """What pages, worker, broker and the set-up job take of each quota."""
        return {
            "cpu_request_millicores": self.replicas * self.cpu_request_millicores
            + self.worker_cpu_request_millicores
            + DMS_BROKER_CPU_REQUEST_MILLICORES
            + DMS_SETUP_CPU_REQUEST_MILLICORES,
            "cpu_limit_millicores": self.replicas * self.cpu_limit_millicores
            + self.worker_cpu_limit_millicores
            + DMS_BROKER_CPU_LIMIT_MILLICORES
            + DMS_SETUP_CPU_LIMIT_MILLICORES,
            "memory_mib": self.replicas * self.memory_mib
            + self.worker_memory_mib
            + self.broker_memory_mib
            + DMS_SETUP_MEMORY_MIB,
            "storage_gib": self.storage_gib + DMS_BROKER_STORAGE_GIB,
            "volumes": 2,
            "pods": self.replicas + 3,
        }


class PortalSize(Model):
    """The tenant's Plone."""

    replicas: Positive = Field(description="Plone pods.")
    threads: Positive = Field(description="Requests that each pod answers at the same time.")
    cpu_request_millicores: Positive = Field(description="CPU request of each pod.")
    cpu_limit_millicores: Positive = Field(description="CPU limit of each pod.")
    memory_mib: Positive = Field(description="Memory request and limit of each pod, in MiB.")

    def need(self) -> dict[str, int]:
        """What the pods, one more while they are replaced, and the set-up job take of each quota."""
        pods = self.replicas + 1
        return {
            "cpu_request_millicores": pods * self.cpu_request_millicores + PORTAL_SETUP_CPU_REQUEST_MILLICORES,
            "cpu_limit_millicores": pods * self.cpu_limit_millicores + PORTAL_SETUP_CPU_LIMIT_MILLICORES,
            "memory_mib": pods * self.memory_mib + PORTAL_SETUP_MEMORY_MIB,
            "pods": pods + 1,
        }


class ScannerSize(Model):
    """The tenant's ClamAV."""

    threads: Positive = Field(description="Files that are looked at at the same time; others wait.")
    cpu_request_millicores: Positive = Field(description="CPU request of clamd.")
    cpu_limit_millicores: Positive = Field(description="CPU limit of clamd.")
    memory_mib: Positive = Field(description="Memory request and limit of clamd with the test signature, in MiB.")
    signatures_memory_mib: Positive = Field(description="The same with ClamAV's signatures from a mirror, in MiB.")

    def need(self) -> dict[str, int]:
        """What clamd and freshclam take of each quota where signatures come from a mirror."""
        return {
            "cpu_request_millicores": self.cpu_request_millicores + SCANNER_UPDATE_CPU_REQUEST_MILLICORES,
            "cpu_limit_millicores": self.cpu_limit_millicores + SCANNER_UPDATE_CPU_LIMIT_MILLICORES,
            "memory_mib": self.signatures_memory_mib + SCANNER_UPDATE_MEMORY_MIB,
            "pods": 1,
        }


BACKUP_NEED = {
    "cpu_request_millicores": BACKUP_CPU_REQUEST_MILLICORES,
    "cpu_limit_millicores": BACKUP_CPU_LIMIT_MILLICORES,
    "memory_mib": BACKUP_MEMORY_MIB,
    "pods": 1,
}
"""What a run of the backup takes of each quota."""


class SizeClass(Model):
    """What a tenant of a size gets."""

    name: Annotated[SizeName, Field(strict=False)] = Field(description="Name of the class; given by its key.")
    population_below: Positive | None = Field(
        default=None, description="Municipalities with fewer inhabitants; left out in the largest class."
    )
    quota: Quota = Field(description="Quota of the namespace.")
    database: DatabaseSize = Field(description="PostgreSQL.")
    identity: IdentitySize = Field(description="Keycloak.")
    front: FrontSize = Field(description="nginx between the gateway and the applications.")
    portal: PortalSize = Field(description="Plone.")
    dms: DmsSize = Field(description="Mayan EDMS with its worker and its broker.")
    scanner: ScannerSize = Field(description="ClamAV, which looks at what comes into the document management.")

    def need(self) -> dict[str, int]:
        """What everything together takes of each quota."""
        database, others = self.database, (self.identity, self.front)
        needs = {
            key: database.instances * getattr(database, key)
            + sum(other.replicas * getattr(other, key) for other in others)
            for key in ("cpu_request_millicores", "cpu_limit_millicores", "memory_mib")
        }
        storage = {"storage_gib": database.instances * database.storage_gib, "volumes": database.instances}
        pods = {"pods": database.instances + sum(other.replicas for other in others)}
        parts = (self.portal.need(), self.dms.need(), self.scanner.need(), BACKUP_NEED)
        own = {**needs, **storage, **pods}
        return {key: amount + sum(part.get(key, 0) for part in parts) for key, amount in own.items()}


class PasswordPolicy(Model):
    """Password rules of the realm (ORP.4.A22, ORP.4.A23)."""

    min_length: int = Field(ge=8, description="Least number of characters.")
    max_length: int = Field(ge=64, description="Most number of characters.")
    upper_case: int = Field(ge=0, description="Least number of capital letters.")
    lower_case: int = Field(ge=0, description="Least number of small letters.")
    digits: int = Field(ge=0, description="Least number of digits.")
    special_characters: int = Field(ge=0, description="Least number of special characters.")
    history: int = Field(ge=0, description="Former passwords that may not be used again.")


class BruteForce(Model):
    """Protection against guessing (ORP.4.A23)."""

    max_failures: Positive = Field(description="Failed logins before a user has to wait.")
    wait_increment_seconds: Positive = Field(description="First wait; grows with each further failure.")
    max_wait_seconds: Positive = Field(description="Longest wait.")
    failure_reset_hours: Positive = Field(description="Hours after which failures are forgotten.")
    quick_login_milliseconds: Positive = Field(description="Two failures within this time count as an attack.")


class Sessions(Model):
    """How long a login lasts."""

    idle_minutes: Positive = Field(description="Without activity.")
    max_hours: Positive = Field(description="At most.")
    access_token_minutes: Positive = Field(description="Life of an access token.")
    login_minutes: Positive = Field(description="Time for the login itself.")


class IdentityStandard(Model):
    """What the realm of every tenant has in common."""

    password_policy: PasswordPolicy = Field(description="Password rules.")
    brute_force: BruteForce = Field(description="Protection against guessing.")
    sessions: Sessions = Field(description="Session limits.")
    roles: tuple[Slug, ...] = Field(min_length=1, strict=False, description="Realm roles.")
    second_factor_roles: tuple[Slug, ...] = Field(strict=False, description="Roles that need a second factor.")
    event_retention_days: Positive = Field(description="How long login and admin events are kept.")

    @field_validator("second_factor_roles")
    @classmethod
    def _are_roles(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        roles = info.data.get("roles", value)
        for role in value:
            if role not in roles:
                raise fault(Code.CHOICE, role, ", ".join(roles))
        return value


class PortalStandard(Model):
    """What the portal offers."""

    offered: bool = Field(description="Whether tenants of this version may enable the module.")


class DmsStandard(Model):
    """What the document management offers."""

    offered: bool = Field(description="Whether tenants of this version may enable the module.")
    file_plans: Mapping[Slug, FilePlan] = Field(min_length=1, description="File plans that tenants choose from.")
    metadata_types: Mapping[Key, MetadataType] = Field(description="Facts about documents.")
    document_types: Mapping[Slug, DocumentType] = Field(min_length=1, description="Kinds of documents.")
    trash_days: Positive = Field(description="Days in the trash before a document is deleted for good.")
    upload: Upload = Field(description="Which files come in.")

    @field_validator("document_types")
    @classmethod
    def _know_their_metadata(
        cls, value: Mapping[str, DocumentType], info: ValidationInfo
    ) -> Mapping[str, DocumentType]:
        known = info.data.get("metadata_types", {})
        for document_type in value.values():
            for key in (*document_type.metadata, *document_type.required):
                if key not in known:
                    raise fault(Code.CHOICE, key, ", ".join(known))
        return value


class ModuleStandards(Model):
    """The modules of this version."""

    identity: IdentityStandard = Field(description="Identity service; always there.")
    portal: PortalStandard = Field(description="Citizen portal.")
    dms: DmsStandard = Field(description="Document management.")


class BackupClass(Model):
    """How often data is saved, how long it is kept, how often a restore is rehearsed (CON.3.A4, A5, A15).

    Runs of all tenants spread over the window; several a day follow each other at the interval, from there.
    """

    interval_hours: int = Field(ge=1, le=24, description="Hours between two runs; a divisor of 24.")
    window_start_hour: int = Field(ge=0, le=23, description="Hour (UTC) in which the first run of a day may begin.")
    window_hours: int = Field(ge=1, le=24, description="Hours over which the tenants' first runs are spread.")
    recovery_point_hours: Positive = Field(
        description="Recovery point objective (RPO): greatest age of the newest backup."
    )
    keep_daily: Positive = Field(description="Daily backups that are kept; all of these days stay.")
    keep_weekly: Positive = Field(description="Weekly backups that are kept.")
    keep_monthly: Positive = Field(description="Monthly backups that are kept.")
    recovery_time_hours: Positive = Field(description="Recovery time objective (RTO).")
    drill_interval_days: Positive = Field(description="Days between two restore drills.")

    @field_validator("interval_hours")
    @classmethod
    def _divides_the_day(cls, value: int) -> int:
        if 24 % value:
            raise fault(Code.CHOICE, value, "1, 2, 3, 4, 6, 8, 12, 24")
        return value

    @field_validator("window_hours")
    @classmethod
    def _fits_between_two_runs(cls, value: int, info: ValidationInfo) -> int:
        interval = info.data.get("interval_hours", value)
        if value > interval:
            raise fault(Code.CHOICE, value, f"1–{interval}")
        return value

    @field_validator("recovery_point_hours")
    @classmethod
    def _can_be_met(cls, value: int, info: ValidationInfo) -> int:
        interval = info.data.get("interval_hours", value)
        if value < interval:
            raise fault(Code.CHOICE, value, f"≥ {interval}")
        return value


class RetentionClass(Model):
    """How long a document is kept after its file is closed."""

    title: Text = Field(description="German name, shown in the document management.")
    years: Positive | None = Field(default=None, description="Years; left out: kept for ever (offered to the archive).")


class Standard(Model):
    """One version of the standard."""

    version: Version = Field(description="Version, equal to the file's name.")
    released: CalendarDate = Field(description="First day on which tenants may pin it.")
    images: Mapping[Slug, Image] = Field(description="Role of an image -> name:tag of the image catalogue.")
    size_classes: Mapping[Annotated[SizeName, Field(strict=False)], SizeClass] = Field(description="S, M and L.")
    modules: ModuleStandards = Field(description="Modules and what they offer.")
    backup_classes: Mapping[Slug, BackupClass] = Field(description="Backup classes that tenants choose from.")
    retention_classes: Mapping[Slug, RetentionClass] = Field(description="Retention classes of documents.")
    recovery: RecoveryStandard = Field(description="Order of a rebuild, and users' credentials after an attack.")
    grundschutz_edition: Text = Field(description="Edition of BSI IT-Grundschutz that the controls refer to.")
    controls: tuple[Text, ...] = Field(min_length=1, strict=False, description="Controls that tenants are checked for.")

    @model_validator(mode="before")
    @classmethod
    def _name_size_classes(cls, data: Any) -> Any:
        """Give each size class its key as name, so that it can travel alone."""
        if not isinstance(data, dict) or not isinstance(data.get("size_classes"), dict):
            return data
        classes = {
            key: {"name": key, **value} if isinstance(value, dict) else value
            for key, value in data["size_classes"].items()
        }
        return {**data, "size_classes": classes}

    @field_validator("images")
    @classmethod
    def _has_images(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for role in REQUIRED_IMAGES:
            if role not in value:
                raise fault(Code.KEY_MISSING, expected=role)
        return value

    @field_validator("size_classes")
    @classmethod
    def _fit(cls, value: Mapping[SizeName, SizeClass]) -> Mapping[SizeName, SizeClass]:
        """Every population has one class, and each class's quota is enough for what it runs."""
        bounds = [value[name].population_below for name in SizeName if name in value]
        finite = [bound for bound in bounds[:-1] if bound is not None]
        if len(bounds) != len(SizeName) or bounds[-1] is not None or finite != sorted(set(finite)) or len(finite) != 2:
            raise fault(
                Code.SIZE_CLASSES, ", ".join(f"{name}: {size.population_below}" for name, size in value.items())
            )
        for name, size in value.items():
            for key, need in size.need().items():
                if getattr(size.quota, key) < need:
                    raise fault(Code.QUOTA_TOO_SMALL, f"{name}.quota.{key}", f"≥ {need}")
        return value

    @model_validator(mode="after")
    def _know_their_retention(self) -> Standard:
        for document_type in self.modules.dms.document_types.values():
            if document_type.retention not in self.retention_classes:
                raise fault(Code.CHOICE, document_type.retention, ", ".join(self.retention_classes))
        return self

    def size_of(self, population: int) -> SizeClass:
        """The smallest class that is made for so many inhabitants."""
        for name in SizeName:
            size = self.size_classes[name]
            if size.population_below is None or population < size.population_below:
                return size
        raise ValueError(f"no size class for {population} inhabitants in {self.version}")
