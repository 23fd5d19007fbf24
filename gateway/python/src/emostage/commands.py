"""What a gateway may say: schemas/PROTOCOL.md, "Commands"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, TypeAlias, get_args

from .errors import TurnRejected
from .events import Limits

Role: TypeAlias = Literal["user", "assistant"]
Priority: TypeAlias = Literal["low", "normal", "high"]
OnBusy: TypeAlias = Literal["enqueue", "reject", "interrupt"]
OnLost: TypeAlias = Literal["continue", "reset", "fail"]

LOCALE_CHARS_MAX = 35  # BCP 47, RFC 5646 section 4.4.1
SEQ_MAX = 2**64 - 1

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_LOCALE = re.compile(r"[A-Za-z0-9-]*")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing that was said before, by the person (`user`) or by us (`assistant`)."""

    role: Role
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A new turn. What is None is not said: the broker's default holds."""

    turn: str
    session: str
    text: str = field(repr=False)
    history: tuple[Utterance, ...] | None = field(default=None, repr=False)
    locale: str | None = None
    pipeline: str | None = None
    deadline_ms: int | None = None
    priority: Priority | None = None
    on_busy: OnBusy | None = None
    on_lost: OnLost | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Ends a waiting or running turn."""

    turn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Sends every event after the number `after`, and attaches the asker."""

    turn: str
    after: int = 0


def is_id(name: str) -> bool:
    """1 to 64 of A-Z a-z 0-9 . _ : -"""
    return _ID.fullmatch(name) is not None


def utterances(
    history: Iterable[Utterance | Mapping[str, str]] | None,
) -> tuple[Utterance, ...] | None:
    """Also takes maps with `role` and `text`. TypeError, KeyError for what is neither."""
    if history is None:
        return None
    return tuple(
        one if isinstance(one, Utterance) else Utterance(_role(one["role"]), one["text"])
        for one in history
    )


def _role(name: str) -> Role:
    return name  # type: ignore[return-value]  # check() looks at it


def check(command: Open, limits: Limits) -> None:
    """TurnRejected, with the code that the broker would give, for what it would refuse."""

    def refuse(code: str, message: str) -> NoReturn:
        raise TurnRejected(command.turn, code, message)

    def size(text: Any, name: str, most: int) -> int:
        if not isinstance(text, str):
            refuse("invalid_field", f"{name} must be a string")
        try:
            count = len(text.encode())
        except UnicodeEncodeError:
            count = -1  # not raised from here: that exception holds the text
        if count < 0:
            refuse("invalid_field", f"{name} has half a surrogate pair, which is no text")
        if count > most:
            refuse("too_large", f"{name} has more than {most} bytes")
        return count

    def choice(value: str | None, name: str, choices: tuple[str, ...]) -> None:
        if value is not None and value not in choices:
            refuse("invalid_field", f"{name} must be one of {', '.join(choices)}")

    for name, value in (
        ("turn", command.turn),
        ("session", command.session),
        ("pipeline", command.pipeline),
    ):
        if (value is not None or name != "pipeline") and not (
            isinstance(value, str) and is_id(value)
        ):
            refuse("invalid_field", f"{name} must be 1 to 64 of A-Z a-z 0-9 . _ : -")
    if size(command.text, "text", limits.text_bytes) == 0:
        refuse("invalid_field", "text is empty")
    if command.history is not None:
        if len(command.history) > limits.history_utterances:
            refuse("too_large", f"history has more than {limits.history_utterances} utterances")
        left = limits.history_bytes
        for one in command.history:
            choice(one.role, "history's role", get_args(Role))
            left -= size(one.text, "history", left)
    if command.locale is not None:
        size(command.locale, "locale", LOCALE_CHARS_MAX)
        if not _LOCALE.fullmatch(command.locale):
            refuse("invalid_field", "locale must be a language tag such as ja, zh or en")
    deadline = command.deadline_ms
    if deadline is not None and not 1 <= deadline <= limits.deadline_ms:
        refuse("invalid_field", f"the deadline must be 1 to {limits.deadline_ms} ms")
    choice(command.priority, "priority", get_args(Priority))
    choice(command.on_busy, "on_busy", get_args(OnBusy))
    choice(command.on_lost, "on_lost", get_args(OnLost))
    if command.traceparent is not None and not _TRACEPARENT.fullmatch(command.traceparent):
        refuse("invalid_field", "traceparent must be a W3C trace context of version 00")
