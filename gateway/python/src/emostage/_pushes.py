"""The commands that go out: which are due, when again, and in what order.

Part of Core, and a machine as it is. Entries of its heap of timers are never moved: those that are
not a turn's `timer_at` are outdated.
"""

from __future__ import annotations

import heapq
import math

from ._link import LinkWatch, RateLimit
from ._turn import Counters, Port, Turn
from ._wire import encode
from .commands import Cancel, Resume
from .config import Config

TIMERS_SPARE = 256  # outdated timers that may be kept, beside four for each turn


class Pushes:
    """`port` and `watch` outlive it."""

    def __init__(
        self, gateway: str, port: Port, watch: LinkWatch, config: Config, counters: Counters
    ) -> None:
        self._gateway = gateway
        self._port = port
        self._watch = watch
        self._config = config
        self._counters = counters
        self._resumes = RateLimit(config.resumes_per_second, config.resumes_at_once)
        self._full_until = -math.inf  # the pipe was full
        self._ticks = 0
        self._timers: list[tuple[float, int, Turn]] = []  # a heap
        self._timers_most = TIMERS_SPARE

    def all(self, turn: Turn, now: float) -> None:
        """What is due of the turn, and when the next is."""
        self.open(turn, now)
        self.resume(turn, now)
        self.cancel(turn, now)
        self.schedule(turn)

    def open(self, turn: Turn, now: float) -> None:
        if turn.known or turn.cancelled or turn.open is None or now < turn.push_at:
            return
        if not self._push(turn.open, now):
            turn.push_at = self._full_until
            return
        self._counters.opens_pushed += 1
        turn.pushes += 1
        turn.push_at = now + turn.push_wait
        turn.push_wait = min(2 * turn.push_wait, self._config.open_again_most_s)

    def resume(self, turn: Turn, now: float) -> None:
        if not turn.known or not (turn.ask or turn.behind) or now < turn.resume_at:
            return
        if turn.inbox is None or turn.paused or self._watch.link != "ready":
            return
        last = turn.reader.last
        if turn.asked_after != last:  # what came since the last time is progress
            turn.resume_wait = self._config.resume_again_s
        if not turn.permitted:
            turn.permitted = True
            turn.resume_at = self._resumes.take(now)
            if turn.resume_at > now:
                return
        if not self._push(encode(Resume(turn=turn.id, after=last), self._gateway), now):
            turn.resume_at = self._full_until
            return
        self._counters.resumes_pushed += 1
        turn.ask = turn.permitted = False
        turn.asked_after = last
        turn.resume_at = now + turn.resume_wait
        turn.resume_wait = min(2 * turn.resume_wait, self._config.resume_again_most_s)

    def cancel(self, turn: Turn, now: float) -> None:
        if not turn.cancelled or not turn.sent or now < turn.cancel_at:
            return
        if not self._push(encode(Cancel(turn=turn.id), self._gateway), now):
            turn.cancel_at = self._full_until
            return
        self._counters.cancels_pushed += 1
        turn.cancel_at = now + turn.cancel_wait
        turn.cancel_wait = min(2 * turn.cancel_wait, self._config.cancel_again_most_s)

    def _push(self, command: bytes, now: float) -> bool:
        """False: not now. Either the link is not ready, and Core pushes later, or the pipe is
        full."""
        if self._watch.link != "ready" or now < self._full_until:
            return False
        if not self._port.push(command):
            self._counters.pipe_full += 1
            self._full_until = now + self._config.pipe_full_wait_s
            return False
        return True

    def schedule(self, turn: Turn) -> None:
        """Whatever changes what the turn waits for, calls this."""
        at = turn.deadline_at
        if turn.cancelled and not turn.sent:
            at = min(at, turn.cancel_at)
        if self._watch.link == "ready":
            if not turn.known and not turn.cancelled:
                at = min(at, turn.push_at)
            reads = turn.inbox is not None and not turn.paused
            if reads and turn.known and (turn.ask or turn.behind):
                at = min(at, turn.resume_at)
            if turn.cancelled and turn.sent:
                at = min(at, turn.cancel_at)
        if turn.timer_at == at:
            return
        turn.timer_at = at
        self._ticks += 1
        heapq.heappush(self._timers, (at, self._ticks, turn))
        if len(self._timers) > self._timers_most:
            self._timers = [one for one in self._timers if one[2].timer_at == one[0]]
            heapq.heapify(self._timers)
            self._timers_most = TIMERS_SPARE + 4 * len(self._timers)

    def due(self, now: float) -> list[Turn]:
        """The turns whose time has come, each once; they need schedule() again."""
        due = []
        while self._timers and self._timers[0][0] <= now:
            at, _, turn = heapq.heappop(self._timers)
            if turn.timer_at == at:
                turn.timer_at = None
                due.append(turn)
        return due

    def next_time(self) -> float | None:
        while self._timers and self._timers[0][2].timer_at != self._timers[0][0]:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None
