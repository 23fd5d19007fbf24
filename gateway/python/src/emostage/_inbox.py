"""What a turn's reader has not taken yet: between the core and a shell's iterator."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from .events import Delta, Stage, TurnEvent

STAGE_WEIGHT = 16 * 1024  # bytes: a stage's result counts as its most
EVENT_WEIGHT = 256  # bytes: what any event costs beside its text


def weight(event: TurnEvent) -> int:
    """Bytes that keeping the event costs, roughly and never for less than its text."""
    if isinstance(event, Delta):
        return EVENT_WEIGHT + 4 * len(event.text)
    return EVENT_WEIGHT + (STAGE_WEIGHT if isinstance(event, Stage) else 0)


class Inbox:
    """Bounded: when it is `full`, the core stops feeding it and sets `paused`; what comes meanwhile
    is dropped. A shell that has emptied it to `low` calls Core.drained(), which resumes the turn
    after the last event that is in here. One that is not full takes all that a filled gap releases,
    so that it may exceed its bounds by what waits out of order (TurnReader).

    `wake` is called whenever there is something to take. One thread.
    """

    __slots__ = ("paused", "closed", "_events", "_bytes", "_events_max", "_bytes_max", "_wake")

    def __init__(self, events_max: int, bytes_max: int, wake: Callable[[], None]) -> None:
        self.paused = False
        self.closed = False  # nothing more comes, and no end either
        self._events: deque[TurnEvent] = deque()
        self._bytes = 0
        self._events_max = events_max
        self._bytes_max = bytes_max
        self._wake = wake

    def __len__(self) -> int:
        return len(self._events)

    @property
    def full(self) -> bool:
        return len(self._events) >= self._events_max or self._bytes >= self._bytes_max

    @property
    def low(self) -> bool:
        return 2 * len(self._events) <= self._events_max and 2 * self._bytes <= self._bytes_max

    def put(self, event: TurnEvent) -> None:
        self._events.append(event)
        self._bytes += weight(event)
        self._wake()

    def take(self) -> TurnEvent | None:
        if not self._events:
            return None
        event = self._events.popleft()
        self._bytes -= weight(event)
        return event

    def close(self) -> None:
        self.closed = True
        self._wake()
