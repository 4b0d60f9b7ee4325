"""A plan on a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from einklang.model.messages import Language
from einklang.model.plan import Plan, TenantPlan
from einklang.planning import markdown
from einklang.planning.wording import TEXTS, sentence, shortened


def as_json(plan: Plan, language: Language, unchanged: Sequence[str] = ()) -> str:
    """The whole plan, each point with its sentence."""
    return json.dumps(as_data(plan, language, unchanged), indent=2, ensure_ascii=False) + "\n"


def as_data(plan: Plan, language: Language, unchanged: Sequence[str] = ()) -> dict[str, Any]:
    """The plan as plain data; dates as text."""
    data = asdict(plan)
    for told, tenant in zip(data["tenants"], plan.tenants, strict=True):
        told["refused"], told["changes"] = tenant.refused, tenant.changes
        for point, source in zip(told["points"], tenant.points, strict=True):
            point["sentence"] = sentence(source, language, str)
        for approved in told["approved"]:
            approved["until"] = str(approved["until"])
    return {"version": 1, "changes": plan.changes, "refused": plan.refused, **data, "unchanged": list(unchanged)}


def as_text(plan: Plan, language: Language, unchanged: Sequence[str] = ()) -> str:
    """The plan for a terminal: the same order as in a comment, without Markdown."""
    labels = TEXTS[language].labels
    blocks = ["\n".join(_tenant(each, language)) for each in plan.tenants]
    if plan.elsewhere:
        listed = ", ".join(shortened(name) for name in plan.elsewhere)
        told = labels.elsewhere.format(count=len(plan.elsewhere)), labels.elsewhere_shown.format(files=listed)
        blocks.insert(0, _plain("\n".join(told)))
    if not plan.changes:
        blocks.append(labels.nothing)
    if plan.platform:
        blocks.append("\n".join([labels.platform, *_actions(plan.platform, language)]))
    if unchanged:
        blocks.append(labels.unchanged.format(tenants=", ".join(unchanged)))
    blocks.append(f"{labels.fingerprint}: {plan.fingerprint}" if plan.fingerprint else labels.offline)
    return "\n\n".join(blocks) + "\n"


def _tenant(tenant: TenantPlan, language: Language) -> list[str]:
    texts = TEXTS[language]
    versions = " → ".join(dict.fromkeys(label for label in (tenant.before, tenant.after) if label))
    lines = [texts.labels.tenant.format(name=shortened(tenant.name), id=tenant.tenant) + f", {tenant.ring}, {versions}"]
    if tenant.error:
        lines.append(f"  {texts.labels.error.format(error=tenant.error)}")
    for section, points in markdown.by_section(tenant.points):
        lines.append(f"  {texts.sections[section]}")
        lines += [f"    - {_plain(sentence(point, language, str))}" for point in points]
    for each in tenant.approved:
        told = texts.labels.approved.format(module=each.module, until=each.until, by=shortened(each.approved_by))
        lines.append(f"  {told} {_plain(texts.labels.approved_new)}" if each.new else f"  {told}")
    if tenant.actions is not None:
        lines.append(f"  {texts.labels.operators}: {markdown.counts(tenant.actions, language)}")
        lines += [f"  {line}" for line in _actions(tenant.actions, language)]
    return lines


def _actions(actions: Sequence[Any], language: Language) -> list[str]:
    texts = TEXTS[language]
    lines = []
    for each in actions:
        data = f", {_plain(texts.labels.holds_data)}" if each.loses_data else ""
        what = f": {', '.join(each.properties)}" if each.properties else ""
        lines.append(
            f"  {texts.operations[each.operation]:<9} {each.kind} {shortened(each.name)} ({each.module}){data}{what}"
        )
    return lines


def _plain(text: str) -> str:
    return text.replace("**", "").replace("`", "")
