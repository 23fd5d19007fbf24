"""One turn as Core keeps it, what Core counts, and what it asks of its shell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from ._inbox import Inbox
from ._link import Link
from ._reader import TurnReader

OnLeave: TypeAlias = Literal["cancel", "continue"]


class Port(Protocol):
    """What the core asks its shell to do. Must not call the core back."""

    def push(self, command: bytes) -> bool:
        """False: the pipe is full, nothing was sent."""

    def resubscribe(self) -> None:
        """Unsubscribe and subscribe, so that the broker says `hello` again."""

    def link_changed(self, link: Link) -> None: ...


@dataclass(slots=True)
class Counters:
    """Since the start; for metrics."""

    opened: int = 0
    opens_pushed: int = 0
    resumes_pushed: int = 0
    cancels_pushed: int = 0
    pipe_full: int = 0
    events: int = 0
    foreign_events: int = 0
    gaps: int = 0
    pauses: int = 0  # a reader was too slow for its inbox
    rereads: int = 0
    brokers_lost: int = 0
    reconnects: int = 0
    given_up: int = 0
    undecodable: int = 0  # event messages that were none; counted by the shell


@dataclass(slots=True, eq=False)
class Turn:
    """Times are `now`s of Core; a wait is how long the next pause before asking again is."""

    id: str
    session: str
    open: bytes | None  # encoded; None: joined
    inbox: Inbox | None  # None: nobody reads; see Core._on_unread()
    reader: TurnReader
    on_leave: OnLeave
    heard_at: float  # last event or beacon that names it
    deadline_at: float  # grace included
    push_wait: float
    resume_wait: float
    cancel_wait: float
    push_at: float = 0.0  # not before
    resume_at: float = 0.0
    cancel_at: float = 0.0
    timer_at: float | None = None
    asked_after: int = 0  # by the last resume
    pushes: int = 0  # of its open, to this broker
    rereads: int = 0
    reopens: int = 0
    known: bool = False  # the broker has it
    ask: bool = False  # resume although nothing is known to be missing
    behind: bool = False  # as last looked at
    cancelled: bool = False  # wanted
    permitted: bool = False  # resume_at has a permit
    shown: bool = False  # its reader has had an event

    @property
    def sent(self) -> bool:
        return self.known or self.pushes > 0

    @property
    def paused(self) -> bool:
        return self.inbox is not None and self.inbox.paused
