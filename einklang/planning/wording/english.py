"""A plan in English."""

from __future__ import annotations

from einklang.model.plan import Operation, Section
from einklang.planning.wording.texts import Labels, Texts

_LABELS = Labels(
    title="What this change means",
    nothing="This change does nothing to what is running.",
    offline="Based on the files. Nobody looked at the running system.",
    refused="**Not possible like this.** The reasons stand right below.",
    tenants="Municipalities concerned: {count}",
    tenant="{name} ({id})",
    unchanged="Looked at, and unchanged: {tenants}",
    elsewhere="**The proposal also changes files that belong to no municipality** ({count}). The association "
    "reviews them. "
    "What they do is not part of this overview.",
    elsewhere_shown="Changed files outside the municipalities: {files}",
    operators="For operators: resources",
    platform="Shared platform",
    no_resources="No resource changes.",
    not_looked="Not looked at.",
    holds_data="**holds data**",
    approved="Approved: data of {module} may be deleted until {until}, by {by}.",
    approved_new="**This approval comes with this very proposal. Check who gave it.**",
    error="The running system could not be looked at: {error}",
    others="In detail ({count})",
    more="… and {count} more",
    fingerprint="Fingerprint",
    approve="Apply, unless something changes until then: `einklang up {tenants} --plan {fingerprint}`",
    cut="Of these municipalities only the summary stands here, because the comment would be too long. `einklang "
    "plan` shows "
    "everything.",
    counts="{delete} to delete, {replace} to replace, {update} to change, {create} to create",
)

_SECTIONS = {
    Section.REFUSED: "Not possible like this",
    Section.DATA: "Data",
    Section.GETS: "What you get",
    Section.CITIZENS: "For citizens",
    Section.STAFF: "For staff",
    Section.INTERRUPTION: "Interruption",
    Section.RESOURCES: "Resources",
    Section.BY_HAND: "Still to be done by hand",
    Section.OPERATION: "For the association",
}
_OPERATIONS = {
    Operation.DELETE: "delete",
    Operation.REPLACE: "replace",
    Operation.UPDATE: "change",
    Operation.CREATE: "create",
}
_MODULES = {
    "identity": "the login",
    "portal": "the citizen portal",
    "dms": "the document management",
    "database": "the database",
}

_GETS = {
    "portal": "A citizen portal at {hostname}.",
    "dms": "A document management for your staff at {hostname}.",
    "identity": "A login of your own at {hostname}. Staff need a second factor there.",
    "languages": "Pages in these languages: {languages}.",
    "services": "These services of the shared catalogue: {services}.",
    "backup": "Backups of the class {class}, meant to be made every {hours} hours.",
    "backup-changed": "Backups: class {class} instead of {old}, meant to be made every {hours} hours.",
    "standard": "Another version of the shared standard: {new} instead of {old}.",
}
_REFUSED = {
    "file-removed": "The municipality's file is deleted while the tenant still exists (status {status}). Set "
    "the status to "
    "leaving first. The file goes when the tenant is gone.",
    "back-to-requested": "A tenant with the status {status} cannot become a request again. To let it rest, "
    "write suspended. "
    "To end it, write leaving.",
    "approval-missing": "The change deletes data ({modules}), and no valid approval covers that. The "
    "association adds a "
    "section approvals to the municipality's file, with module: {module}, reason, approved_by and until (see "
    "tenants/README.md). If no data was to be deleted, take the change back.",
    "storage-shrinks": "The population means size class {new} instead of {old}, which has less storage. Storage "
    "that holds "
    "data cannot become smaller. Keep the population as it was, and speak to the association.",
    "data-elsewhere": "The change deletes or replaces {kind} {name}. It holds data, and no approval exists for "
    "that. It is a "
    "task for the association.",
}
_DATA = {
    "dms-data": "**All documents of the document management are deleted.** Enabling it again does not bring them back.",
    "leaving": "The tenant is being dissolved. The protection against deletion ends. This change itself deletes "
    "nothing.",
}
_PAGES = {
    "starts": "Citizens can use the pages as soon as everything is set up.",
    "suspended": "No page can be reached any more. The data stays.",
    "resumed": "All pages can be reached again.",
    "portal-off": "The citizen portal at {hostname} goes.",
    "portal-moves": "The citizen portal moves from {old} to {new}. The old address does not answer any more.",
    "identity-moves": "The login moves from {old} to {new}. Bookmarks do not work any more.",
    "search-engines-on": "Search engines may list the pages.",
    "search-engines-off": "Search engines shall not list the pages any more.",
    "name": "The name on the pages: {new} instead of {old}.",
    "languages-changed": "The languages of the pages: {new} instead of {old}.",
    "opening-hours": "The pages show other opening hours.",
    "no-opening-hours": "The pages show no opening hours any more.",
    "address": "The pages show another address.",
    "no-address": "The pages show no address any more.",
    "notice": "The pages show another notice.",
    "no-notice": "The notice on the pages goes.",
    "contact-citizens": "The pages show another contact.",
    "colour-primary": "The main colour of the pages: {new} instead of {old}.",
    "colour-on-primary": "The colour of text on the main colour: {new} instead of {old}.",
    "colour-background": "The background of the pages: {new} instead of {old}.",
    "logo": "The pages show another logo.",
    "no-logo": "The pages show the name instead of the logo.",
    "services-added": "New services in the portal: {services}.",
    "services-removed": "These services leave the portal: {services}.",
    "services-order": "The services stand in another order.",
    "services-edited": "Other texts of these services: {services}.",
}
_STAFF = {
    "accounts": "Staff get their accounts from the association. At the first login they choose a password and "
    "set up the "
    "second factor.",
    "suspended-staff": "The document management cannot be reached any more. The documents stay.",
    "dms-off": "The document management at {hostname} goes.",
    "dms-moves": "The document management moves from {old} to {new}. The old address does not answer any more.",
    "text-recognition-on": "Text in scanned documents is recognised from now on.",
    "text-recognition-off": "Text in scanned documents is not recognised any more.",
    "file-plan": "The file plan: {new} instead of {old}.",
}
_INTERRUPTION = {
    "none": "None. Everything can be reached during the change.",
    "short": "Not reachable for some minutes: {modules}. Everything else can be reached.",
    "nothing-runs-yet": "None, because nothing runs yet.",
    "ends": "Yes: after this change nothing can be reached any more.",
}
_RESOURCES = {
    "resources": "Size class {size}: {cpu_millicores} processor cores, {memory_mib} GiB of memory and "
    "{storage_gib} GiB of "
    "storage are reserved.",
    "resources-changed": "Processor cores: {cpu_millicores} (until now {cpu_millicores_before}). Memory: "
    "{memory_mib} GiB "
    "(until now {memory_mib_before}). Storage: {storage_gib} GiB (until now {storage_gib_before}).",
    "resources-same": "Unchanged.",
    "size": "{population} inhabitants mean another size class: {new} instead of {old}.",
}
_BY_HAND = {
    "dns": "Have names (DNS) entered that lead to the platform: {hostnames}.",
    "register-bundid": "Register with BundID. State: pending registration. Until then citizens log in with an "
    "account of the "
    "municipality.",
    "register-fit-connect": "Register with FIT-Connect. State: pending registration. Until then no applications "
    "arrive that "
    "way.",
}
_OPERATION = {
    "requested": "This is a request. It is set up when the association sets the status to active.",
    "request-withdrawn": "The request is withdrawn. Nothing was set up yet.",
    "file-removed-after-leaving": "The municipality's file is deleted. The tenant has to be gone before "
    "(docs/operators/day-2.md).",
    "stays": "The tenant is not dissolved.",
    "portal-data": "The content of the citizen portal stays in the database.",
    "domain": "The domain: {new} instead of {old}.",
    "population": "The population: {new} instead of {old}. The size class stays.",
    "standard-older": "The version of the standard is older than the one until now. Older programs often cannot "
    "read newer "
    "data.",
    "standard-edited": "The content of standard {version} changes. Published versions ought to stay as they are.",
    "image": "Version of a program: {new} instead of {old}.",
    "contact-operations": "Another contact for disturbances. Where none is given for citizens, the pages show it too.",
    "contact-security": "Another contact for security incidents.",
    "contact-data-protection": "Another contact for data protection. The pages show it too.",
    "ags": "The official municipality key: {new} instead of {old}.",
    "ars": "The official regional key: {new} instead of {old}.",
    "ring": "The ring: {new} instead of {old}.",
    "exception-added": "Exception from {control} until {until}: {reason}",
    "exception-removed": "The exception from {control} goes.",
    "approvals": "The approvals to delete data change.",
    "registered-bundid": "The registration with BundID is done.",
    "registered-fit-connect": "The registration with FIT-Connect is done.",
    "other": "These fields change: {keys}.",
}

ENGLISH = Texts(
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
    decimal=".",
    and_=" and ",
)
