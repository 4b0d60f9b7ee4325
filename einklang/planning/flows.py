"""Authentication flows of a realm: which of them stay, which are built, which go.

Keycloak cannot change a flow in one step, and a half-changed login flow is a way in. So a flow that differs is built
a second time beside the one in use, bound when it is whole, and only then the old one is removed. The generation
stands in the name: `einklang-browser` of the template is `einklang-browser~3` in the realm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

PREFIX = "einklang-"
"""Every flow that a template declares has a name that begins like this; no other flow is ever removed."""


@dataclass(frozen=True)
class FlowPlan:
    """What is to be done about the flows of a realm.

    names: template's name -> name in the realm, for every top-level flow of the template.
    build: whole flows, nested (see `_nested`). remove: names in the realm.
    """

    names: Mapping[str, str]
    build: tuple[Json, ...]
    remove: tuple[str, ...]


def plan_flows(desired: Json, observed: Json) -> FlowPlan:
    """Compare the flows of two realm representations (keys `authenticationFlows`, `authenticatorConfig`).

    Names of executions' configurations, descriptions and the numbers of priorities do not count, their order does.
    """
    wanted, present = _Flows.of(desired), _Flows.of(observed)
    generation = 1 + max((_generation(alias) for alias in present.flows), default=0)
    names: dict[str, str] = {}
    build = []
    for alias in wanted.top_level():
        same = [
            name for name in present.top_level() if _stem(name) == alias and present.tree(name) == wanted.tree(alias)
        ]
        if same:
            names[alias] = max(same, key=_generation)
        else:
            names[alias] = f"{alias}~{generation}"
            build.append(_nested(wanted, alias, generation))
    kept = {part for name in names.values() if name in present.flows for part in present.parts(name)}
    remove = tuple(name for name in present.own() if name not in kept)
    return FlowPlan(names, tuple(build), remove)


@dataclass(frozen=True)
class _Flows:
    """The flows of one representation, by name."""

    flows: Mapping[str, Json]
    configurations: Mapping[str, Json]

    @classmethod
    def of(cls, realm: Json) -> _Flows:
        return cls(
            {flow["alias"]: flow for flow in realm.get("authenticationFlows", ())},
            {entry["alias"]: entry["config"] for entry in realm.get("authenticatorConfig", ())},
        )

    def top_level(self) -> Sequence[str]:
        return [alias for alias, flow in self.flows.items() if flow["topLevel"]]

    def own(self) -> Sequence[str]:
        """The outermost flows that a template declared once: Keycloak removes what is within them along with them.

        A piece that an interrupted run left loose is one. Removing an inner flow first would leave an execution that
        points nowhere, after which Keycloak cannot export the realm any more.
        """
        inner = {part for name in self.flows for part in self.parts(name) if part != name}
        return [name for name in self.flows if name.startswith(PREFIX) and name not in inner]

    def executions(self, alias: str) -> list[Json]:
        return sorted(self.flows[alias]["authenticationExecutions"], key=lambda execution: execution["priority"])

    def parts(self, alias: str) -> Iterator[str]:
        """The flow and all flows within it."""
        yield alias
        for execution in self.executions(alias):
            if "flowAlias" in execution:
                yield from self.parts(execution["flowAlias"])

    def configuration(self, execution: Json) -> Json:
        return self.configurations.get(execution.get("authenticatorConfig", ""), {})

    def tree(self, alias: str) -> tuple[Any, ...]:
        """What the flow does, without the names of its parts."""
        return (
            self.flows[alias]["providerId"],
            *(
                (execution["requirement"], self.tree(execution["flowAlias"]))
                if "flowAlias" in execution
                else (execution["requirement"], execution["authenticator"], self.configuration(execution))
                for execution in self.executions(alias)
            ),
        )


def _nested(flows: _Flows, alias: str, generation: int) -> Json:
    """The flow with its executions in order, each with `authenticator` and `config`, or with `flow`.

    A configuration belongs to one execution in a realm, so each gets a name (`alias`) of its own.
    """
    flow = flows.flows[alias]
    return {
        "alias": f"{alias}~{generation}",
        "description": flow.get("description", ""),
        "providerId": flow["providerId"],
        "executions": [
            {"requirement": execution["requirement"], "flow": _nested(flows, execution["flowAlias"], generation)}
            if "flowAlias" in execution
            else {
                "requirement": execution["requirement"],
                "authenticator": execution["authenticator"],
                "alias": f"{alias}.{number}~{generation}",
                "config": flows.configuration(execution),
            }
            for number, execution in enumerate(flows.executions(alias))
        ],
    }


def _stem(name: str) -> str:
    return name.rpartition("~")[0] or name


def _generation(name: str) -> int:
    number = name.rpartition("~")[2]
    return int(number) if name.startswith(PREFIX) and number.isdecimal() else 0
