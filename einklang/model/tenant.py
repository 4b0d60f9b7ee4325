"""The tenant: what one file in `tenants/` says about one municipality.

The descriptions are German because editors show them to the people who write these files; the JSON Schema and the
reference table are generated from them.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from einklang.model import ags as keys
from einklang.model import colour, hostname
from einklang.model.approval import Approval
from einklang.model.base import Model, fault
from einklang.model.districts import DISTRICTS, INDEPENDENT_CITIES
from einklang.model.exception import StandardException
from einklang.model.office import Address, OpeningHours
from einklang.model.problem import Code
from einklang.model.registration import Registrations
from einklang.model.vocabulary import Language, Ring, Slug, Status, Text, Version, unique

__all__ = ["Branding", "Contact", "Contacts", "Hostnames", "Language", "Modules", "Ring", "Status", "Tenant"]

ID_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
ID_LENGTH = 40
RESERVED_IDS = frozenset({"platform", "system", "default", "einklang", "operator", "operators", "tenant", "tenants"})
RESERVED_PREFIXES = ("kube", "system-", "platform-", "einklang-", "tenant-")
EMAIL_PATTERN = r"^[A-Za-z0-9._%+-]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
PHONE_PATTERN = r"^\+[1-9][0-9]{0,2}( [0-9]+)+(-[0-9]+)?$"


def _id(value: str) -> str:
    if not re.fullmatch(ID_PATTERN, value, re.ASCII) or len(value) > ID_LENGTH:
        raise fault(Code.ID_FORM, value)
    if value in RESERVED_IDS or value.startswith(RESERVED_PREFIXES):
        raise fault(Code.ID_RESERVED, value)
    return value


def _ags(value: str) -> str:
    if not keys.is_ags(value):
        raise fault(Code.AGS_FORM, value)
    if value[:2] not in keys.STATES:
        raise fault(Code.AGS_STATE, value[:2])
    if value[:5] not in DISTRICTS:
        raise fault(Code.AGS_DISTRICT, value[:5], keys.STATES[value[:2]])
    if (value[5:] == "000") is not (value[:5] in INDEPENDENT_CITIES):
        raise fault(Code.AGS_MUNICIPALITY, value)
    return value


def _ars(value: str) -> str:
    if not keys.is_ars(value):
        raise fault(Code.ARS_FORM, value)
    return value


def _hostname(value: str) -> str:
    if not hostname.is_hostname(value):
        raise fault(Code.HOSTNAME_FORM, value)
    return value


def _email(value: str) -> str:
    if not re.fullmatch(EMAIL_PATTERN, value, re.ASCII):
        raise fault(Code.EMAIL_FORM, value)
    return value


def _phone(value: str) -> str:
    if not re.fullmatch(PHONE_PATTERN, value, re.ASCII) or not 7 <= sum(c.isdigit() for c in value) <= 15:
        raise fault(Code.PHONE_FORM, value)
    return value


def _colour(value: str) -> str:
    if not colour.is_colour(value):
        raise fault(Code.COLOUR_FORM, value)
    return value


TenantId = Annotated[str, AfterValidator(_id), Field(json_schema_extra={"pattern": ID_PATTERN, "maxLength": ID_LENGTH})]
Ags = Annotated[str, AfterValidator(_ags), Field(json_schema_extra={"pattern": r"^(0[1-9]|1[0-6])[0-9]{6}$"})]
Ars = Annotated[str, AfterValidator(_ars), Field(json_schema_extra={"pattern": r"^(0[1-9]|1[0-6])[0-9]{10}$"})]
Hostname = Annotated[str, AfterValidator(_hostname), Field(json_schema_extra={"pattern": hostname.PATTERN})]
Email = Annotated[str, AfterValidator(_email), Field(json_schema_extra={"pattern": EMAIL_PATTERN})]
Phone = Annotated[str, AfterValidator(_phone), Field(json_schema_extra={"pattern": PHONE_PATTERN})]
Colour = Annotated[str, AfterValidator(_colour), Field(json_schema_extra={"pattern": colour.PATTERN})]


class Hostnames(Model):
    """Where the tenant's applications are reached; left out: www., id. and dms. before the domain."""

    portal: Hostname = Field(description="Adresse des Bürgerportals. Ohne Angabe: www. und die Domain.")
    identity: Hostname = Field(description="Adresse der Anmeldung. Ohne Angabe: id. und die Domain.")
    dms: Hostname = Field(description="Adresse der E-Akte. Ohne Angabe: dms. und die Domain.")

    def all(self) -> tuple[str, ...]:
        """Every hostname of the tenant, sorted."""
        return tuple(sorted((self.portal, self.identity, self.dms)))


HOSTNAME_DEFAULTS = {"portal": "www", "identity": "id", "dms": "dms"}


class Contact(Model):
    """Whom to call."""

    name: Text = Field(max_length=100, description="Name der Person oder der Stelle.")
    email: Email = Field(description="E-Mail-Adresse.")
    phone: Phone = Field(description='Telefonnummer mit Ländervorwahl, zum Beispiel "+49 2761 83-0".')


class Contacts(Model):
    """The three contacts that every tenant names, and the one for citizens."""

    operations: Contact = Field(description="Wer bei Störungen und Änderungen angesprochen wird.")
    security: Contact = Field(description="Wer bei Sicherheitsvorfällen angesprochen wird.")
    data_protection: Contact = Field(description="Wer für den Datenschutz angesprochen wird.")
    citizens: Contact | None = Field(
        default=None,
        description="An wen sich Bürgerinnen und Bürger wenden. Steht auf den öffentlichen Seiten. Darf fehlen.",
    )


class Branding(Model):
    """Colours and logo; the contrasts are those that WCAG 2.1 AA requires of text."""

    primary: Colour = Field(description="Hauptfarbe für Kopfzeile, Knöpfe und Links, als #rrggbb.")
    on_primary: Colour = Field(description="Schriftfarbe auf der Hauptfarbe, als #rrggbb. Kontrast mindestens 4,5 : 1.")
    background: Colour = Field(
        default=colour.WHITE,
        description="Hintergrund der Seite, als #rrggbb. Kontrast der Hauptfarbe darauf mindestens 4,5 : 1.",
    )
    logo: Text | None = Field(
        default=None,
        max_length=200,
        description="Logo als SVG oder PNG, Pfad ab dem Ordner tenants/, zum Beispiel logos/olpe.svg.",
    )

    @field_validator("primary")
    @classmethod
    def _links_can_be_read(cls, value: str) -> str:
        return _readable(value, colour.WHITE)

    @field_validator("on_primary", "background")
    @classmethod
    def _text_can_be_read(cls, value: str, info: ValidationInfo) -> str:
        primary = info.data.get("primary")
        return value if primary is None else _readable(value, primary)


def _readable(value: str, other: str) -> str:
    ratio = colour.contrast(value, other)
    if ratio < colour.MINIMUM_CONTRAST:
        raise fault(Code.CONTRAST, f"{ratio:.2f}", other)
    return value


class PortalModule(Model):
    """Options of the citizen portal."""

    enabled: bool = Field(description="true: Das Bürgerportal wird eingerichtet.")
    search_engines: bool = Field(default=True, description="true: Suchmaschinen dürfen die Seiten aufnehmen.")


class DmsModule(Model):
    """Options of the document management."""

    enabled: bool = Field(description="true: Die E-Akte wird eingerichtet.")
    file_plan: Slug = Field(default="kommunal", description="Aktenplan aus dem Standard.")
    text_recognition: bool = Field(default=True, description="true: Text in gescannten Dokumenten wird erkannt.")


class Modules(Model):
    """What the tenant uses; identity and database are always there."""

    portal: PortalModule = Field(description="Bürgerportal.")
    dms: DmsModule = Field(description="E-Akte (Dokumentenmanagement).")


class Backup(Model):
    """How often the tenant's data is saved and how long it is kept."""

    class_name: Slug = Field(alias="class", description="Sicherungsklasse aus dem Standard, zum Beispiel standard.")


class Tenant(Model):
    """One municipality."""

    schema_version: Literal[1] = Field(alias="schema", description="Version dieses Formats. Zurzeit immer 1.")
    id: TenantId = Field(
        description="Kurzname: kleine Buchstaben, Ziffern, Bindestriche. Gleich dem Dateinamen, nie mehr zu ändern."
    )
    name: Text = Field(max_length=100, description="Name der Kommune, wie er auf den Seiten erscheint.")
    ags: Ags = Field(description='Amtlicher Gemeindeschlüssel: 8 Ziffern in Anführungszeichen, wie "05966024".')
    ars: Ars | None = Field(
        default=None,
        description="Amtlicher Regionalschlüssel: 12 Ziffern in Anführungszeichen. Darf fehlen.",
    )
    population: int = Field(
        ge=1, le=5_000_000, description="Einwohnerzahl aus der amtlichen Statistik. Aus ihr folgt die Größenklasse."
    )
    standard: Version = Field(description='Version des Standards in Anführungszeichen, zum Beispiel "2026.1".')
    ring: Annotated[Ring, Field(strict=False)] = Field(
        description="Reihenfolge bei Neuerungen: pilot zuerst, dann early, zuletzt broad."
    )
    status: Annotated[Status, Field(strict=False)] = Field(
        description="requested: beantragt. active: in Betrieb. suspended: ruht. leaving: wird aufgelöst."
    )
    domain: Hostname = Field(description="Domain der Kommune. Alle Adressen liegen darin.")
    hostnames: Hostnames = Field(description="Adressen der Anwendungen. Darf fehlen: dann gelten die üblichen.")
    contacts: Contacts = Field(description="Ansprechstellen der Kommune.")
    opening_hours: tuple[OpeningHours, ...] = Field(
        default=(),
        max_length=14,
        strict=False,
        description="Öffnungszeiten des Rathauses, für die öffentlichen Seiten. Höchstens 14 Einträge.",
    )
    address: Address | None = Field(
        default=None, description="Anschrift des Rathauses, für die öffentlichen Seiten. Darf fehlen."
    )
    notice: Text | None = Field(
        default=None,
        max_length=300,
        description="Ein Hinweis für die öffentlichen Seiten, höchstens 300 Zeichen. Darf fehlen.",
    )
    branding: Branding = Field(description="Farben und Logo.")
    languages: Annotated[tuple[Annotated[Language, Field(strict=False)], ...], AfterValidator(unique)] = Field(
        min_length=1,
        strict=False,
        json_schema_extra={"uniqueItems": True},
        description="Sprachen der Seiten. Die erste ist die übliche.",
    )
    modules: Modules = Field(description="Welche Module die Kommune nutzt. Anmeldung und Datenbank sind immer dabei.")
    services: Annotated[tuple[Slug, ...], AfterValidator(unique)] = Field(
        default=(),
        strict=False,
        json_schema_extra={"uniqueItems": True},
        description="Dienstleistungen aus dem gemeinsamen Katalog im Ordner services/.",
    )
    backup: Backup = Field(description="Datensicherung.")
    exceptions: tuple[StandardException, ...] = Field(
        default=(), strict=False, description="Befristete Abweichungen vom Standard."
    )
    approvals: tuple[Approval, ...] = Field(
        default=(),
        max_length=2,
        strict=False,
        description="Befristete Genehmigungen, Daten zu löschen. Der IT-Zweckverband trägt sie ein.",
    )
    registrations: Registrations = Field(
        default=Registrations(), description="Anmeldungen bei Diensten des Bundes. Darf fehlen: dann stehen sie aus."
    )

    @model_validator(mode="before")
    @classmethod
    def _default_hostnames(cls, data: Any) -> Any:
        """Fill the hostnames that the file leaves out, so that every reader finds all of them."""
        given = data.get("hostnames", {}) if isinstance(data, dict) else None
        if not isinstance(given, dict):
            return data
        domain = data.get("domain")
        # a wrong domain is one error, not one more for each hostname that follows from it
        base = domain if isinstance(domain, str) and hostname.is_hostname(domain) else "invalid"
        defaults = {key: f"{label}.{base}" for key, label in HOSTNAME_DEFAULTS.items()}
        return {**data, "hostnames": {**defaults, **given}}

    @property
    def namespace(self) -> str:
        """The tenant's Kubernetes namespace."""
        return f"tenant-{self.id}"

    @property
    def drill_namespace(self) -> str:
        """Where a restore drill rebuilds the tenant for some minutes."""
        return f"drill-{self.id}"
