"""What comes back of a turn: one frozen dataclass for each type of event.

schemas/PROTOCOL.md, "Events". What people say and what the model answers is left out of every
`repr`, so that it does not reach a log by chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

StageStatus: TypeAlias = Literal["done", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event of a turn has.

    `seq` counts the turn's events from 1 without a hole; 0: the event has no number, because the
    broker gave it none (`Rejected`) or because this client made it itself (see `Reset`, `Failed`
    and `Cancelled`). `attempt` counts the workers that were given the turn. `at_ms` is Unix time in
    milliseconds, by the broker's clock; 0 where this client made the event.
    """

    type: ClassVar[str] = ""

    turn: str
    session: str = ""
    seq: int = 0
    attempt: int = 0
    at_ms: int = 0

    @property
    def first(self) -> int:
        """The first of the numbers that the event stands for; `seq` is the last."""
        return self.seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Event):
    """The broker has the turn; `position` turns wait before it."""

    type: ClassVar[str] = "accepted"
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """A worker runs the turn."""

    type: ClassVar[str] = "started"
    worker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Event):
    """An analysis has ended after `ms` milliseconds; where it is `done`, with a `result`.

    `defaulted` names the fields of the result that the model did not give.
    """

    type: ClassVar[str] = "stage"
    stage: str = ""
    status: StageStatus = "done"
    result: Mapping[str, Any] | None = field(default=None, repr=False)
    ms: int = 0
    defaulted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spanning(Event):
    from_seq: int | None = None

    @property
    def first(self) -> int:
        return self.seq if self.from_seq is None else self.from_seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta(_Spanning):
    """More of the reply: concatenate. Never a text that was given out before."""

    type: ClassVar[str] = "delta"
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(_Spanning):
    """Forget the deltas so far: the reply starts again.

    Without a number (`seq` 0) it is this client's own word: `broker_changed` and `turn_lost` (the
    broker has lost the turn and was given it again, so that stages may come a second time and
    replace the earlier ones), `damaged` (what came did not verify and is read again).
    """

    type: ClassVar[str] = "reset"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Event):
    """An analysis found what people should look at, such as `perspective`, `risk`, `alert`."""

    type: ClassVar[str] = "alert"
    stage: str = ""
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of all calls of the turn (0 where the model's server did not say), and the calls."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed(Event):
    """The end: the reply is whole.

    `text_bytes` (UTF-8) and `text_hash` (XXH64, seed 0, 16 hex digits) are those of all deltas
    since the last reset, and `verified` says that what was given out has them. It is false only for
    a turn that was resumed in mid-reply without the text before (see `Client.resume`).
    `degraded` names stages (or stage.field) whose result is a default.
    """

    type: ClassVar[str] = "completed"
    text_bytes: int = 0
    text_hash: str = ""
    finish_reason: str = ""
    usage: Usage = Usage()
    timings_ms: Mapping[str, int] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(_Spanning):
    """The end: no whole reply. `code` is one of schemas/PROTOCOL.md, "Codes".

    Without a number (`seq` 0) this client has given up: nothing is heard of the turn
    (`unavailable`), its end is overdue (`deadline_exceeded`), the broker has lost it
    (`unknown_turn`), or what came twice did not verify (`internal`).
    """

    type: ClassVar[str] = "failed"
    code: str = "internal"
    message: str = ""
    retryable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(_Spanning):
    """The end: somebody asked for it (`requested`), or a newer turn came (`interrupted`)."""

    type: ClassVar[str] = "cancelled"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Event):
    """The end: never accepted. Where `retry_after_ms` is given, worth another try after that."""

    type: ClassVar[str] = "rejected"
    code: str = "internal"
    message: str = ""
    retry_after_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Event):
    """Of a protocol to come: its number counts, its content is skipped. Never given out."""

    name: str = ""


End: TypeAlias = Completed | Failed | Cancelled | Rejected
TurnEvent: TypeAlias = Accepted | Started | Stage | Delta | Reset | Alert | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The broker's, told by `hello`; until then the defaults of the protocol."""

    text_bytes: int = 32 * 1024
    history_utterances: int = 200
    history_bytes: int = 256 * 1024
    reply_bytes: int = 64 * 1024
    deadline_ms: int = 600_000
    retention_ms: int = 600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """A subscription has become live. `limits` names those that the broker told."""

    type: ClassVar[str] = "hello"
    protocol: int = 1
    limits: Mapping[str, int] = field(default_factory=dict)
    at_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beacon:
    """Which turns are live, with the last number of each."""

    type: ClassVar[str] = "beacon"
    live: tuple[tuple[str, int], ...] = ()
    at_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipelines:
    """What workers serve, the broker's default first. It comes to who subscribes to `/`."""

    type: ClassVar[str] = "pipelines"
    names: tuple[str, ...] = ()
    at_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One event message. Another `broker` than before: its turns have numbers of their own."""

    broker: str
    events: tuple[TurnEvent | Unknown | Hello | Beacon | Pipelines, ...]
