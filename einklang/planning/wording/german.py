"""A plan in German, for the people of a municipality: short sentences, every technical word explained."""

from __future__ import annotations

from einklang.model.plan import Operation, Section
from einklang.planning.wording.texts import Labels, Texts

_LABELS = Labels(
    title="Was diese Änderung bedeutet",
    nothing="Diese Änderung bewirkt nichts am laufenden Betrieb.",
    offline="Grundlage sind die Dateien. Das laufende System wurde nicht angesehen.",
    refused="**So nicht möglich.** Die Gründe stehen gleich darunter.",
    tenants="Betroffene Kommunen: {count}",
    tenant="{name} ({id})",
    unchanged="Geprüft und ohne Änderung: {tenants}",
    elsewhere="**Der Vorschlag ändert auch Dateien, die keiner Kommune gehören** ({count}). Der IT-Zweckverband "
    "prüft "
    "sie. Was sie bewirken, steht nicht in dieser Übersicht.",
    elsewhere_shown="Geänderte Dateien außerhalb der Kommunen: {files}",
    operators="Für den Betrieb: Ressourcen",
    platform="Gemeinsame Plattform",
    no_resources="Keine Ressource ändert sich.",
    not_looked="Nicht angesehen.",
    holds_data="**enthält Daten**",
    approved="Genehmigt: Daten von {module} dürfen gelöscht werden, bis {until}, durch {by}.",
    approved_new="**Diese Genehmigung steht erst in diesem Vorschlag. Prüfen Sie, wer sie erteilt hat.**",
    error="Das laufende System ließ sich nicht ansehen: {error}",
    others="Im Einzelnen ({count})",
    more="… und {count} weitere",
    fingerprint="Fingerabdruck",
    approve="Anwenden, wenn sich bis dahin nichts ändert: `einklang up {tenants} --plan {fingerprint}`",
    cut="Für diese Kommunen steht hier nur die Zusammenfassung, weil der Kommentar sonst zu lang wäre. Alles zeigt "
    "`einklang plan`.",
    counts="{delete} löschen, {replace} ersetzen, {update} ändern, {create} anlegen",
)

_SECTIONS = {
    Section.REFUSED: "So nicht möglich",
    Section.DATA: "Daten",
    Section.GETS: "Was Sie bekommen",
    Section.CITIZENS: "Für Bürgerinnen und Bürger",
    Section.STAFF: "Für Beschäftigte",
    Section.INTERRUPTION: "Unterbrechung",
    Section.RESOURCES: "Rechenleistung",
    Section.BY_HAND: "Noch von Hand zu erledigen",
    Section.OPERATION: "Für den IT-Zweckverband",
}
_OPERATIONS = {
    Operation.DELETE: "löschen",
    Operation.REPLACE: "ersetzen",
    Operation.UPDATE: "ändern",
    Operation.CREATE: "anlegen",
}
_MODULES = {
    "identity": "die Anmeldung",
    "portal": "das Bürgerportal",
    "dms": "die E-Akte",
    "database": "die Datenbank",
}

_GETS = {
    "portal": "Ein Bürgerportal unter {hostname}.",
    "dms": "Eine E-Akte für Ihre Beschäftigten unter {hostname}.",
    "identity": "Eine eigene Anmeldung unter {hostname}. Beschäftigte brauchen dort einen zweiten Faktor.",
    "languages": "Seiten in diesen Sprachen: {languages}.",
    "services": "Diese Dienstleistungen aus dem gemeinsamen Katalog: {services}.",
    "backup": "Datensicherung der Klasse {class}, vorgesehen alle {hours} Stunden.",
    "backup-changed": "Datensicherung: künftig Klasse {class} statt {old}, vorgesehen alle {hours} Stunden.",
    "standard": "Eine andere Version des gemeinsamen Standards: {new} statt {old}.",
}
_REFUSED = {
    "file-removed": "Die Datei der Kommune wird gelöscht, obwohl der Mandant noch besteht (Status {status}). "
    "Setzen Sie "
    "zuerst den Status auf leaving. Die Datei wird erst gelöscht, wenn der Mandant aufgelöst ist.",
    "back-to-requested": "Ein Mandant mit dem Status {status} kann nicht wieder zum Antrag werden. Soll er ruhen, "
    "schreiben Sie suspended. Soll er enden, schreiben Sie leaving.",
    "approval-missing": "Die Änderung löscht Daten ({modules}), und dafür fehlt eine gültige Genehmigung. Der "
    "IT-Zweckverband ergänzt in der Datei der Kommune den Abschnitt approvals mit module: {module}, reason, "
    "approved_by "
    "und until (siehe tenants/README.md). Wollten Sie keine Daten löschen? Dann nehmen Sie die Änderung zurück.",
    "storage-shrinks": "Aus der Einwohnerzahl folgt die Größenklasse {new} statt {old}, und die hat weniger "
    "Speicherplatz. "
    "Speicherplatz, auf dem Daten liegen, kann nicht kleiner werden. Lassen Sie die bisherige Einwohnerzahl "
    "stehen und "
    "sprechen Sie den IT-Zweckverband an.",
    "data-elsewhere": "Die Änderung löscht oder ersetzt {kind} {name}. Dort liegen Daten, und dafür gibt es keine "
    "Genehmigung. Das ist eine Aufgabe des IT-Zweckverbands.",
}
_DATA = {
    "dms-data": "**Alle Dokumente der E-Akte werden gelöscht.** Sie kommen auch nicht zurück, wenn Sie die "
    "E-Akte wieder "
    "einschalten.",
    "leaving": "Der Mandant wird aufgelöst. Der Schutz vor dem Löschen endet. Gelöscht wird mit dieser Änderung noch "
    "nichts.",
}
_PAGES = {
    "starts": "Bürgerinnen und Bürger können die Seiten nutzen, sobald alles eingerichtet ist.",
    "suspended": "Alle Seiten sind nicht mehr erreichbar. Die Daten bleiben erhalten.",
    "resumed": "Alle Seiten sind wieder erreichbar.",
    "portal-off": "Das Bürgerportal unter {hostname} gibt es nicht mehr.",
    "portal-moves": "Das Bürgerportal zieht um: von {old} nach {new}. Die alte Adresse antwortet nicht mehr.",
    "identity-moves": "Die Anmeldung zieht um: von {old} nach {new}. Gespeicherte Lesezeichen gelten nicht mehr.",
    "search-engines-on": "Suchmaschinen dürfen die Seiten aufnehmen.",
    "search-engines-off": "Suchmaschinen sollen die Seiten nicht mehr aufnehmen.",
    "name": "Der Name auf den Seiten: {new} statt {old}.",
    "languages-changed": "Die Sprachen der Seiten: {new} statt {old}.",
    "opening-hours": "Auf den Seiten stehen andere Öffnungszeiten.",
    "no-opening-hours": "Auf den Seiten stehen keine Öffnungszeiten mehr.",
    "address": "Auf den Seiten steht eine andere Anschrift.",
    "no-address": "Auf den Seiten steht keine Anschrift mehr.",
    "notice": "Auf den Seiten steht ein anderer Hinweis.",
    "no-notice": "Der Hinweis auf den Seiten entfällt.",
    "contact-citizens": "Auf den Seiten steht eine andere Ansprechstelle.",
    "colour-primary": "Die Hauptfarbe der Seiten: {new} statt {old}.",
    "colour-on-primary": "Die Schriftfarbe auf der Hauptfarbe: {new} statt {old}.",
    "colour-background": "Der Hintergrund der Seiten: {new} statt {old}.",
    "logo": "Auf den Seiten steht ein anderes Logo.",
    "no-logo": "Statt des Logos steht auf den Seiten der Name.",
    "services-added": "Neue Dienstleistungen im Portal: {services}.",
    "services-removed": "Diese Dienstleistungen stehen nicht mehr im Portal: {services}.",
    "services-order": "Die Dienstleistungen stehen in anderer Reihenfolge.",
    "services-edited": "Andere Texte bei diesen Dienstleistungen: {services}.",
}
_STAFF = {
    "accounts": "Beschäftigte bekommen ihre Zugänge vom IT-Zweckverband. Bei der ersten Anmeldung wählen sie "
    "ein Passwort "
    "und richten den zweiten Faktor ein.",
    "suspended-staff": "Die E-Akte ist nicht mehr erreichbar. Die Dokumente bleiben erhalten.",
    "dms-off": "Die E-Akte unter {hostname} gibt es nicht mehr.",
    "dms-moves": "Die E-Akte zieht um: von {old} nach {new}. Die alte Adresse antwortet nicht mehr.",
    "text-recognition-on": "Der Text in gescannten Dokumenten wird künftig erkannt.",
    "text-recognition-off": "Der Text in gescannten Dokumenten wird nicht mehr erkannt.",
    "file-plan": "Der Aktenplan: {new} statt {old}.",
}
_INTERRUPTION = {
    "none": "Keine. Alles bleibt während der Änderung erreichbar.",
    "short": "Einige Minuten lang nicht erreichbar: {modules}. Alles andere bleibt erreichbar.",
    "nothing-runs-yet": "Keine, denn es läuft noch nichts.",
    "ends": "Ja: Mit dieser Änderung ist nichts mehr erreichbar.",
}
_RESOURCES = {
    "resources": "Größenklasse {size}: {cpu_millicores} Prozessorkerne, {memory_mib} GiB Arbeitsspeicher und "
    "{storage_gib} GiB Speicherplatz werden reserviert.",
    "resources-changed": "Prozessorkerne: {cpu_millicores} (bisher {cpu_millicores_before}). Arbeitsspeicher: "
    "{memory_mib} "
    "GiB (bisher {memory_mib_before}). Speicherplatz: {storage_gib} GiB (bisher {storage_gib_before}).",
    "resources-same": "Unverändert.",
    "size": "Aus der Einwohnerzahl {population} folgt eine andere Größenklasse: {new} statt {old}.",
}
_BY_HAND = {
    "dns": "Namen im Internet (DNS) eintragen lassen, damit diese Adressen zur Plattform führen: {hostnames}.",
    "register-bundid": "Bei der BundID anmelden. Stand: Registrierung steht aus (pending). Bis dahin melden sich "
    "Bürgerinnen und Bürger mit einem Konto der Kommune an.",
    "register-fit-connect": "Bei FIT-Connect anmelden. Stand: Registrierung steht aus (pending). Bis dahin "
    "kommen keine "
    "Anträge über FIT-Connect an.",
}
_OPERATION = {
    "requested": "Das ist ein Antrag. Eingerichtet wird erst, wenn der IT-Zweckverband den Status auf active setzt.",
    "request-withdrawn": "Der Antrag wird zurückgezogen. Es war noch nichts eingerichtet.",
    "file-removed-after-leaving": "Die Datei der Kommune wird gelöscht. Der Mandant muss vorher aufgelöst sein "
    "(docs/operators/day-2.md).",
    "stays": "Der Mandant wird nicht aufgelöst.",
    "portal-data": "Die Inhalte des Bürgerportals bleiben in der Datenbank gespeichert.",
    "domain": "Die Domain: {new} statt {old}.",
    "population": "Die Einwohnerzahl: {new} statt {old}. Die Größenklasse bleibt gleich.",
    "standard-older": "Die Version des Standards ist älter als die bisherige. Daten neuerer Programme lassen "
    "sich oft nicht "
    "mit älteren lesen.",
    "standard-edited": "Der Inhalt des Standards {version} ändert sich. Veröffentlichte Versionen sollen gleich "
    "bleiben.",
    "image": "Programmversion: {new} statt {old}.",
    "contact-operations": "Bei Störungen wird eine andere Stelle angesprochen. Ohne eigene Angabe für "
    "Bürgerinnen und "
    "Bürger steht sie auch auf den Seiten.",
    "contact-security": "Bei Sicherheitsvorfällen wird eine andere Stelle angesprochen.",
    "contact-data-protection": "Für den Datenschutz wird eine andere Stelle angesprochen. Sie steht auch auf "
    "den Seiten.",
    "ags": "Der amtliche Gemeindeschlüssel: {new} statt {old}.",
    "ars": "Der amtliche Regionalschlüssel: {new} statt {old}.",
    "ring": "Die Reihenfolge bei Neuerungen: {new} statt {old}.",
    "exception-added": "Ausnahme von {control} bis {until}: {reason}",
    "exception-removed": "Die Ausnahme von {control} entfällt.",
    "approvals": "Die Genehmigungen, Daten zu löschen, ändern sich.",
    "registered-bundid": "Die Anmeldung bei der BundID ist erledigt.",
    "registered-fit-connect": "Die Anmeldung bei FIT-Connect ist erledigt.",
    "other": "Diese Angaben ändern sich: {keys}.",
}

GERMAN = Texts(
    labels=_LABELS,
    sections=_SECTIONS,
    operations=_OPERATIONS,
    modules=_MODULES,
    points={
        **_GETS,
        **_REFUSED,
        **_DATA,
        **_PAGES,
        **_STAFF,
        **_INTERRUPTION,
        **_RESOURCES,
        **_BY_HAND,
        **_OPERATION,
    },
    decimal=",",
    and_=" und ",
)
