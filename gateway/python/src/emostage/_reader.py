"""One turn's events, put in order: whatever comes twice, late, merged or not at all, what goes out
is each number once, without a hole, ending with exactly one end.

Machines without I/O or clock. TurnReader says what is missing; Core decides when to ask for it.
schemas/PROTOCOL.md, "Numbers, and `from`" and "What holds".
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Literal, TypeAlias

import xxhash

from ._inbox import weight
from .events import (
    Alert,
    Cancelled,
    Completed,
    Delta,
    Failed,
    Rejected,
    Reset,
    Stage,
    Started,
    TurnEvent,
    Unknown,
)

ENDS = (Completed, Failed, Cancelled, Rejected)
# Ends may be said for a turn that is between two attempts, so they carry no order of attempts.
OF_AN_ATTEMPT = (Started, Stage, Delta, Reset, Alert)
OF_THE_REPLY = (Delta, Reset, *ENDS)

State: TypeAlias = Literal["live", "ended", "broken"]


class ReplyCheck:
    """Byte count and XXH64 of a reply as it grows, and where in it the last deltas ended.

    Keeps no text. `whole`: it knows the reply from its beginning, so that it can confirm an end.
    """

    MARKS_MAX = 256  # newest ends of deltas that a merged one can be cut at

    def __init__(self) -> None:
        self._hash = xxhash.xxh64()
        self._bytes = 0
        self.chars = 0
        self.whole = True
        self._run: tuple[int, int] | None = None  # (number, chars) before this run of deltas
        self._ends: deque[tuple[int, int]] = deque(maxlen=self.MARKS_MAX)

    def begin(self, seq: int, text: str | None) -> None:
        """The reply as it stood after the event `seq`; None: it is not known."""
        self.whole = text is not None or seq == 0
        if text:
            self._grow(text)
        self._run = (seq, self.chars)

    def _grow(self, text: str) -> None:
        raw = text.encode()
        self._hash.update(raw)
        self._bytes += len(raw)
        self.chars += len(text)

    def add(self, event: TurnEvent | Unknown) -> None:
        """The next event, of any type."""
        if isinstance(event, Delta):
            if self._run is None:
                self._run = (0, 0)
            self._grow(event.text)
            self._ends.append((event.seq, self.chars))
            return
        if isinstance(event, Reset):
            self._hash.reset()
            self._bytes = self.chars = 0
            self.whole = True
        self._ends.clear()
        self._run = (event.seq, self.chars)

    def chars_before(self, seq: int) -> int | None:
        """How many characters come before the event `seq`; None where that is not known."""
        if self._run is not None and self._run[0] == seq - 1:
            return self._run[1]
        return next((chars for number, chars in self._ends if number == seq - 1), None)

    def confirms(self, completed: Completed) -> bool:
        return (completed.text_bytes, completed.text_hash) == (self._bytes, self._hash.hexdigest())


class TurnReader:
    """Reads one turn, from its first event or from after `after`.

    `text`: the reply as the caller holds it up to there, since the last reset. Without it an end
    goes out unverified, unless the reply starts again meanwhile.
    """

    # What waits for a hole to be filled. More: all of it is dropped, the replay brings it again.
    EARLY_EVENTS_MAX = 256
    EARLY_BYTES_MAX = 256 * 1024

    def __init__(self, after: int = 0, text: str | None = None) -> None:
        self.state: State = "live"  # "broken": what was read contradicts itself; restart()
        self._next = after + 1  # the first number that has not gone out
        self._newest = 0  # the highest number known to exist
        self._shown = 0  # after restart(): stages and the like went out up to here
        self._attempt = 0
        self._check = ReplyCheck()
        self._check.begin(after, text)
        self._early: dict[int, TurnEvent | Unknown] = {}  # by their (last) number
        self._early_bytes = 0

    @property
    def last(self) -> int:
        """Numbers up to this one went out. What to put into `resume`."""
        return self._next - 1

    @property
    def behind(self) -> bool:
        """Something is missing: resume after `last`."""
        return self.state == "live" and self._newest >= self._next

    def exists(self, seq: int) -> None:
        """Events up to `seq` are known to exist: a beacon says so."""
        self._newest = max(self._newest, seq)

    def on(self, event: TurnEvent | Unknown) -> list[TurnEvent]:
        """What became readable by it, in order. Events without a number are ignored."""
        ready: list[TurnEvent] = []
        if self.state != "live" or not 1 <= event.first <= event.seq:
            return ready
        self.exists(event.seq)
        if event.seq < self._next:
            return ready
        if event.first > self._next:
            self._keep_early(event)
            return ready
        self._take(event, ready)
        if self._early:
            self._take_early(ready)
        return ready

    def restart(self) -> None:
        """Reads the same numbers once more after "broken".

        Deltas, resets and the end go out again (the caller makes its reader forget the reply so
        far), other events only if they did not yet.
        """
        self._shown = max(self._shown, self.last)
        self._next = 1
        self._attempt = 0
        self.state = "live"
        self._check = ReplyCheck()
        self._drop_early()

    def forget(self) -> None:
        """The numbers start anew: another broker runs the turn."""
        self.restart()
        self._newest = self._shown = 0

    def _take_early(self, ready: list[TurnEvent]) -> None:
        # By rising last numbers: what does not fit in its place can only be overtaken by a merged
        # one, and never fits later.
        for seq in sorted(self._early):
            if self.state != "live":
                break
            if self._early[seq].first <= self._next:
                event = self._pop_early(seq)
                if seq >= self._next:
                    self._take(event, ready)
        if self.state != "live":
            self._drop_early()
        for seq in [seq for seq in self._early if seq < self._next]:
            self._pop_early(seq)

    def _take(self, event: TurnEvent | Unknown, ready: list[TurnEvent]) -> None:
        if isinstance(event, Delta) and event.first < self._next:
            cut = self._cut(event)
            if cut is None:
                return  # stays missing; resume after `last` brings it from there
            event = cut
        if isinstance(event, OF_AN_ATTEMPT):
            if event.attempt < self._attempt:
                self.state = "broken"
                return
            self._attempt = event.attempt
        if isinstance(event, Completed) and self._check.whole:
            if not self._check.confirms(event):
                self.state = "broken"
                return
            event = replace(event, verified=True)
        self._check.add(event)
        self._next = event.seq + 1
        if isinstance(event, ENDS):
            self.state = "ended"
        if not isinstance(event, Unknown):
            if isinstance(event, OF_THE_REPLY) or event.seq > self._shown:
                ready.append(event)

    def _cut(self, delta: Delta) -> Delta | None:
        """Without the text that went out before; None where that cannot be told."""
        before = self._check.chars_before(delta.first)
        if before is None or self._check.chars - before > len(delta.text):
            return None
        return replace(
            delta, text=delta.text[self._check.chars - before :], from_seq=self._next
        )

    def _keep_early(self, event: TurnEvent | Unknown) -> None:
        held = self._early.get(event.seq)
        if held is not None:
            if held.first <= event.first:
                return
            self._pop_early(event.seq)
        size = _size(event)
        full = len(self._early) >= self.EARLY_EVENTS_MAX
        if full or self._early_bytes + size > self.EARLY_BYTES_MAX:
            self._drop_early()
            return
        self._early[event.seq] = event
        self._early_bytes += size

    def _pop_early(self, seq: int) -> TurnEvent | Unknown:
        event = self._early.pop(seq)
        self._early_bytes -= _size(event)
        return event

    def _drop_early(self) -> None:
        self._early.clear()
        self._early_bytes = 0


def _size(event: TurnEvent | Unknown) -> int:
    return 0 if isinstance(event, Unknown) else weight(event)
