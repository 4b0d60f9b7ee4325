"""The problems in English."""

from __future__ import annotations

from einklang.model.messages.template import Labels, Template, Texts
from einklang.model.problem import Code

_LABELS = Labels(
    found="Found",
    expected="Expected",
    mend="Remedy",
    suggestion="Did you mean",
    related="See also",
    valid="No errors found.",
    invalid="Errors: {problems}. Files with errors: {files}.",
)

_FILES = {
    Code.NOT_FOUND: Template("The file or folder is missing.", "a file that exists", "Check name and folder."),
    Code.SUFFIX: Template(
        'The name "{found}" does not end in .yaml.',
        "files that end in {expected} only",
        "Rename the file. What is no tenant belongs in another folder.",
    ),
    Code.FILE_NAME: Template(
        'The file name "{found}" has capital letters, blanks, umlauts or other characters.',
        "small letters a–z, digits, dots and hyphens, .yaml at the end",
        "Rename the file, for example to bad-berleburg.yaml.",
    ),
    Code.SYMLINK: Template("This is a symbolic link.", "the file itself", "Replace the link with a copy of the file."),
    Code.NOT_A_FILE: Template(
        "This is not a regular file.", "a regular text file", "Remove what is there, or write a text file."
    ),
    Code.UNREADABLE: Template(
        "The file cannot be read: {found}", "a readable file", "Check the permissions of the file."
    ),
    Code.TOO_LARGE: Template(
        "The file has {found} bytes.", "at most {expected} bytes", "Remove what does not belong in this file."
    ),
    Code.EMPTY: Template(
        "The file says nothing.",
        "the description of a municipality or of a standard",
        "Start from the example in tenants/README.md.",
    ),
    Code.BOM: Template(
        "The file begins with a byte order mark ({found}) or is stored as UTF-16.",
        "UTF-8 without a byte order mark",
        'Save the file as "UTF-8", not as "UTF-8 with BOM".',
    ),
    Code.ENCODING: Template(
        "A character ({found}) is not stored as UTF-8.", "UTF-8", 'Save the file as "UTF-8", then check the umlauts.'
    ),
    Code.CONTROL_CHARACTER: Template(
        "There is an invisible control character ({found}).",
        "only visible characters, blanks and line ends",
        "Delete the character. It often helps to type the line again instead of pasting it.",
    ),
}

_YAML = {
    Code.TAB: Template("There is a tab.", "blanks", "Replace the tab by two blanks a level."),
    Code.SYNTAX: Template(
        "From here on the file cannot be read: {found}",
        "valid YAML",
        "Compare this line and the one before with the example in tenants/README.md.",
    ),
    Code.SYNTAX_COLON: Template(
        "A colon is missing, or is one too many: {found}",
        'one "key: value" a line',
        "A colon and a blank follow the key. Text with a colon goes in quotation marks.",
    ),
    Code.SYNTAX_INDENTATION: Template(
        "The indentation does not fit: {found}",
        "two blanks a level, the same for all that belongs together",
        "Indent this line as far as its neighbours.",
    ),
    Code.SYNTAX_QUOTE: Template(
        "Here or in a line before, a quotation mark is missing or one too many: {found}",
        "text that ends with the quotation mark it begins with",
        "Add or delete the quotation mark. Write a backslash \\ twice.",
    ),
    Code.SYNTAX_BRACKET: Template(
        "A bracket is not closed, or a comma is missing: {found}",
        "a list like [de, en]",
        "Add the missing bracket or comma.",
    ),
    Code.SYNTAX_CHARACTER: Template(
        "No value may begin with this character: {found}",
        "text in quotation marks where it begins with a special character",
        "Put the value in quotation marks.",
    ),
    Code.SEVERAL_DOCUMENTS: Template(
        "A second document begins here ({found}).", "one file a municipality", "Split the file."
    ),
    Code.DIRECTIVE: Template("This is a YAML directive ({found}).", "data only", "Delete the line."),
    Code.ANCHOR: Template(
        "The value is marked for reuse by {found}.",
        "each value where it is used",
        "Delete the mark. Text that begins with & goes in quotation marks.",
    ),
    Code.ALIAS: Template(
        "The reference {found} stands in place of a value.",
        "the value itself",
        "Write the value out. Text that begins with * goes in quotation marks.",
    ),
    Code.MERGE_KEY: Template(
        "{found} is to insert data from elsewhere.", "each value where it is used", "Write the values out."
    ),
    Code.CUSTOM_TAG: Template(
        "A type tag with an exclamation mark stands before the value ({found}).",
        "the value without a tag",
        "Delete the tag. Text that begins with ! goes in quotation marks.",
    ),
    Code.TOO_DEEP: Template(
        "The data is nested too deeply.",
        "at most {expected} levels",
        "Compare the indentation with the example in tenants/README.md.",
    ),
    Code.DUPLICATE_KEY: Template('"{found}" stands here a second time.', "each key once", "Delete one of the two."),
    Code.KEY_NOT_TEXT: Template(
        "The key is missing or is not a word.", '"key: value"', "Write a word before the colon."
    ),
    Code.AMBIGUOUS_BOOLEAN: Template(
        '"{found}" without quotation marks is text to some programs and yes/no to others.',
        "true or false; quotation marks around text",
        "Write true for yes, false for no. If text is meant, put it in quotation marks.",
    ),
    Code.AMBIGUOUS_NUMBER: Template(
        '"{found}" without quotation marks is a different number to different programs.',
        "numbers without leading zero or special characters; keys such as the AGS in quotation marks",
        "If a key, a time or other text is meant, put it in quotation marks.",
    ),
    Code.AMBIGUOUS_DATE: Template(
        '"{found}" is not an unambiguous date.',
        "a date as YYYY-MM-DD, for example 2027-01-31",
        "Write month and day with two digits, without a time. If text is meant, put it in quotation marks.",
    ),
}

_SHAPE = {
    Code.MAPPING_EXPECTED: Template(
        "{found}", 'indented lines of the form "key: value"', "Compare with tenants/README.md."
    ),
    Code.LIST_EXPECTED: Template("{found}", "a list, for example [de, en]", "Put the value in square brackets."),
    Code.TEXT_EXPECTED: Template("{found} (not text)", "text", "Put the value in quotation marks if it is right."),
    Code.WHOLE_NUMBER_EXPECTED: Template(
        "{found}",
        "a whole number without point, comma or quotation marks",
        "Write digits only, for example 25036.",
    ),
    Code.BOOLEAN_EXPECTED: Template("{found}", "true or false, without quotation marks", "Write true or false."),
    Code.DATE_EXPECTED: Template("{found}", "a day as YYYY-MM-DD, for example 2027-01-31", "Check day and month."),
    Code.KEY_MISSING: Template('"{expected}" is missing.', '"{expected}: …"', "Add the line; see tenants/README.md."),
    Code.VALUE_MISSING: Template(
        "Nothing follows the colon.",
        "a value",
        "Write the value, or delete the line. Text that begins with # goes in quotation marks.",
    ),
    Code.KEY_UNKNOWN: Template(
        '"{found}" is not known here.', "one of: {expected}", "Correct the spelling, or delete the line."
    ),
    Code.CHOICE: Template('"{found}"', "one of: {expected}", "Choose one of them, spelled exactly so."),
    Code.NUMBER_TOO_SMALL: Template("{found}", "a number from {expected}", "Correct the number."),
    Code.NUMBER_TOO_LARGE: Template("{found}", "a number up to {expected}", "Correct the number."),
    Code.TOO_SHORT: Template("The length is {found}.", "at least {expected}", "Extend the value."),
    Code.TOO_LONG: Template("The length is {found}.", "at most {expected}", "Shorten the value."),
    Code.REPEATED: Template('"{found}" stands in the list twice.', "each entry once", "Delete one of them."),
    Code.WHITESPACE: Template(
        'There are blanks around the text "{found}", or it has several lines.',
        "one line without blanks around it",
        "Write the text in one line.",
    ),
    Code.OTHER: Template("{found}", "a value as in tenants/README.md", "Compare with the example there."),
}

_MEANING = {
    Code.SLUG_FORM: Template(
        '"{found}"',
        "small letters a–z, digits and single hyphens, a letter first, at most 63 characters",
        "Correct the spelling.",
    ),
    Code.ID_FORM: Template(
        '"{found}"',
        "small letters a–z, digits and single hyphens, a letter first, at most 40 characters",
        "Write umlauts out (ae, oe, ue, ss) and blanks as hyphens: bad-berleburg.",
    ),
    Code.ID_RESERVED: Template(
        'The id "{found}" is reserved for the platform.', "another id", "Take the municipality's name."
    ),
    Code.ID_NOT_FILE_NAME: Template(
        'The id is "{found}", the file is "{expected}.yaml".',
        "both the same",
        "For a new tenant: rename the file. The id of an existing tenant never changes.",
    ),
    Code.VERSION_NOT_FILE_NAME: Template(
        'The version is "{found}", the file is "{expected}.yaml".', "both the same", "Rename the file."
    ),
    Code.VERSION_FORM: Template('"{found}"', 'year, dot, number, in quotation marks: "2026.1"', "Correct the version."),
    Code.AGS_FORM: Template(
        '"{found}"',
        '8 digits in quotation marks, for example "05966024"',
        "The register of municipalities of the Federal Statistical Office lists the AGS.",
    ),
    Code.AGS_STATE: Template(
        "The first two digits are {found}. There is no such state.",
        "01 (Schleswig-Holstein) to 16 (Thüringen)",
        "Check the leading zero and the digits.",
    ),
    Code.AGS_DISTRICT: Template(
        "The first five digits are {found}. There is no such district in {expected}.",
        "a district or an independent city that exists",
        "Check the digits. After a reform the new key applies.",
    ),
    Code.AGS_MUNICIPALITY: Template(
        'The last three digits of "{found}" do not fit the district.',
        "000 at the end for independent cities, else the municipality's three digits",
        "Check the last three digits.",
    ),
    Code.ARS_FORM: Template(
        '"{found}"',
        '12 digits in quotation marks, for example "059660024024"',
        "Check the digits, or leave the key out.",
    ),
    Code.ARS_NOT_AGS: Template(
        "The regional key {found} does not belong to the AGS {expected}.",
        "the first five and the last three digits as in the AGS",
        "Check both keys.",
    ),
    Code.HOSTNAME_FORM: Template(
        '"{found}"',
        "a full name like www.olpe.example: small letters a–z, digits, hyphens, dots",
        "Without https://, slash and umlauts. Write umlaut domains in the form xn--….",
    ),
    Code.HOSTNAME_OUTSIDE_DOMAIN: Template(
        '"{found}" is not in the municipality\'s domain.',
        "a name that ends in .{expected}",
        "Correct the hostname or the domain.",
    ),
    Code.HOSTNAME_REPEATED: Template(
        '"{found}" stands for two applications.', "a hostname of its own for each", "Change one of the two."
    ),
    Code.EMAIL_FORM: Template(
        '"{found}"', "an address like it@olpe.example", "Correct the address; without a name, without <>."
    ),
    Code.PHONE_FORM: Template(
        '"{found}"',
        'country code, area code, number: "+49 2761 83-0"',
        "Begin with +49 and leave out the zero of the area code and the brackets.",
    ),
    Code.TIME_FORM: Template(
        '"{found}"',
        'a time with two digits each for hour and minute, in quotation marks: "08:00"',
        "Write the time by the 24-hour clock.",
    ),
    Code.TIME_ORDER: Template(
        "It closes at {found} and opens at {expected}.",
        "a later time for to than for from",
        "Check both times. For a break at noon make two entries.",
    ),
    Code.POSTAL_CODE_FORM: Template(
        '"{found}"', '5 digits in quotation marks, for example "57462"', "Check the postal code."
    ),
    Code.COLOUR_FORM: Template(
        '"{found}"',
        'a colour as # and six digits 0–9, a–f, in quotation marks: "#1a5c8e"',
        "The municipality's design manual names the colour.",
    ),
    Code.CONTRAST: Template(
        "The contrast to {expected} is {found} : 1. The text would be hard to read.",
        "at least 4.5 : 1 (WCAG 2.1 AA, BITV 2.0)",
        "Choose one of the two colours darker or lighter.",
    ),
    Code.LOGO_PATH: Template(
        '"{found}"',
        "a path in the folder tenants/ that ends in .svg or .png, for example logos/olpe.svg",
        "Put the logo in tenants/logos/.",
    ),
    Code.LOGO_CONTENT: Template(
        "The logo holds what does not belong in an image: {found}",
        "an SVG of shapes and text only, without scripts and outside references, or a PNG",
        'Save the logo again, in Inkscape as "Optimized SVG", or as PNG.',
    ),
    Code.LOGO_DAMAGED: Template(
        "The logo is damaged, or its format is another than its name says ({found}).",
        "{expected}",
        "Save the logo again.",
    ),
    Code.STANDARD_UNKNOWN: Template(
        'There is no version "{found}" of the standard.', "one of: {expected}", "Choose one of them."
    ),
    Code.SERVICE_UNKNOWN: Template(
        'The service "{found}" is not in the catalogue.',
        "the name of a file in the folder services/",
        "Look it up in the catalogue, or propose it there.",
    ),
    Code.BACKUP_CLASS_UNKNOWN: Template(
        'The standard has no backup class "{found}".', "one of: {expected}", "Choose one of them."
    ),
    Code.CONTROL_UNKNOWN: Template(
        'The control "{found}" is not in the standard {expected}.',
        "the number of a control, for example APP.4.4.A7",
        "Check the number; the list is under controls in the standard's file.",
    ),
    Code.OPTION_NOT_OFFERED: Template(
        'The standard does not offer "{found}".', "one of: {expected}", "Choose what is offered."
    ),
    Code.EXCEPTION_EXPIRED: Template(
        "The exception was valid until {found}. Today is {expected}.",
        "no expired exception",
        "Mend the deviation and delete the exception, or have it approved again.",
    ),
    Code.APPROVAL_TOO_LONG: Template(
        "The approval is valid until {found}.",
        "a date not after {expected}",
        "Set an earlier date. An approval can be renewed.",
    ),
    Code.IMAGE_FORM: Template('"{found}"', "name:tag", "Correct the name."),
    Code.SIZE_CLASSES: Template(
        "{found}", "S, M and L with rising population_below; none in L", "Correct the size classes."
    ),
    Code.QUOTA_TOO_SMALL: Template(
        "The quota {found} is less than what runs in it needs.",
        "{expected}",
        "Raise the quota, or lower the need.",
    ),
    Code.ALREADY_USED: Template(
        'Another tenant has "{found}" already.', "a value of its own", "Check which of the two files is right."
    ),
    Code.DOMAIN_AROUND: Template(
        'The domain {expected} of another tenant is inside "{found}".',
        "domains that do not overlap",
        "Take a domain that belongs to this municipality alone.",
    ),
    Code.DOMAIN_NESTED: Template(
        '"{found}" is inside the domain {expected} of another tenant.',
        "domains that do not overlap",
        "Take a domain that belongs to this municipality alone.",
    ),
}

ENGLISH = Texts(_LABELS, {**_FILES, **_YAML, **_SHAPE, **_MEANING})
