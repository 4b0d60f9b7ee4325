"""The problems in German, for the people who write tenant files: short sentences, no technical terms unexplained."""

from __future__ import annotations

from einklang.model.messages.template import Labels, Template, Texts
from einklang.model.problem import Code

_LABELS = Labels(
    found="Gefunden",
    expected="Erwartet",
    mend="Abhilfe",
    suggestion="Meinten Sie",
    related="Siehe auch",
    valid="Keine Fehler gefunden.",
    invalid="Fehler: {problems}. Betroffene Dateien: {files}.",
)

_FILES = {
    Code.NOT_FOUND: Template(
        "Die Datei oder der Ordner fehlt.", "eine vorhandene Datei", "Prüfen Sie Namen und Ordner."
    ),
    Code.SUFFIX: Template(
        "Der Name „{found}“ endet nicht auf .yaml.",
        "nur Dateien mit der Endung {expected}",
        "Benennen Sie die Datei um. Was kein Mandant ist, gehört in einen anderen Ordner.",
    ),
    Code.FILE_NAME: Template(
        "Der Dateiname „{found}“ enthält Großbuchstaben, Leerzeichen, Umlaute oder andere Zeichen.",
        "kleine Buchstaben a–z, Ziffern, Punkte und Bindestriche, am Ende .yaml",
        "Benennen Sie die Datei um, zum Beispiel in bad-berleburg.yaml.",
    ),
    Code.SYMLINK: Template(
        "An dieser Stelle liegt eine Verknüpfung (symbolischer Link).",
        "die Datei selbst",
        "Ersetzen Sie die Verknüpfung durch eine Kopie der Datei.",
    ),
    Code.NOT_A_FILE: Template(
        "An dieser Stelle liegt keine gewöhnliche Datei.",
        "eine gewöhnliche Textdatei",
        "Entfernen Sie, was dort liegt, oder legen Sie eine Textdatei an.",
    ),
    Code.UNREADABLE: Template(
        "Die Datei lässt sich nicht lesen: {found}", "eine lesbare Datei", "Prüfen Sie die Zugriffsrechte der Datei."
    ),
    Code.TOO_LARGE: Template(
        "Die Datei hat {found} Bytes.", "höchstens {expected} Bytes", "Entfernen Sie, was nicht in diese Datei gehört."
    ),
    Code.EMPTY: Template(
        "Die Datei enthält keine Angaben.",
        "Angaben zu einer Kommune oder zu einem Standard",
        "Beginnen Sie mit dem Beispiel aus tenants/README.md.",
    ),
    Code.BOM: Template(
        "Die Datei beginnt mit einer unsichtbaren Kennung ({found}) oder ist in UTF-16 gespeichert.",
        "UTF-8 ohne Kennung (ohne „BOM“)",
        "Speichern Sie die Datei im Editor als „UTF-8“ (nicht „UTF-8 mit BOM“).",
    ),
    Code.ENCODING: Template(
        "Ein Zeichen ({found}) ist nicht in UTF-8 gespeichert.",
        "UTF-8",
        "Speichern Sie die Datei im Editor als „UTF-8“. Prüfen Sie danach die Umlaute.",
    ),
    Code.CONTROL_CHARACTER: Template(
        "Hier steht ein unsichtbares Steuerzeichen ({found}).",
        "nur sichtbare Zeichen, Leerzeichen und Zeilenenden",
        "Löschen Sie das Zeichen. Meist hilft es, die Zeile neu zu tippen statt sie einzufügen.",
    ),
}

_YAML = {
    Code.TAB: Template(
        "Hier steht ein Tabulator.", "Leerzeichen", "Ersetzen Sie den Tabulator durch zwei Leerzeichen je Ebene."
    ),
    Code.SYNTAX: Template(
        "Ab hier ist die Datei nicht lesbar: {found}",
        "gültiges YAML",
        "Vergleichen Sie die Zeile und die davor mit dem Beispiel in tenants/README.md.",
    ),
    Code.SYNTAX_COLON: Template(
        "Ein Doppelpunkt fehlt oder ist hier zu viel: {found}",
        "je Zeile eine Angabe in der Form „schlüssel: wert“",
        "Nach dem Schlüssel folgen Doppelpunkt und Leerzeichen. Text mit Doppelpunkt gehört in Anführungszeichen.",
    ),
    Code.SYNTAX_INDENTATION: Template(
        "Die Einrückung passt nicht: {found}",
        "zwei Leerzeichen je Ebene, gleich weit für alles, was zusammengehört",
        "Rücken Sie diese Zeile so weit ein wie ihre Nachbarn.",
    ),
    Code.SYNTAX_QUOTE: Template(
        "Hier oder in einer Zeile davor ist ein Anführungszeichen zu viel oder zu wenig: {found}",
        "Text, der mit demselben Anführungszeichen endet, mit dem er beginnt",
        "Ergänzen oder löschen Sie das Anführungszeichen. Schreiben Sie einen Rückstrich \\ doppelt.",
    ),
    Code.SYNTAX_BRACKET: Template(
        "Eine Klammer ist nicht geschlossen, oder ein Komma fehlt: {found}",
        "eine Liste in der Form [de, en]",
        "Setzen Sie die fehlende Klammer oder das fehlende Komma.",
    ),
    Code.SYNTAX_CHARACTER: Template(
        "Mit diesem Zeichen darf kein Wert beginnen: {found}",
        "Text in Anführungszeichen, wenn er mit einem Sonderzeichen beginnt",
        "Setzen Sie den Wert in Anführungszeichen.",
    ),
    Code.SEVERAL_DOCUMENTS: Template(
        "Hier beginnt ein zweites Dokument ({found}).", "eine Datei je Kommune", "Teilen Sie die Datei auf."
    ),
    Code.DIRECTIVE: Template("Hier steht eine YAML-Anweisung ({found}).", "nur Angaben", "Löschen Sie die Zeile."),
    Code.ANCHOR: Template(
        "Der Wert ist mit {found} zum Wiederverwenden markiert.",
        "jeder Wert dort, wo er gilt",
        "Löschen Sie die Markierung. Text, der mit & beginnt, gehört in Anführungszeichen.",
    ),
    Code.ALIAS: Template(
        "Der Verweis {found} steht an der Stelle eines Werts.",
        "der Wert selbst",
        "Schreiben Sie den Wert aus. Text, der mit * beginnt, gehört in Anführungszeichen.",
    ),
    Code.MERGE_KEY: Template(
        "{found} soll Angaben von anderer Stelle einfügen.",
        "jede Angabe dort, wo sie gilt",
        "Schreiben Sie die Angaben aus.",
    ),
    Code.CUSTOM_TAG: Template(
        "Vor dem Wert steht eine Typangabe mit Ausrufezeichen ({found}).",
        "der Wert ohne Typangabe",
        "Löschen Sie die Typangabe. Text, der mit ! beginnt, gehört in Anführungszeichen.",
    ),
    Code.TOO_DEEP: Template(
        "Die Angaben sind zu tief verschachtelt.",
        "höchstens {expected} Ebenen",
        "Vergleichen Sie die Einrückung mit dem Beispiel in tenants/README.md.",
    ),
    Code.DUPLICATE_KEY: Template(
        "„{found}“ steht hier ein zweites Mal.", "jeder Schlüssel nur einmal", "Löschen Sie eine der beiden Angaben."
    ),
    Code.KEY_NOT_TEXT: Template(
        "Der Schlüssel fehlt oder ist kein Wort.", "„schlüssel: wert“", "Schreiben Sie vor den Doppelpunkt ein Wort."
    ),
    Code.AMBIGUOUS_BOOLEAN: Template(
        "„{found}“ ohne Anführungszeichen bedeutet je nach Programm Text oder ja/nein.",
        "true oder false; bei Text Anführungszeichen",
        "Schreiben Sie true für ja, false für nein. Ist Text gemeint, setzen Sie Anführungszeichen.",
    ),
    Code.AMBIGUOUS_NUMBER: Template(
        "„{found}“ ohne Anführungszeichen bedeutet je nach Programm verschiedene Zahlen.",
        "Zahlen ohne führende Null und ohne Sonderzeichen; Schlüssel wie der AGS in Anführungszeichen",
        "Ist ein Schlüssel, eine Uhrzeit oder anderer Text gemeint, setzen Sie Anführungszeichen.",
    ),
    Code.AMBIGUOUS_DATE: Template(
        "„{found}“ ist kein eindeutiges Datum.",
        "ein Datum in der Form JJJJ-MM-TT, zum Beispiel 2027-01-31",
        "Schreiben Sie Monat und Tag zweistellig, ohne Uhrzeit. Ist Text gemeint, setzen Sie Anführungszeichen.",
    ),
}

_SHAPE = {
    Code.MAPPING_EXPECTED: Template(
        "{found}", "eingerückte Angaben in der Form „schlüssel: wert“", "Vergleichen Sie mit tenants/README.md."
    ),
    Code.LIST_EXPECTED: Template(
        "{found}", "eine Liste, zum Beispiel [de, en]", "Setzen Sie den Wert in eckige Klammern."
    ),
    Code.TEXT_EXPECTED: Template(
        "{found} (kein Text)", "Text", "Setzen Sie den Wert in Anführungszeichen, wenn er stimmt."
    ),
    Code.WHOLE_NUMBER_EXPECTED: Template(
        "{found}",
        "eine ganze Zahl ohne Punkt, Komma und Anführungszeichen",
        "Schreiben Sie nur Ziffern, zum Beispiel 25036.",
    ),
    Code.BOOLEAN_EXPECTED: Template(
        "{found}", "true (ja) oder false (nein), ohne Anführungszeichen", "Schreiben Sie true oder false."
    ),
    Code.DATE_EXPECTED: Template(
        "{found}",
        "ein Kalendertag in der Form JJJJ-MM-TT, zum Beispiel 2027-01-31",
        "Prüfen Sie Tag und Monat.",
    ),
    Code.KEY_MISSING: Template(
        "Die Angabe „{expected}“ fehlt.", "„{expected}: …“", "Ergänzen Sie die Zeile; siehe tenants/README.md."
    ),
    Code.VALUE_MISSING: Template(
        "Nach dem Doppelpunkt steht nichts.",
        "ein Wert",
        "Tragen Sie den Wert ein, oder löschen Sie die Zeile. Text, der mit # beginnt, gehört in Anführungszeichen.",
    ),
    Code.KEY_UNKNOWN: Template(
        "Die Angabe „{found}“ gibt es hier nicht.",
        "eine von: {expected}",
        "Berichtigen Sie die Schreibweise, oder löschen Sie die Angabe.",
    ),
    Code.CHOICE: Template("„{found}“", "eines von: {expected}", "Wählen Sie eines davon, genau so geschrieben."),
    Code.NUMBER_TOO_SMALL: Template("{found}", "eine Zahl ab {expected}", "Berichtigen Sie die Zahl."),
    Code.NUMBER_TOO_LARGE: Template("{found}", "eine Zahl bis {expected}", "Berichtigen Sie die Zahl."),
    Code.TOO_SHORT: Template("Die Länge ist {found}.", "mindestens {expected}", "Ergänzen Sie den Wert."),
    Code.TOO_LONG: Template("Die Länge ist {found}.", "höchstens {expected}", "Kürzen Sie den Wert."),
    Code.REPEATED: Template("„{found}“ steht zweimal in der Liste.", "jeder Eintrag nur einmal", "Löschen Sie einen."),
    Code.WHITESPACE: Template(
        "Um den Text „{found}“ stehen Leerzeichen, oder er geht über mehrere Zeilen.",
        "eine Zeile ohne Leerzeichen am Rand",
        "Schreiben Sie den Text in eine Zeile.",
    ),
    Code.OTHER: Template("{found}", "ein Wert wie in tenants/README.md", "Vergleichen Sie mit dem Beispiel dort."),
}

_MEANING = {
    Code.SLUG_FORM: Template(
        "„{found}“",
        "kleine Buchstaben a–z, Ziffern und einzelne Bindestriche, am Anfang ein Buchstabe, höchstens 63 Zeichen",
        "Berichtigen Sie die Schreibweise.",
    ),
    Code.ID_FORM: Template(
        "„{found}“",
        "kleine Buchstaben a–z, Ziffern und einzelne Bindestriche, am Anfang ein Buchstabe, höchstens 40 Zeichen",
        "Schreiben Sie Umlaute aus (ae, oe, ue, ss) und Leerzeichen als Bindestrich: bad-berleburg.",
    ),
    Code.ID_RESERVED: Template(
        "Der Kurzname „{found}“ ist für die Plattform belegt.",
        "ein anderer Kurzname",
        "Nehmen Sie den Namen der Kommune.",
    ),
    Code.ID_NOT_FILE_NAME: Template(
        "Der Kurzname ist „{found}“, der Dateiname „{expected}.yaml“.",
        "beide gleich",
        "Bei einem neuen Mandanten: Benennen Sie die Datei um. Ein bestehender Kurzname bleibt, wie er ist.",
    ),
    Code.VERSION_NOT_FILE_NAME: Template(
        "Die Version ist „{found}“, der Dateiname „{expected}.yaml“.", "beide gleich", "Benennen Sie die Datei um."
    ),
    Code.VERSION_FORM: Template(
        "„{found}“", 'Jahr, Punkt, Nummer, in Anführungszeichen: "2026.1"', "Berichtigen Sie die Version."
    ),
    Code.AGS_FORM: Template(
        "„{found}“",
        '8 Ziffern in Anführungszeichen, zum Beispiel "05966024"',
        "Den AGS Ihrer Kommune nennt das Gemeindeverzeichnis des Statistischen Bundesamts.",
    ),
    Code.AGS_STATE: Template(
        "Die ersten zwei Ziffern sind {found}. Ein solches Land gibt es nicht.",
        "01 (Schleswig-Holstein) bis 16 (Thüringen)",
        "Prüfen Sie die führende Null und die Ziffern.",
    ),
    Code.AGS_DISTRICT: Template(
        "Die ersten fünf Ziffern sind {found}. Einen solchen Kreis gibt es in {expected} nicht.",
        "ein bestehender Kreis oder eine kreisfreie Stadt",
        "Prüfen Sie die Ziffern. Nach einer Gebietsreform gilt der neue Schlüssel.",
    ),
    Code.AGS_MUNICIPALITY: Template(
        "Die letzten drei Ziffern von „{found}“ passen nicht zum Kreis.",
        "am Ende 000 bei kreisfreien Städten, sonst die drei Ziffern der Gemeinde",
        "Prüfen Sie die letzten drei Ziffern.",
    ),
    Code.ARS_FORM: Template(
        "„{found}“",
        '12 Ziffern in Anführungszeichen, zum Beispiel "059660024024"',
        "Prüfen Sie die Ziffern, oder lassen Sie die Angabe weg.",
    ),
    Code.ARS_NOT_AGS: Template(
        "Der Regionalschlüssel {found} gehört nicht zum AGS {expected}.",
        "die ersten fünf und die letzten drei Ziffern wie im AGS",
        "Prüfen Sie beide Schlüssel.",
    ),
    Code.HOSTNAME_FORM: Template(
        "„{found}“",
        "ein vollständiger Name wie www.olpe.example: kleine Buchstaben a–z, Ziffern, Bindestriche, Punkte",
        "Ohne https://, Schrägstrich und Umlaute. Umlaut-Domains schreiben Sie in der Form xn--….",
    ),
    Code.HOSTNAME_OUTSIDE_DOMAIN: Template(
        "„{found}“ liegt nicht in der Domain der Kommune.",
        "eine Adresse, die auf .{expected} endet",
        "Berichtigen Sie die Adresse oder die Domain.",
    ),
    Code.HOSTNAME_REPEATED: Template(
        "„{found}“ steht für zwei Anwendungen.", "für jede Anwendung eine eigene Adresse", "Ändern Sie eine der beiden."
    ),
    Code.EMAIL_FORM: Template(
        "„{found}“", "eine E-Mail-Adresse wie it@olpe.example", "Berichtigen Sie die Adresse; ohne Namen, ohne <>."
    ),
    Code.PHONE_FORM: Template(
        "„{found}“",
        'Ländervorwahl, Ortsvorwahl, Nummer: "+49 2761 83-0"',
        "Beginnen Sie mit +49 und lassen Sie die Null der Ortsvorwahl und Klammern weg.",
    ),
    Code.TIME_FORM: Template(
        "„{found}“",
        'eine Uhrzeit mit zwei Ziffern für Stunde und Minute, in Anführungszeichen: "08:00"',
        "Schreiben Sie die Uhrzeit ohne das Wort Uhr.",
    ),
    Code.TIME_ORDER: Template(
        "Geschlossen wird um {found}, geöffnet um {expected}.",
        "bei to eine spätere Uhrzeit als bei from",
        "Prüfen Sie beide Uhrzeiten. Für eine Mittagspause machen Sie zwei Einträge.",
    ),
    Code.POSTAL_CODE_FORM: Template(
        "„{found}“", '5 Ziffern in Anführungszeichen, zum Beispiel "57462"', "Prüfen Sie die Postleitzahl."
    ),
    Code.COLOUR_FORM: Template(
        "„{found}“",
        'eine Farbe als # und sechs Ziffern 0–9, a–f, in Anführungszeichen: "#1a5c8e"',
        "Den Farbwert nennt das Gestaltungshandbuch der Kommune.",
    ),
    Code.CONTRAST: Template(
        "Der Kontrast zu {expected} ist {found} : 1. Der Text wäre schlecht lesbar.",
        "mindestens 4,5 : 1 (WCAG 2.1 AA, BITV 2.0)",
        "Wählen Sie eine der beiden Farben dunkler oder heller.",
    ),
    Code.LOGO_PATH: Template(
        "„{found}“",
        "ein Pfad im Ordner tenants/, Endung .svg oder .png, zum Beispiel logos/olpe.svg",
        "Legen Sie das Logo in tenants/logos/ ab.",
    ),
    Code.LOGO_CONTENT: Template(
        "Das Logo enthält, was nicht in ein Bild gehört: {found}",
        "ein SVG nur mit Formen und Text, ohne Skripte und Verweise nach außen, oder ein PNG",
        "Speichern Sie das Logo neu, in Inkscape als „Optimiertes SVG“, oder als PNG.",
    ),
    Code.LOGO_DAMAGED: Template(
        "Das Logo ist beschädigt oder hat ein anderes Format, als die Endung sagt ({found}).",
        "{expected}",
        "Speichern Sie das Logo neu.",
    ),
    Code.STANDARD_UNKNOWN: Template(
        "Eine Version „{found}“ des Standards gibt es nicht.", "eine von: {expected}", "Wählen Sie eine davon."
    ),
    Code.SERVICE_UNKNOWN: Template(
        "Die Dienstleistung „{found}“ steht nicht im Katalog.",
        "der Name einer Datei im Ordner services/",
        "Sehen Sie im Katalog nach, oder schlagen Sie die Dienstleistung dort vor.",
    ),
    Code.BACKUP_CLASS_UNKNOWN: Template(
        "Die Sicherungsklasse „{found}“ gibt es im Standard nicht.", "eine von: {expected}", "Wählen Sie eine davon."
    ),
    Code.CONTROL_UNKNOWN: Template(
        "Die Anforderung „{found}“ steht nicht im Standard {expected}.",
        "die Nummer einer Anforderung, zum Beispiel APP.4.4.A7",
        "Prüfen Sie die Nummer; die Liste steht unter controls in der Datei des Standards.",
    ),
    Code.OPTION_NOT_OFFERED: Template(
        "„{found}“ bietet der Standard nicht an.", "eines von: {expected}", "Wählen Sie, was angeboten wird."
    ),
    Code.EXCEPTION_EXPIRED: Template(
        "Die Ausnahme galt bis {found}. Heute ist der {expected}.",
        "keine abgelaufene Ausnahme",
        "Beheben Sie die Abweichung und löschen Sie die Ausnahme, oder lassen Sie sie neu genehmigen.",
    ),
    Code.APPROVAL_TOO_LONG: Template(
        "Die Genehmigung gilt bis {found}.",
        "eine Frist bis höchstens {expected}",
        "Setzen Sie eine nähere Frist. Sie lässt sich erneuern.",
    ),
    Code.IMAGE_FORM: Template("„{found}“", "name:tag", "Berichtigen Sie den Namen."),
    Code.SIZE_CLASSES: Template(
        "{found}",
        "S, M und L mit steigender Grenze population_below; in L keine",
        "Berichtigen Sie die Größenklassen.",
    ),
    Code.QUOTA_TOO_SMALL: Template(
        "Das Kontingent {found} ist kleiner als der Bedarf dessen, was darin läuft.",
        "{expected}",
        "Erhöhen Sie das Kontingent, oder senken Sie den Bedarf.",
    ),
    Code.ALREADY_USED: Template(
        "„{found}“ hat schon ein anderer Mandant.",
        "ein eigener Wert",
        "Prüfen Sie, welche der beiden Dateien stimmt.",
    ),
    Code.DOMAIN_AROUND: Template(
        "In „{found}“ liegt die Domain {expected} eines anderen Mandanten.",
        "Domains, die sich nicht überschneiden",
        "Nehmen Sie eine Domain, die nur dieser Kommune gehört.",
    ),
    Code.DOMAIN_NESTED: Template(
        "„{found}“ liegt in der Domain {expected} eines anderen Mandanten.",
        "Domains, die sich nicht überschneiden",
        "Nehmen Sie eine Domain, die nur dieser Kommune gehört.",
    ),
}

GERMAN = Texts(_LABELS, {**_FILES, **_YAML, **_SHAPE, **_MEANING})
