"""The turns of one client, and how many and how much text there may be."""

from __future__ import annotations

from typing import get_args

from ._inbox import Inbox
from ._reader import TurnReader
from ._turn import OnLeave, Turn
from .config import Config
from .errors import TurnRejected


class TurnTable:
    """Owned by Core."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._open_bytes = 0
        self._turns: dict[str, Turn] = {}  # in the order in which they came

    def __len__(self) -> int:
        return len(self._turns)

    def all(self) -> list[Turn]:
        """In the order in which they came; as they are now, whatever happens to them meanwhile."""
        return list(self._turns.values())

    def find(self, turn_id: str) -> Turn | None:
        return self._turns.get(turn_id)

    def has(self, turn: Turn) -> bool:
        return self._turns.get(turn.id) is turn

    def add(
        self,
        turn_id: str,
        inbox: Inbox | None,
        reader: TurnReader,
        on_leave: OnLeave,
        deadline_s: float,
        now: float,
        raw: bytes | None = None,
    ) -> Turn:
        """`raw`: its open, packed. TurnRejected `conflict` for an id that runs, `overloaded` at the
        limits; ValueError for a way to leave that is none."""
        config = self._config
        if on_leave not in get_args(OnLeave):
            raise ValueError("on_leave must be cancel or continue")
        if turn_id in self._turns:
            raise TurnRejected(turn_id, "conflict", "this turn id is already running here")
        if len(self._turns) >= config.turns_max:
            what = f"{config.turns_max} turns run in this client; try again later"
            raise TurnRejected(turn_id, "overloaded", what)
        if len(raw or b"") > config.open_bytes_max - self._open_bytes:
            what = "too much text waits in this client; try again later"
            raise TurnRejected(turn_id, "overloaded", what)
        turn = Turn(
            id=turn_id,
            session="",
            open=raw,
            inbox=inbox,
            reader=reader,
            on_leave=on_leave,
            heard_at=now,
            deadline_at=now + deadline_s + config.deadline_grace_s,
            push_wait=config.open_again_s,
            resume_wait=config.resume_again_s,
            cancel_wait=config.cancel_again_s,
        )
        self._open_bytes += len(raw or b"")
        self._turns[turn_id] = turn
        return turn

    def remove(self, turn: Turn) -> None:
        """Requires: it is here. What else holds it, such as an outdated timer, holds little."""
        del self._turns[turn.id]
        self._open_bytes -= len(turn.open or b"")
        turn.open = turn.timer_at = None
