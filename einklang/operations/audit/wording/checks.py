"""Titles and remedies of the checks, and the notes of the catalogues: German, as they are written there, to English."""

from __future__ import annotations

from collections.abc import Mapping

TITLES: Mapping[str, str] = {
    "Zulassungsregeln in Kraft": "Admission policies in force",
    "Sicherungsplan vorhanden": "A backup plan is there",
    "Wiederherstellung geübt": "Recovery is rehearsed",
    "Sicherung läuft": "Backups run",
    "Sicherungen vollständig und jung genug": "Backups complete and young enough",
    "Alle Daten werden gesichert": "All data are saved",
    "Sicherungen außerhalb des Clusters": "Backups outside the cluster",
    "Eigene Zugangsdaten der Sicherung": "The backup's own credentials",
    "Sicherungen verschlüsselt, Schlüssel je Mandant": "Backups encrypted, one key a tenant",
    "Sicherungen lassen sich nicht löschen": "Backups cannot be deleted",
    "Sicherungen nur mit eigenen Zugangsdaten": "Backups with own credentials only",
    "Passwortregeln wie im Standard": "Password rules as in the standard",
    "Schutz gegen Raten von Passwörtern": "Protection against guessing of passwords",
    "Zweiter Faktor für Beschäftigte": "Second factor for staff",
    "Anwendungen melden nur mit Code und PKCE an": "Applications log in by code and PKCE only",
    "Ereignisse der Anmeldung werden aufbewahrt": "Login events are kept",
    "Images mit Digest": "Images by digest",
    "Images nur aus erlaubten Registries": "Images from allowed registries only",
    "Es läuft, was vereinbart ist": "What runs is what was declared",
    "Keine bekannten Schwachstellen": "No known vulnerabilities",
    "Kein Prozess läuft als root": "No process runs as root",
    "Prozesse ohne besondere Rechte": "Processes without special rights",
    "Filter für Systemaufrufe wirkt": "The filter for system calls is active",
    "Wurzel nur lesbar eingehängt": "Root mounted read-only",
    "Nur vereinbarte Ports offen": "Declared ports only",
    "Datenbank spricht TLS": "The database speaks TLS",
    "Pakete bekannt": "Packages are known",
    "Im Netz ist alles verboten, was nicht erlaubt ist": "The network denies what is not allowed",
    "Eigene Netzregeln für jeden Dienst": "Network policies of its own for each workload",
    "Netzregeln nennen jede Gegenseite": "Network policies name every peer",
    "Dienste nur innerhalb des Clusters": "Services inside the cluster only",
    "Nur eigene Adressen": "Own hostnames only",
    "Andere Mandanten nicht erreichbar": "Other tenants cannot be reached",
    "Keine Namensräume des Knotens": "No namespaces of the node",
    "Keine Ports des Knotens": "No ports of the node",
    "Keine Verzeichnisse des Knotens": "No folders of the node",
    "Nur erlaubte Arten von Datenträgern": "Allowed kinds of volumes only",
    "Keine privilegierten Container": "No privileged containers",
    "Keine Ausweitung von Rechten": "No escalation of rights",
    "Keine Capabilities": "No capabilities",
    "Kein Container läuft als root": "No container runs as root",
    "Systemaufrufe gefiltert": "System calls are filtered",
    "Weitere Regeln von Pod Security": "Further rules of Pod Security",
    "Dateisystem des Images unveränderlich": "The image's file system cannot be changed",
    "Anforderung und Grenze für jeden Container": "Request and limit for each container",
    "Lebenszeichen jedes Dienstes": "Probes of every service",
    "Initialisierung ohne mehr Rechte als der Dienst": "Init containers without more rights than the service",
    "Keine Rechte über den ganzen Cluster": "No rights over the whole cluster",
    "Keine Rechte mit Platzhalter": "No rights with wildcards",
    "Keine Rechte ohne Anmeldung": "No rights without a login",
    "API weist Unbekannte ab": "The API refuses strangers",
    "Deploy-Identität auf den Mandanten beschränkt": "The deploying identity is limited to its tenant",
    "Keine Rechte, aus denen mehr wird": "No rights that grow",
    "Secrets liest nur, wer muss": "Secrets are read by those who must",
    "Pods legt nur an, wer muss": "Pods are made by those who must",
    "Nur eigene Identitäten im Namensraum": "Own identities only in the namespace",
    "system:masters nicht vergeben": "system:masters is not bound",
    "Eigenes Konto für jeden Dienst": "An account of its own for each workload",
    "Keine Token für die API in Pods": "No tokens for the API in pods",
    "Konto default ohne Rechte": "Account default without rights",
    "Kein Token im Dateisystem": "No token in the file system",
    "Zugangsdaten nur als Verweis": "Credentials by reference only",
    "Keine Zugangsdaten in ConfigMaps": "No credentials in ConfigMaps",
    "Secrets im Speicher des Clusters verschlüsselt": "Secrets encrypted in the cluster's store",
    "Eigener Namensraum": "A namespace of its own",
    "Standard-Namensraum ungenutzt": "Default namespace unused",
    "Pod Security erzwungen": "Pod Security enforced",
    "Quota des Namensraums": "Quota of the namespace",
    "Quota wie im Standard": "Quota as in the standard",
    "Grenzen für Container ohne Angabe": "Limits for containers that name none",
    "Stand des Mandanten nachvollziehbar": "The tenant's state can be traced",
    "Nichts Überzähliges": "Nothing surplus",
    "Datenträger nur aus der Klasse des Standards": "Volumes of the standard's class only",
    "Keine fremden Datenträger": "No volumes of others",
    "Datenträger verschlüsselt": "Volumes encrypted",
    "Nur TLS 1.2 und neuer": "TLS 1.2 and newer only",
    "Zertifikat gültig": "Certificate valid",
    "HTTP führt zu HTTPS": "HTTP leads to HTTPS",
    "Browser bleiben bei HTTPS (HSTS)": "Browsers stay with HTTPS (HSTS)",
    "Schutz der Seiten im Browser": "Protection of pages in the browser",
    "Keine Auskunft über Programme": "Nothing told about programs",
    "Kein offener Zugriff fremder Seiten (CORS)": "No open access for other sites (CORS)",
    "Cookies geschützt": "Cookies protected",
    "Seiten der Verwaltung geschlossen": "Administrators' pages closed",
    "Anmeldung nur über den Anmeldedienst": "Login by the identity service only",
    "Keine Weiterleitung auf fremde Seiten": "No redirects to other sites",
}
REMEDIES: Mapping[str, str] = {
    "Den Stack platform anwenden: pulumi stack select platform && pulumi up.":
        "Apply the stack platform: pulumi stack select platform && pulumi up.",
    "In der Datei der Kommune unter backup eine Sicherungsklasse des Standards wählen.":
        "Choose a backup class of the standard in the municipality's file, under backup.",
    "Die Protokolle der letzten Sicherung lesen; ohne Sicherung bis dahin von Hand sichern.":
        "Read the logs of the last backup; until it runs again, save by hand.",
    "einklang backup status lesen und die Sicherung von Hand anstoßen; fehlende Stände sind ein Vorfall.":
        "Read einklang backup status and start the backup by hand; snapshots that are gone are an incident.",
    "Den Mandanten neu anwenden (pulumi up): der Auftrag der Sicherung entsteht aus seiner Datei.":
        "Apply the tenant again (pulumi up): the backup's job is made from its file.",
    "einklang drill für den Mandanten; misslingt die Übung, ist die Sicherung selbst der Vorfall.":
        "einklang drill for the tenant; where the drill fails, the backup itself is the incident.",
    "einklang:backupSite auf einen Ort außerhalb des Clusters setzen, mit TLS.":
        "Set einklang:backupSite to a place outside the cluster, with TLS.",
    "Kein anderer Dienst darf die Secrets der Sicherung einbinden; den Mandanten neu anwenden.":
        "No other workload may mount the backup's Secrets; apply the tenant again.",
    "einklang backup register für den Mandanten; gleiche Schlüssel zweier Mandanten sofort trennen.":
        "einklang backup register for the tenant; separate equal keys of two tenants at once.",
    "Das Ziel nur anhängend betreiben (rest-server --append-only, S3 mit Object Lock).":
        "Run the site append-only (rest-server --append-only, S3 with object lock).",
    "Das Ziel mit Konten je Mandant betreiben (rest-server --private-repos mit htpasswd).":
        "Run the site with an account for each tenant (rest-server --private-repos with htpasswd).",
    "„pulumi up“ für den Mandanten: der Auftrag identity-setup stellt den Realm des Standards wieder her.":
        "pulumi up for the tenant: the job identity-setup restores the standard's realm.",
    "Das Image im Katalog der Images mit Digest nennen, dann „pulumi up“.":
        "Name the image by digest in the catalogue of images, then pulumi up.",
    "Das Image in die eigene Registry übernehmen und von dort beziehen.":
        "Copy the image into your own registry and take it from there.",
    "Den Pod löschen; der Knoten holt das Image mit dem vereinbarten Digest.":
        "Delete the pod; the node fetches the image with the declared digest.",
    "Die Images mit den genannten Versionen neu bauen (einklang images lock, dann build) und ausrollen.":
        "Build the images anew with the versions named (einklang images lock, then build) and roll them out.",
    "Den Pod löschen; sein Nachfolger entsteht aus der Vorlage. Bleibt der Befund, ist das Image zu berichtigen.":
        "Delete the pod; its successor comes from the template. If the finding stays, mend the image.",
    "In der Datenbank „show ssl“ prüfen; CloudNativePG schaltet TLS ein, wenn sein Zertifikat gilt.":
        "Check show ssl in the database; CloudNativePG switches TLS on when its certificate is valid.",
    "Das Image aus dem Katalog bauen, damit es eine Paketliste trägt.":
        "Build the image from the catalogue, so that it carries a list of packages.",
    "Die Netzregeln mit „pulumi up“ wiederherstellen; Regeln, die Einklang nicht kennt, löschen.":
        "Restore the network policies by pulumi up; delete those that Einklang does not know.",
    "Den Service auf ClusterIP ändern; von außen führt nur eine Route des Gateways hinein.":
        "Change the Service to ClusterIP; from outside, only a route of the gateway leads in.",
    "Route oder Gateway löschen; Adressen einer Kommune stehen in ihrer Datei.":
        "Delete the route or gateway; a municipality's hostnames stand in its file.",
    "Netzregeln beider Mandanten und das Netz-Plugin des Clusters prüfen: Setzt es Regeln durch?":
        "Check the policies of both tenants and the cluster's network plugin: does it enforce policies?",
    "Die genannte Stelle im Modul des Dienstes berichtigen und „pulumi up“ ausführen; Pods ohne Vorlage löschen.":
        "Correct the place named in the service's module and run pulumi up; delete pods without a template.",
    "Die genannte Bindung löschen; Rechte vergibt nur Einklang, und zwar je Mandant.":
        "Delete the binding named; only Einklang grants rights, tenant by tenant.",
    "Dem API-Server anonyme Anfragen verbieten (--anonymous-auth=false oder eine AuthenticationConfiguration).":
        "Forbid anonymous requests at the API server (--anonymous-auth=false or an AuthenticationConfiguration).",
    "Rolle und Bindung deployer mit „pulumi up“ wiederherstellen, weitere Bindungen löschen.":
        "Restore role and binding deployer by pulumi up, delete further bindings.",
    "Dem Dienst im Modul ein eigenes ServiceAccount geben, dann „pulumi up“.":
        "Give the workload a ServiceAccount of its own in its module, then pulumi up.",
    "automountServiceAccountToken: false im Pod und am Konto; „pulumi up“.":
        "automountServiceAccountToken: false in the pod and at the account; pulumi up.",
    "Bindungen des Kontos default löschen und automountServiceAccountToken: false setzen.":
        "Delete bindings of the account default and set automountServiceAccountToken: false.",
    "automountServiceAccountToken: false im Pod und am Konto; den Pod neu starten.":
        "automountServiceAccountToken: false in the pod and at the account; restart the pod.",
    "Den Wert in ein Secret legen und mit secretKeyRef darauf verweisen; den alten Wert als bekannt ansehen und "
    "wechseln.": "Put the value into a Secret, refer to it by secretKeyRef, and change it: the old one is known.",
    "Den Wert in ein Secret verschieben und wechseln.": "Move the value into a Secret and change it.",
    "Dem API-Server eine EncryptionConfiguration für Secrets geben und alle Secrets neu schreiben lassen.":
        "Give the API server an EncryptionConfiguration for Secrets and have all Secrets written anew.",
    "Den Namensraum mit „pulumi up“ neu anlegen; in ihm steht nur, was das Label des Mandanten trägt.":
        "Make the namespace anew by pulumi up; only what carries the tenant's label stands in it.",
    "Was im Namensraum default steht, in einen eigenen Namensraum umziehen oder löschen.":
        "Move what is in the namespace default into a namespace of its own, or delete it.",
    "Die Labels pod-security.kubernetes.io/* des Namensraums auf restricted setzen: „pulumi up“.":
        "Set the namespace's labels pod-security.kubernetes.io/* to restricted: pulumi up.",
    "Die ResourceQuota mit „pulumi up“ wiederherstellen.": "Restore the ResourceQuota by pulumi up.",
    "Ist die Änderung gewollt, gehört sie in den Standard; sonst stellt „pulumi up“ die Werte wieder her.":
        "A change that is wanted belongs into the standard; otherwise pulumi up restores the values.",
    "Den LimitRange mit „pulumi up“ wiederherstellen.": "Restore the LimitRange by pulumi up.",
    "„pulumi up“ für den Mandanten: dann stimmen Cluster und Datei der Kommune wieder überein.":
        "pulumi up for the tenant: then cluster and the municipality's file agree again.",
    "Das genannte Objekt hat nicht Einklang angelegt: Herkunft klären, dann löschen.":
        "Einklang did not make the object named: find out where it comes from, then delete it.",
    "Den Anspruch löschen (seine Daten vorher sichern) und mit der Klasse einklang neu anlegen.":
        "Delete the claim (save its data first) and make it anew with the class einklang.",
    "Den genannten Datenträger lösen und löschen; Mandanten bekommen nur neue.":
        "Detach and delete the volume named; tenants get new ones only.",
    "Eine Speicherklasse wählen, die verschlüsselt (Parameter encrypted), oder verschlüsselte Datenträger der "
    'Knoten an der Klasse vermerken: Annotation einklang/encrypted: "true".':
        "Choose a storage class that encrypts (parameter encrypted), or note the nodes' encrypted disks at it: "
        'annotation einklang/encrypted: "true".',
    "Die Einstellung im Modul front oder identity berichtigen, dann „pulumi up“.":
        "Correct the setting in the module front or identity, then pulumi up.",
    "Die Einstellung am Gateway berichtigen, dann den Stack platform anwenden.":
        "Correct the setting at the gateway, then apply the stack platform.",
    "Das Zertifikat erneuern (docs/operators/day-2.md); bei cert-manager dessen Meldungen lesen.":
        "Renew the certificate (docs/operators/day-2.md); with cert-manager, read its messages.",
    "Den Pfad im Modul der Anwendung schließen (öffentliche und geschlossene Pfade), dann „pulumi up“.":
        "Close the path in the application's module (public and closed paths), then pulumi up.",
}  # fmt: skip
NOTES: Mapping[str, str] = {
    "Der Commit in Git steht nicht an den Objekten; die Versionsgeschichte liegt im Repository.":
        "The objects do not carry the commit in Git; the history is in the repository.",
    "Wohin der Cluster Protokolle schreibt, legt der Betreiber fest; die API zeigt es nicht.":
        "The operator decides where the cluster writes logs; the API does not show it.",
    "Images werden in dieser Version nicht signiert; ihre Herkunft sichern Digest und Registry (SYS.1.6.A6).":
        "This version does not sign images; digest and registry secure their origin (SYS.1.6.A6).",
    "Versionen und Verantwortliche zeigt die Geschichte des Repositorys, nicht der Cluster.":
        "The history of the repository shows versions and who is responsible, not the cluster.",
    "AppArmor setzt der Betreiber der Knoten; ohne Angabe gilt das Profil der Laufzeitumgebung.":
        "The operator of the nodes sets AppArmor; where nothing is said, the runtime's profile holds.",
    "Ob das Ziel in einem anderen Brandabschnitt steht, sieht man seiner Adresse nicht an.":
        "The site's address does not show whether it stands in another fire compartment.",
    "Ob das Konzept angemessen ist, beurteilen Menschen; es steht in docs/security/tenant-separation.md.":
        "People judge whether the concept is adequate; it is in docs/security/tenant-separation.md.",
    "Erst bei einer Auflösung zu prüfen, und dann würde etwas gelöscht.":
        "To be checked when a tenant ends, and then something would be deleted.",
    "Gateway und Operator der Datenbanken lesen Secrets im ganzen Cluster (docs/security/residual-risks.md).":
        "Gateway and operator of databases read Secrets in the whole cluster (docs/security/residual-risks.md).",
    "Der Operator der Datenbanken legt Pods im ganzen Cluster an (docs/security/residual-risks.md).":
        "The operator of databases makes pods in the whole cluster (docs/security/residual-risks.md).",
    "Geprüft werden die Namensräume der Mandanten; die der Plattform stehen in deren Stack.":
        "Checked are the tenants' namespaces; those of the platform are in its stack.",
    "Keycloak, Mayan und Plone nehmen einige Werte nur aus der Umgebung; dort stehen Verweise (SYS.1.6.A8).":
        "Keycloak, Mayan and Plone take some values from the environment only; there are references (SYS.1.6.A8).",
    "Eine Abwägung des Betreibers; gewählt ist die Verschlüsselung im Cluster (SYS.1.6.A8).":
        "The operator weighs it; chosen is encryption in the cluster (SYS.1.6.A8).",
    "Statt des Webhooks prüft eine ValidatingAdmissionPolicy Registry und Digest, keine Signatur.":
        "Instead of the webhook a ValidatingAdmissionPolicy checks registry and digest, no signature.",
    "Angelehnt an BSI TR-02102-2 (TLS) und OWASP ASVS (Seiten); eigene Kennungen.":
        "After BSI TR-02102-2 (TLS) and OWASP ASVS (pages); IDs of our own.",
    "Das Projekt ist eingestellt. Fünf Prüfungen waren angekündigt und wurden dort nie geschrieben (Kennung MTB-X).":
        "The project has ended. Five checks were announced and never written there (ID MTB-X).",
    "Mit Digest ist unerheblich, ob neu geholt wird; geprüft wird deshalb der Digest.":
        "With a digest it does not matter whether it is fetched again; so the digest is checked.",
    "Mandanten verwalten ihre Rechte hier nicht selbst; sie folgen aus dem Standard (siehe deployer-limited).":
        "Tenants do not administer their rights here; they follow from the standard (see deployer-limited).",
    "Mandanten verwalten ihr Netz hier nicht selbst; die Regeln folgen aus dem Standard (siehe deployer-limited).":
        "Tenants do not administer their network here; the rules follow from the standard (see deployer-limited).",
    "Nur HTTPS": "HTTPS only",
    "Gültige Zertifikate": "Valid certificates",
    "Keine Seiten der Verwaltung": "No administrators' pages",
    "Ereignisse der Anmeldung": "Login events",
    "Nur vereinbarte Ports": "Declared ports only",
    "Verschlüsselte Verbindung zur Datenbank": "Encrypted connection to the database",
    "Bekannte Pakete": "Known packages",
    "Zusagen von Einklang für Seiten und Dienste": "Einklang's promises for sites and services",
}  # fmt: skip
DOCUMENTS: Mapping[str, str] = {
    "Verwaltung": "Administration",
    "Kein gemeinsamer Verwalter: Jeder Mandant wird von seiner eigenen Identität angelegt und geändert; deren "
    "Rechte enden in seinem Namensraum.":
        "No common administrator: each tenant is made and changed by an identity of its own, whose rights end in its "
        "namespace.",
    "Netz": "Network",
    "Alles ist verboten, was nicht als Verbindung mit Grund erlaubt ist; Pods anderer Mandanten sind nicht zu "
    "erreichen.": "Everything is denied that is not allowed as a connection with a reason; other tenants' pods cannot "
        "be reached.",
    "Zulassung": "Admission",
    "Der Cluster weist ab, was gegen die Regeln verstößt, auch wenn es jemand mit Rechten anlegt.":
        "The cluster refuses what breaks the rules, even when somebody with rights makes it.",
    "Prozesse": "Processes",
    "Prozesse laufen ohne root und ohne Capabilities, mit gefilterten Systemaufrufen und unveränderlichem "
    "Dateisystem.": "Processes run without root and without capabilities, with filtered system calls and a file system "
        "that cannot be changed.",
    "Ressourcen": "Resources",
    "Kein Mandant kann den anderen CPU, Speicher oder Platz nehmen.":
        "No tenant can take CPU, memory or disk from the others.",
    "Daten": "Data",
    "Eigene Datenbank, eigene Datenträger, eigene Zugangsdaten.": "Database, volumes and credentials of its own.",
    "Anmeldung": "Login",
    "Eigener Anmeldedienst mit eigenen Konten; zweiter Faktor für Beschäftigte.":
        "An identity service of its own with accounts of its own; a second factor for staff.",
    "Zugang von außen": "Access from outside",
    "Nur die eigenen Adressen, nur HTTPS, keine Seiten der Verwaltung.":
        "Its own hostnames only, HTTPS only, no administrators' pages.",
    "Knoten und ihr Betriebssystemkern": "Nodes and their kernel",
    "Steuerung des Clusters (API-Server, etcd, Scheduler) und Namensdienst":
        "The cluster's control plane (API server, etcd, scheduler) and name service",
    "Gateway: beendet TLS aller Mandanten und kann deren Secrets lesen":
        "Gateway: ends TLS of all tenants and can read their Secrets",
    "Operator für Datenbanken (CloudNativePG)": "Operator of databases (CloudNativePG)",
    "Bereitstellung von Datenträgern": "Provisioning of volumes",
    "Betreiber des IT-Verbunds": "The operators of the association",
    "von": "from",
    "zu": "to",
    "alle": "all",
    "keine": "none",
    "unbekannt": "unknown",
    "ja": "yes",
    "nein": "no",
    "nicht beobachtet": "not observed",
    "als Datei": "as a file",
    "Secrets im Speicher des Clusters (etcd)": "Secrets in the cluster's store (etcd)",
    "Konfiguration des API-Servers; Wechsel durch die Betreiber":
        "Configuration of the API server; changed by the operators",
    "Verbindungen zur Datenbank": "Connections to the database",
    "Zertifikate von CloudNativePG, im Namensraum des Mandanten, erneuern sich selbst":
        "Certificates of CloudNativePG, in the tenant's namespace, renew themselves",
    "keine Angabe der Speicherklasse": "the storage class says nothing",
    "Betreiber der Knoten": "The operators of the nodes",
    "Anmeldung: Signatur der Token": "Login: signature of tokens",
    "Schlüsselpaar des Realms": "The realm's key pair",
    "Datenbank des Anmeldedienstes; Wechsel in Keycloak": "Database of the identity service; changed in Keycloak",
    "Sicherungen": "Backups",
    "restic: AES-256 und Poly1305, Schlüssel je Mandant": "restic: AES-256 and Poly1305, one key a tenant",
    "Secret backup und Notfallmappe; Wechsel mit einklang backup register":
        "Secret backup and recovery kit; changed by einklang backup register",
}  # fmt: skip
