"""A reply that is put together from a turn's events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .events import Alert, Completed, Delta, Reset, Stage, TurnEvent, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole reply, and what was found out on the way. For its fields see Stage and Completed."""

    turn: str
    session: str
    text: str = field(repr=False)
    stages: Mapping[str, Stage]  # by their names
    alerts: tuple[Alert, ...]
    usage: Usage
    finish_reason: str
    timings_ms: Mapping[str, int]
    degraded: tuple[str, ...]
    verified: bool


class Collector:
    """Takes a turn's events in their order, and any of them a second time after a reset."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._stages: dict[str, Stage] = {}
        self._alerts: dict[tuple[str, str, str], Alert] = {}

    def add(self, event: TurnEvent) -> None:
        if isinstance(event, Delta):
            self._pieces.append(event.text)
        elif isinstance(event, Reset):
            self._pieces.clear()
        elif isinstance(event, Stage):
            self._stages[event.stage] = event
        elif isinstance(event, Alert):
            self._alerts[event.stage, event.field, event.value] = event

    def reply(self, end: Completed) -> Reply:
        return Reply(
            turn=end.turn,
            session=end.session,
            text="".join(self._pieces),
            stages=self._stages,
            alerts=tuple(self._alerts.values()),
            usage=end.usage,
            finish_reason=end.finish_reason,
            timings_ms=end.timings_ms,
            degraded=end.degraded,
            verified=end.verified,
        )
