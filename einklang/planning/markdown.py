"""A plan as Markdown: the comment at a proposal. Never longer than a comment may be.

Whatever somebody wrote in a file stands in a code span: there it is no link, no image, no heading and no mention.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from einklang.model.messages import Language
from einklang.model.plan import Operation, Plan, Point, ResourceAction, Section, TenantPlan
from einklang.planning.wording import TEXTS, sentence, shortened

LIMIT_BYTES = 60_000
"""GitHub takes 65,536 characters; a script may put a line before and after it."""
_MOST_ACTIONS, _MOST_POINTS, _MOST_FILES, _MOST_NAMES = 60, 12, 20, 100


def comment(plan: Plan, language: Language, unchanged: Sequence[str] = ()) -> str:
    """The whole answer, as far as it fits. What is refused or loses data stands first; the last tenants are cut to
    their summary, and then to their number.
    """
    labels = TEXTS[language].labels
    head, tail = _head(plan, language), _tail(plan, language, unchanged)
    ordered = sorted(plan.tenants, key=lambda tenant: (not _urgent(tenant), tenant.tenant))
    room = LIMIT_BYTES - _size([head, tail, labels.cut, labels.more]) - 100
    brief = _fitting([_summary(each, language) for each in ordered], room)
    room -= _size(brief)
    full: list[str] = []
    for tenant, line in zip(ordered, brief, strict=False):
        whole = _tenant(tenant, language)
        room -= _size([whole]) - _size([line])
        if room < 0:
            break
        full.append(whole)
    rest = len(ordered) - len(brief)
    more = [f"- {labels.more.format(count=rest)}\n"] if rest else []
    cut = [f"{labels.cut}\n", "".join([*brief[len(full) :], *more])] if len(full) < len(ordered) else []
    return "\n".join([head, *full, *cut, tail]).rstrip("\n") + "\n"


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """As many of the lines as there is room for."""
    kept: list[str] = []
    for line in lines:
        room -= _size([line])
        if room < 0:
            break
        kept.append(line)
    return kept


def code(text: str) -> str:
    """The text as a code span (CommonMark 0.31, section 6.1) that nothing in it can end."""
    safe = shortened(text).replace("`", "'")
    return f"`{safe}`" if safe else "–"


def _size(parts: Iterable[str]) -> int:
    return sum(len(part.encode()) + 1 for part in parts)


def _urgent(tenant: TenantPlan) -> bool:
    return tenant.refused or bool(tenant.losses()) or any(point.section is Section.DATA for point in tenant.points)


def _head(plan: Plan, language: Language) -> str:
    labels = TEXTS[language].labels
    lines = [f"## {labels.title}", ""]
    if not plan.changes:
        lines += [labels.nothing, ""]
    if plan.refused:
        lines += [labels.refused, ""]
    if len(plan.tenants) > 1:
        lines += [labels.tenants.format(count=len(plan.tenants)), ""]
    if plan.elsewhere:
        shown = ", ".join(code(name) for name in plan.elsewhere[:_MOST_FILES])
        rest = len(plan.elsewhere) - _MOST_FILES
        more = " " + labels.more.format(count=rest) if rest > 0 else ""
        lines += [labels.elsewhere.format(count=len(plan.elsewhere)), ""]
        lines += [labels.elsewhere_shown.format(files=shown) + more, ""]
    return "\n".join(lines)


def _tail(plan: Plan, language: Language, unchanged: Sequence[str]) -> str:
    labels = TEXTS[language].labels
    lines: list[str] = []
    if unchanged:
        rest = len(unchanged) - _MOST_NAMES
        more = " " + labels.more.format(count=rest) if rest > 0 else ""
        lines += [labels.unchanged.format(tenants=", ".join(unchanged[:_MOST_NAMES])) + more, ""]
    if plan.platform is not None and plan.platform:
        lines += _folded(labels.platform, plan.platform, language)
    if plan.fingerprint:
        names = " ".join(each.tenant for each in plan.tenants[:_MOST_NAMES])
        lines += [f"{labels.fingerprint}: `{plan.fingerprint}`", ""]
        lines += (
            [labels.approve.format(tenants=names, fingerprint=plan.fingerprint)]
            if plan.changes and not plan.refused
            else []
        )
    else:
        lines.append(labels.offline)
    return "\n".join(lines)


def _tenant(tenant: TenantPlan, language: Language) -> str:
    texts = TEXTS[language]
    lines = [f"### {_title(tenant, language)}", "", _line(tenant), ""]
    if tenant.error:
        lines += [texts.labels.error.format(error=code(tenant.error)), ""]
    for section, points in by_section(tenant.points):
        lines += [f"**{texts.sections[section]}**", "", *_points(points, language), ""]
    for each in tenant.approved:
        module = texts.modules.get(each.module, each.module)
        line = texts.labels.approved.format(module=module, until=each.until, by=code(each.approved_by))
        lines += [f"{line} {texts.labels.approved_new}" if each.new else line, ""]
    if tenant.actions is not None:
        lines += _folded(texts.labels.operators, tenant.actions, language)
    return "\n".join(lines)


def _title(tenant: TenantPlan, language: Language) -> str:
    return TEXTS[language].labels.tenant.format(name=code(tenant.name), id=tenant.tenant)


def _line(tenant: TenantPlan) -> str:
    versions = dict.fromkeys(label for label in (tenant.before, tenant.after) if label)
    return f"Ring {tenant.ring} · Standard {' → '.join(versions)}"


def by_section(points: Sequence[Point]) -> Iterable[tuple[Section, list[Point]]]:
    """The sections that have points, in their order."""
    for section in Section:
        found = [point for point in points if point.section is section]
        if found:
            yield section, found


def _points(points: Sequence[Point], language: Language) -> list[str]:
    lines = [f"- {sentence(point, language, code)}" for point in points[:_MOST_POINTS]]
    rest = len(points) - _MOST_POINTS
    return [*lines, f"- {TEXTS[language].labels.more.format(count=rest)}"] if rest > 0 else lines


def _folded(title: str, actions: Sequence[ResourceAction], language: Language) -> list[str]:
    """What loses data in the open, the rest folded."""
    labels = TEXTS[language].labels
    if not actions:
        return [f"**{title}**: {labels.no_resources}", ""]
    losing = [action for action in actions if action.loses_data]
    rest = [action for action in actions if not action.loses_data]
    lines = [f"**{title}**: {counts(actions, language)}", ""]
    lines += [*(_action(action, language) for action in losing), ""] if losing else []
    if rest:
        shown = [_action(action, language) for action in rest[:_MOST_ACTIONS]]
        if len(rest) > _MOST_ACTIONS:
            shown.append(f"- {labels.more.format(count=len(rest) - _MOST_ACTIONS)}")
        lines += [
            f"<details><summary>{labels.others.format(count=len(rest))}</summary>",
            "",
            *shown,
            "",
            "</details>",
            "",
        ]
    return lines


def counts(actions: Sequence[ResourceAction], language: Language) -> str:
    """`0 to delete, 1 to replace, …`."""
    numbers = {each.value: sum(action.operation is each for action in actions) for each in Operation}
    return TEXTS[language].labels.counts.format_map(numbers)


def _action(action: ResourceAction, language: Language) -> str:
    texts = TEXTS[language]
    line = f"- {texts.operations[action.operation]}: {action.kind} {code(action.name)}"
    if action.module:
        line += f" ({action.module})"
    if action.loses_data:
        line += f", {texts.labels.holds_data}"
    if action.properties:
        line += f": {code(', '.join(action.properties))}"
    return line


def _summary(tenant: TenantPlan, language: Language) -> str:
    texts = TEXTS[language]
    told = counts(tenant.actions, language) if tenant.actions is not None else ""
    sections = ", ".join(texts.sections[section] for section, _ in by_section(tenant.points))
    parts = [part for part in (_line(tenant), sections, told) if part]
    return f"- {_title(tenant, language)}: {'; '.join(parts)}\n"
