"""Between bytes and dataclasses: the only file that knows msgpack. schemas/PROTOCOL.md.

Everything that comes in is checked: types, ranges, sizes. Unknown fields and types of events are
skipped, for a newer broker may say more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Any, NoReturn, cast, get_args

import msgpack

from .commands import SEQ_MAX, Cancel, Open, Resume, is_id
from .errors import WireError
from .events import (
    Accepted,
    Alert,
    Batch,
    Beacon,
    Cancelled,
    Completed,
    Delta,
    Event,
    Failed,
    Hello,
    Limits,
    Pipelines,
    Rejected,
    Reset,
    Stage,
    StageStatus,
    Started,
    TurnEvent,
    Unknown,
    Usage,
)

PROTOCOL_VERSION = 1
MESSAGE_BYTES_MAX = 4 * 1024 * 1024  # of one message, either way
EVENTS_PER_BATCH_MAX = 4096
RESULT_BYTES_MAX = 16 * 1024  # one stage's result, packed
NAME_BYTES_MAX = 64
SENTENCE_BYTES_MAX = 512
NAMES_MAX = 256  # in one list or map of names
INT_MAX = 2**63 - 1
LIMITS = tuple(one.name for one in fields_of(Limits))
USAGE = tuple(one.name for one in fields_of(Usage))


# --- commands -------------------------------------------------------------------------------------


def encode(command: Open | Cancel | Resume, gateway: str) -> bytes:
    """The command's one frame. Requires: an Open that passed commands.check()."""
    fields: dict[str, Any] = {"v": PROTOCOL_VERSION, "gateway": gateway, "turn": command.turn}
    if isinstance(command, Cancel):
        fields = {"type": "cancel", **fields}
    elif isinstance(command, Resume):
        fields = {"type": "resume", **fields, "after": command.after}
    else:
        fields = {"type": "open", **fields, "session": command.session, "text": command.text}
        if command.history is not None:
            fields["history"] = [{"role": one.role, "text": one.text} for one in command.history]
        for name in ("locale", "pipeline", "deadline_ms", "priority", "on_busy", "on_lost",
                     "traceparent"):
            value = getattr(command, name)
            if value is not None:
                fields[name] = value
    return cast(bytes, msgpack.packb(fields))


# --- events, in -----------------------------------------------------------------------------------


def decode(body: bytes) -> Batch:
    """WireError, naming the field and never its content, for what is no event message."""
    if len(body) > MESSAGE_BYTES_MAX:
        raise WireError(f"an event message has more than {MESSAGE_BYTES_MAX} bytes")
    try:
        # What the lengths inside promise is bounded by the bytes that are there.
        value = msgpack.unpackb(body)
    except Exception:  # msgpack's own, UTF-8's, and those of dates that cannot be
        raise WireError("an event message is no msgpack") from None
    fields = _Fields(value, "the message")
    if fields.number("v") != PROTOCOL_VERSION:
        raise WireError("events of a version that is not spoken here")
    broker = fields.name("broker")
    events = fields.items("events", EVENTS_PER_BATCH_MAX)
    return Batch(broker=broker, events=tuple(_event(_Fields(one, "an event")) for one in events))


class _Fields:
    """A map whose fields are read one by one, each with its type and bounds."""

    __slots__ = ("_map", "_where")

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise WireError(f"{where} is no map")
        self._map: dict[Any, Any] = value
        self._where = where

    def wrong(self, field: str, what: str) -> NoReturn:
        raise WireError(f"{self._where}: {field} {what}")

    def has(self, field: str) -> bool:
        return field in self._map

    def text(self, field: str, most: int = SENTENCE_BYTES_MAX, default: str | None = None) -> str:
        value = self._map.get(field, default)
        # A character has a byte at least, so that most texts need not be encoded for this.
        if not isinstance(value, str):
            self.wrong(field, "is no string")
        if len(value) > most or (4 * len(value) > most and len(value.encode()) > most):
            self.wrong(field, f"has more than {most} bytes")
        return value

    def name(self, field: str, default: str | None = None) -> str:
        value = self._map.get(field, default)
        if not isinstance(value, str) or (value != default and not is_id(value)):
            self.wrong(field, "is no id")
        return value

    def number(
        self, field: str, most: int = SEQ_MAX, default: int | None = None, least: int = 0
    ) -> int:
        value = self._map.get(field, default)
        if type(value) is not int or not least <= value <= most:
            self.wrong(field, "is no number of its range")
        return value

    def flag(self, field: str) -> bool:
        value = self._map.get(field)
        if not isinstance(value, bool):
            self.wrong(field, "is neither true nor false")
        return value

    def items(self, field: str, most: int, default: list[Any] | None = None) -> list[Any]:
        value = self._map.get(field, default)
        if not isinstance(value, list) or len(value) > most:
            self.wrong(field, f"is no list of at most {most}")
        return value

    def names(self, field: str) -> tuple[str, ...]:
        values = self.items(field, NAMES_MAX, [])
        if not all(isinstance(one, str) and len(one) <= SENTENCE_BYTES_MAX for one in values):
            self.wrong(field, "holds what is no name")
        return tuple(values)

    def numbers(self, field: str) -> dict[str, int]:
        values = self._map.get(field, {})
        if not isinstance(values, dict) or len(values) > NAMES_MAX:
            self.wrong(field, f"is no map of at most {NAMES_MAX}")
        for name, value in values.items():
            if not isinstance(name, str) or type(value) is not int:
                self.wrong(field, "holds what is no number")
        return values

    def part(self, field: str) -> _Fields:
        return _Fields(self._map.get(field, {}), field)

    def result(self, field: str) -> dict[str, Any] | None:
        value = self._map.get(field)
        if value is None and field not in self._map:
            return None
        if not isinstance(value, dict):
            self.wrong(field, "is no map")
        if len(msgpack.packb(value)) > RESULT_BYTES_MAX:
            self.wrong(field, f"has more than {RESULT_BYTES_MAX} bytes")
        return value


def _event(fields: _Fields) -> TurnEvent | Unknown | Hello | Beacon | Pipelines:
    kind = fields.text("type", NAME_BYTES_MAX)
    at_ms = fields.number("at_ms", INT_MAX, 0, -INT_MAX)
    if kind == "hello":
        told = fields.part("limits")
        limits = {name: told.number(name, default=0) for name in LIMITS}
        known = {name: value for name, value in limits.items() if value > 0}
        return Hello(protocol=fields.number("protocol"), limits=known, at_ms=at_ms)
    if kind == "beacon":
        return Beacon(live=_live(fields), at_ms=at_ms)
    if kind == "pipelines":
        return Pipelines(names=_pipelines(fields), at_ms=at_ms)
    turn, session = fields.name("turn", ""), fields.name("session", "")
    seq, attempt = fields.number("seq", default=0), fields.number("attempt", 2**32 - 1, 0)
    first = fields.number("from", default=0) or None
    text, name = fields.text, fields.name
    match kind:
        case "delta":
            return Delta(turn=turn, session=session, seq=seq, attempt=attempt, at_ms=at_ms,
                         text=text("text", MESSAGE_BYTES_MAX), from_seq=first)
        case "accepted":
            return Accepted(turn=turn, session=session, seq=seq, attempt=attempt, at_ms=at_ms,
                            position=fields.number("position"))
        case "started":
            return Started(turn=turn, session=session, seq=seq, attempt=attempt, at_ms=at_ms,
                           worker=text("worker", NAME_BYTES_MAX))
        case "stage":
            status = text("status", NAME_BYTES_MAX, "done")
            if status not in get_args(StageStatus):
                fields.wrong("status", "is not known")
            return Stage(turn=turn, session=session, seq=seq, attempt=attempt, at_ms=at_ms,
                         stage=name("stage"), status=cast(StageStatus, status),
                         result=fields.result("result"), defaulted=fields.names("defaulted"),
                         ms=fields.number("ms", INT_MAX, 0, -INT_MAX))
        case "reset":
            return Reset(turn=turn, session=session, seq=seq, attempt=attempt, at_ms=at_ms,
                         reason=text("reason"), from_seq=first)
        case "alert":
            return Alert(turn=turn, session=session, seq=seq, attempt=attempt, at_ms=at_ms,
                         stage=name("stage"), field=text("field", NAME_BYTES_MAX),
                         value=text("value", NAME_BYTES_MAX))
        case "completed":
            usage = fields.part("usage")
            return Completed(turn=turn, session=session, seq=seq, attempt=attempt, at_ms=at_ms,
                             text_bytes=fields.number("text_bytes", MESSAGE_BYTES_MAX),
                             text_hash=text("text_hash", 16),
                             finish_reason=text("finish_reason", NAME_BYTES_MAX),
                             usage=Usage(**{name: usage.number(name, INT_MAX, 0, -INT_MAX)
                                            for name in USAGE}),
                             timings_ms=fields.numbers("timings_ms"),
                             degraded=fields.names("degraded"))
        case "failed":
            return Failed(turn=turn, session=session, seq=seq, attempt=attempt, at_ms=at_ms,
                          code=text("code", NAME_BYTES_MAX), message=text("message"),
                          retryable=fields.flag("retryable"), from_seq=first)
        case "cancelled":
            return Cancelled(turn=turn, session=session, seq=seq, attempt=attempt, at_ms=at_ms,
                             reason=text("reason"), from_seq=first)
        case "rejected":
            again = None
            if fields.has("retry_after_ms"):
                again = fields.number("retry_after_ms", INT_MAX)
            return Rejected(turn=turn, session=session, at_ms=at_ms, retry_after_ms=again,
                            code=text("code", NAME_BYTES_MAX), message=text("message"))
    return Unknown(turn=turn, session=session, seq=seq, attempt=attempt, at_ms=at_ms, name=kind)


def _live(fields: _Fields) -> tuple[tuple[str, int], ...]:
    pairs = fields.items("live", EVENTS_PER_BATCH_MAX)
    for pair in pairs:
        if not (
            isinstance(pair, list)
            and len(pair) == 2
            and isinstance(pair[0], str)
            and type(pair[1]) is int
            and 0 <= pair[1] <= SEQ_MAX
        ):
            fields.wrong("live", "holds what is no pair of a turn and a number")
    return tuple((turn, last) for turn, last in pairs)


def _pipelines(fields: _Fields) -> tuple[str, ...]:
    names = fields.items("names", EVENTS_PER_BATCH_MAX)
    for name in names:
        if not isinstance(name, str) or len(name) > NAME_BYTES_MAX:
            fields.wrong("names", "holds what is no name")
    return tuple(names)


# --- events, out ----------------------------------------------------------------------------------


def as_map(event: TurnEvent | Unknown | Hello | Beacon | Pipelines) -> dict[str, Any]:
    """The event as it is on the wire; for JSON, stores and tests. Holds what was said."""
    if isinstance(event, Hello):
        return {"type": "hello", "at_ms": event.at_ms, "protocol": event.protocol,
                "limits": dict(event.limits)}
    if isinstance(event, Beacon):
        return {"type": "beacon", "at_ms": event.at_ms, "live": [list(one) for one in event.live]}
    if isinstance(event, Pipelines):
        return {"type": "pipelines", "at_ms": event.at_ms, "names": list(event.names)}
    return {**_common(event), **_adds(event)}


def _common(event: Event) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": event.type, "turn": event.turn}
    if isinstance(event, Unknown):
        fields["type"] = event.name
    if event.session:
        fields["session"] = event.session
    if event.seq:
        fields.update(seq=event.seq, attempt=event.attempt)
    fields["at_ms"] = event.at_ms
    return fields


def _adds(event: TurnEvent | Unknown) -> Mapping[str, Any]:
    match event:
        case Accepted():
            return {"position": event.position}
        case Started():
            return {"worker": event.worker}
        case Stage():
            stage: dict[str, Any] = {"stage": event.stage, "status": event.status, "ms": event.ms}
            if event.result is not None:
                stage["result"] = event.result
            if event.defaulted:
                stage["defaulted"] = list(event.defaulted)
            return stage
        case Delta():
            return {"text": event.text, **_from(event.from_seq)}
        case Reset() | Cancelled():
            return {"reason": event.reason, **_from(event.from_seq)}
        case Alert():
            return {"stage": event.stage, "field": event.field, "value": event.value}
        case Completed():
            usage = event.usage
            return {"text_bytes": event.text_bytes, "text_hash": event.text_hash,
                    "finish_reason": event.finish_reason,
                    "usage": {"prompt_tokens": usage.prompt_tokens,
                              "completion_tokens": usage.completion_tokens, "calls": usage.calls},
                    "timings_ms": dict(event.timings_ms),
                    "degraded": list(event.degraded)}
        case Failed():
            return {"code": event.code, "message": event.message, "retryable": event.retryable,
                    **_from(event.from_seq)}
        case Rejected():
            told: dict[str, Any] = {"code": event.code, "message": event.message}
            if event.retry_after_ms is not None:
                told["retry_after_ms"] = event.retry_after_ms
            return told
    return {}


def _from(first: int | None) -> dict[str, int]:
    return {} if first is None else {"from": first}


def encode_batch(batch: Batch) -> bytes:
    """An event message, as a broker would send it: for brokers of tests."""
    events = [as_map(event) for event in batch.events]
    return cast(
        bytes, msgpack.packb({"v": PROTOCOL_VERSION, "broker": batch.broker, "events": events})
    )
