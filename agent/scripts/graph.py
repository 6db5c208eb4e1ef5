"""States and exits of a script as a graph: what is reached, what is known there, and what goes round for ever. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.domain.script import CallScript
from agent.domain.script_state import State, Transition


@dataclass(frozen=True, slots=True)
class _Edge:
    source: str
    way: Transition


@dataclass(frozen=True, slots=True)
class Graph:
    """Of one script."""

    reached: frozenset[str]
    """States and exits to which ways lead from the first state."""
    looping: frozenset[str]
    """States of a circle on which no slot is forgotten that is asked for on it."""
    sure: dict[str, frozenset[str]]
    may: dict[str, frozenset[str]]

    def surely_known(self, name: str) -> set[str]:
        """Slots that have a value whenever the call comes into this state, or to this exit."""
        return set(self.sure.get(name, frozenset()))

    def may_know(self, name: str) -> set[str]:
        """Slots that some way into this state asks for."""
        return set(self.may.get(name, frozenset()))


def graph_of(script: CallScript) -> Graph:
    """The graph; ways that lead nowhere are left out."""
    targets = {state.name for state in script.states} | {ending.name for ending in script.exits}
    states = {state.name: state for state in reversed(script.states)}
    edges = [_Edge(state.name, way) for state in states.values() for way in _taken(state) if way.to in targets]
    reached = _reached(script.first.name, edges)
    edges = [edge for edge in edges if edge.source in reached]
    required = {slot.name for slot in script.slots if slot.required}
    all_slots = frozenset(slot.name for slot in script.slots)
    given = {name: frozenset(state.slots) & all_slots for name, state in states.items()}
    sure = dict.fromkeys(reached, all_slots) | {script.first.name: frozenset[str]()}
    may = {name: frozenset[str]() for name in reached}
    changed = True
    while changed:
        changed = False
        for edge in edges:
            forgotten, to = frozenset(edge.way.forget), edge.way.to
            knows = (sure[edge.source] | given[edge.source] & required) - forgotten
            has = may[edge.source] | given[edge.source]
            if not sure[to] <= knows or not has <= may[to]:
                sure[to], may[to], changed = sure[to] & knows, may[to] | has, True
    return Graph(frozenset(reached), _looping(edges, given), sure, may)


def _taken(state: State) -> Iterable[Transition]:
    """Up to the first that is always taken."""
    for way in state.transitions:
        yield way
        if not way.when:
            return


def _reached(first: str, edges: Iterable[_Edge]) -> set[str]:
    reached, waiting = {first}, [first]
    onward: dict[str, list[str]] = {}
    for edge in edges:
        onward.setdefault(edge.source, []).append(edge.way.to)
    while waiting:
        for name in onward.get(waiting.pop(), ()):
            if name not in reached:
                reached.add(name)
                waiting.append(name)
    return reached


def _looping(edges: list[_Edge], given: dict[str, frozenset[str]]) -> frozenset[str]:
    """On a circle something must be forgotten that a state on it asks for; nothing else ends it."""
    looping: set[str] = set()
    for circle in _circles(edges):
        asked = frozenset[str]().union(*(given.get(name, frozenset()) for name in circle))
        kept = [
            edge
            for edge in edges
            if edge.source in circle and edge.way.to in circle and not asked & frozenset(edge.way.forget)
        ]
        for rest in _circles(kept):
            looping |= rest
    return frozenset(looping)


def _circles(edges: list[_Edge]) -> list[set[str]]:
    """States that lead to each other, as sets."""
    names = {edge.source for edge in edges}
    onward = {name: _reached_from(name, edges) for name in names}
    found: list[set[str]] = []
    for name in sorted(names):
        if name in onward[name] and not any(name in circle for circle in found):
            found.append({other for other in onward[name] if name in onward.get(other, set())})
    return found


def _reached_from(name: str, edges: list[_Edge]) -> set[str]:
    """By one way or more, so that a state is among its own only where it is on a circle."""
    starts = {edge.way.to for edge in edges if edge.source == name}
    return set[str]().union(*(_reached(start, edges) for start in starts))
