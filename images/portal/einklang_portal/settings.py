"""The site's settings: each is written only where it is another, so that a second run changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from Acquisition import aq_base
from plone import api
from plone.portlets.interfaces import IPortletAssignmentMapping, IPortletManager
from plone.registry.interfaces import IRegistry
from zope.component import getMultiAdapter, getUtility

from einklang_portal import state
from einklang_portal.login import IdentityLogin

PLUGIN = "oidc"
_PROFILE = "einklang_portal:default"
# Nobody has a password here: no form, no header and no stored password lets anybody in.
_LOCAL_WAYS_IN = (
    ("IExtractionPlugin", "credentials_cookie_auth"),
    ("IExtractionPlugin", "credentials_basic_auth"),
    ("IAuthenticationPlugin", "source_users"),
    ("IChallengePlugin", "credentials_cookie_auth"),
    ("IChallengePlugin", "credentials_basic_auth"),
)

# Whoever has nothing to edit sees no tool bar.
_TOOLBAR, _TOOLBAR_ROLES = "Show Toolbar", ("Contributor", "Editor", "Manager", "Reviewer", "Site Administrator")


def upgrade(site: Any) -> Iterator[str]:
    """Bring the database to the version of the packages."""
    migration = api.portal.get_tool("portal_migration")
    if migration.needUpgrading():
        migration.upgrade(swallow_errors=False)
        yield "upgraded: Plone"
    setup = api.portal.get_tool("portal_setup")
    if setup.getLastVersionForProfile(_PROFILE) == "unknown":
        add_plugin(site)
        setup.runAllImportStepsFromProfile(f"profile-{_PROFILE}")
        yield "installed: einklang_portal"
    elif setup.listUpgrades(_PROFILE):
        setup.upgradeProfile(_PROFILE)
        yield "upgraded: einklang_portal"


def apply(site: Any, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Everything but the pages; yields a line for each change."""
    yield from _registry(wanted)
    yield from _site(site, wanted)
    yield from _login(site, wanted)
    yield from _groups(wanted["groups"])
    if state.put_texts(site, wanted["texts"]):
        yield "changed: words of the computed pages"


def add_plugin(site: Any) -> None:
    """The login, before its package's own set-up would add one that keeps its secret in the database."""
    folder = site.acl_users
    if PLUGIN not in folder.objectIds():
        folder._setObject(PLUGIN, IdentityLogin(PLUGIN, "Login of the identity service"))


def records(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Plone's registry records as they have to be."""
    first, languages = wanted["languages"][0], list(wanted["languages"])
    logo = wanted["logo"]
    return {
        "plone.site_title": wanted["title"],
        "plone.default_language": first,
        "plone.available_languages": languages,
        # The language of a page is that of the part of the site it is in; so every address has one content.
        "plone.use_content_negotiation": True,
        "plone.use_path_negotiation": False,
        "plone.use_cookie_negotiation": False,
        "plone.use_request_negotiation": False,
        "plone.use_subdomain_negotiation": False,
        "plone.use_cctld_negotiation": False,
        "plone.first_weekday": 0,
        "plone.portal_timezone": "Europe/Berlin",
        "plone.enable_self_reg": False,
        "plone.enable_user_pwd_choice": False,
        "plone.enable_user_folders": False,
        "plone.allow_anon_views_about": False,
        "plone.use_email_as_login": False,
        "plone.enable_sitemap": True,
        "plone.exposeDCMetaTags": False,
        "plone.enable_livesearch": False,
        "plone.nonfolderish_tabs": True,
        "plone.navigation_depth": 1,
        "plone.site_logo": f"filenameb64:{logo['name_b64']};datab64:{logo['data_b64']}".encode() if logo else None,
        "plone.app.theming.interfaces.IThemeSettings.custom_css": wanted["css"],
        # What is only for Plone's own form: there is none.
        "plone.external_login_url": None,
        "plone.external_logout_url": None,
    }


def _registry(wanted: Mapping[str, Any]) -> Iterator[str]:
    registry = getUtility(IRegistry)
    for key, value in records(wanted).items():
        if registry[key] != value:
            registry[key] = value
            yield f"changed: {key}"


def _site(site: Any, wanted: Mapping[str, Any]) -> Iterator[str]:
    if site.title != wanted["title"] or site.description != wanted["description"]:
        site.title, site.description = wanted["title"], wanted["description"]
        yield "changed: title of the site"
    if site.getLayout() != "start-page" or site.getProperty("default_page", None):
        site.setLayout("start-page")
        yield "changed: start page"
    workflow = api.portal.get_tool("portal_workflow")
    if workflow.getDefaultChain() != ("simple_publication_workflow",):
        workflow.setDefaultChain("simple_publication_workflow")
        yield "changed: workflow"
    yield from _around_the_content(site)


def _around_the_content(site: Any) -> Iterator[str]:
    """What stands around the content, and for whom."""
    for manager in ("plone.leftcolumn", "plone.rightcolumn", "plone.footerportlets"):
        portlets = getMultiAdapter((site, getUtility(IPortletManager, manager)), IPortletAssignmentMapping)
        for name in list(portlets):
            del portlets[name]
            yield f"removed: {manager}, {name}"
    if {each["name"] for each in site.rolesOfPermission(_TOOLBAR) if each["selected"]} != set(_TOOLBAR_ROLES):
        site.manage_permission(_TOOLBAR, _TOOLBAR_ROLES, acquire=0)
        yield "changed: who sees the tool bar"
    actions = api.portal.get_tool("portal_actions")
    for category, name in (("user", "login"), ("user", "join"), ("user", "logout"), ("user", "preferences")):
        action = actions[category].get(name)
        if action is not None and action.visible:
            action.visible = False
            yield f"hidden: action {name}"


def _login(site: Any, wanted: Mapping[str, Any]) -> Iterator[str]:
    folder = site.acl_users
    plugins, login = folder.plugins, aq_base(folder[PLUGIN])
    for key, value in login_properties(wanted).items():
        if getattr(login, key) != value:
            setattr(login, key, value)
            yield f"changed: login, {key}"
    for interface_name, name in _LOCAL_WAYS_IN:
        interface = plugins._getInterfaceFromName(interface_name)
        if name in plugins.listPluginIds(interface):
            plugins.deactivatePlugin(interface, name)
            yield f"closed: {interface_name} of {name}"
    session = folder.session
    for key, value in (("per_user_keyring", True), ("timeout", wanted["session_seconds"]), ("refresh_interval", 60),
                       ("secure", True)):  # fmt: skip
        if getattr(session, key) != value:
            setattr(session, key, value)
            yield f"changed: sessions, {key}"


def login_properties(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Properties of the login; issuer, client and secret are the environment's."""
    return {
        "scope": tuple(wanted["scopes"]),
        "use_pkce": True,
        "create_user": True,
        "create_groups": True,
        "user_property_as_groupid": "groups",
        "user_property_as_userid": "sub",
        "create_ticket": True,
        "create_restapi_ticket": False,
        "use_session_data_manager": False,
        "use_deprecated_redirect_uri_for_logout": False,
        "allowed_groups": (),
        "redirect_uris": (),
    }


def _groups(wanted: Mapping[str, list[str]]) -> Iterator[str]:
    """A group for each role of the realm; the login puts users in and takes them out as their token says."""
    tool = api.portal.get_tool("portal_groups")
    for name, roles in wanted.items():
        group = tool.getGroupById(name)
        if group is None:
            tool.addGroup(name, title=name, roles=roles)
            yield f"made: group {name}"
            continue
        has = set(api.portal.get_tool("acl_users").portal_role_manager.getRolesForPrincipal(group))
        if has - {"Authenticated"} != set(roles):
            tool.editGroup(name, roles=roles)
            yield f"changed: roles of group {name}"
    data = api.portal.get_tool("portal_groupdata")
    if not data.hasProperty("type"):
        data._setProperty("type", "", "string")
        yield "made: property type of groups"
    for name in wanted:
        group = tool.getGroupById(name)
        if group.getProperty("type") != PLUGIN.upper():
            group.setGroupProperties({"type": PLUGIN.upper()})
            yield f"changed: group {name} is kept by the login"
