"""What is raised. No message ever holds what was said or answered."""

from __future__ import annotations

from .events import Cancelled, Completed, End, Failed


class EmoStageError(Exception):
    """Of this package."""


class ClientClosed(EmoStageError):
    """The client was closed while its turn was read."""


class WireError(EmoStageError, ValueError):
    """Bytes that are no event message."""


class TurnError(EmoStageError):
    """A turn ended without a whole reply. `turn` is its id."""

    def __init__(self, turn: str, message: str) -> None:
        super().__init__(message)
        self.turn = turn


class TurnFailed(TurnError):
    """Accepted, and failed. `retryable`: another turn with the same content may succeed."""

    def __init__(self, turn: str, code: str, message: str, retryable: bool) -> None:
        super().__init__(turn, f"{code}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable


class TurnRejected(TurnError):
    """Not accepted, by the broker or, where it would not be anyway, by this client.

    `retry_after`: seconds, where another try is worth it then.
    """

    def __init__(
        self, turn: str, code: str, message: str, retry_after: float | None = None
    ) -> None:
        super().__init__(turn, f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_after = retry_after


class TurnCancelled(TurnError):
    """Ended by a cancel (`requested`) or by a newer turn of its session (`interrupted`)."""

    def __init__(self, turn: str, reason: str) -> None:
        super().__init__(turn, f"cancelled: {reason}")
        self.reason = reason


def error_of(end: End) -> TurnError | None:
    """The exception that stands for this end; none for a success."""
    if isinstance(end, Completed):
        return None
    if isinstance(end, Failed):
        return TurnFailed(end.turn, end.code, end.message, end.retryable)
    if isinstance(end, Cancelled):
        return TurnCancelled(end.turn, end.reason)
    after = None if end.retry_after_ms is None else end.retry_after_ms / 1000
    return TurnRejected(end.turn, end.code, end.message, after)
