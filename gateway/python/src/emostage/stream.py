"""A turn that runs, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TYPE_CHECKING, Self

from ._collect import Collector, Reply
from ._inbox import Inbox
from ._reader import ENDS
from .errors import ClientClosed, error_of
from .events import Completed, TurnEvent

if TYPE_CHECKING:
    from .client import Client

BATCH = 100  # events that reply() takes at once


class TurnStream:
    """A turn that runs: its events in order, each once, the end last. Made by Client.

        async for event in client.turn("…"): …      # or
        async with client.turn("…") as turn:        # where leaving must not wait for a collector
            async for event in turn: …

    A turn runs from the moment it is made, not from the first event that is asked for. **Leaving it
    early** (`break`, an exception, a cancelled task, dropping it) cancels the turn and closes the
    model's connection, unless its `on_leave` is "continue"; then it goes on at the broker and
    can be read with Client.resume().

    A reader that is slower than its turn is not waited for by anybody: what does not fit its inbox
    (Config.inbox_events_max) is dropped, and asked for again when there is room. So it gets all of
    it, as long as it is back within the broker's `retention_ms`.

    One reader at a time. Belongs to its client's loop.
    """

    def __init__(
        self,
        client: Client,
        turn: str,
        begin: Callable[[Callable[[], None]], Inbox],
        raise_on_failure: bool,
    ) -> None:
        self._over = True  # until it has begun
        self._client = client
        self._wake = asyncio.Event()  # not this object itself, so that it can be dropped
        self._raise_on_failure = raise_on_failure
        self.id = turn
        self._inbox = begin(self._wake.set)
        self._over = False

    def __aiter__(self) -> AsyncIterator[TurnEvent]:
        return self._read()

    async def _read(self) -> AsyncGenerator[TurnEvent, None]:
        try:
            while not self._over:
                for event in await self.take(1):
                    error = error_of(event) if isinstance(event, ENDS) else None
                    if error is not None and self._raise_on_failure:
                        raise error
                    yield event
        finally:
            self.leave()

    async def take(self, most: int) -> list[TurnEvent]:
        """The next event, and with it what else is there, at most so many; [] after the end.

        Failures come as events. ClientClosed where the client was closed before the end.
        """
        events: list[TurnEvent] = []
        while not self._over and len(events) < most:
            event = self._client._take(self)
            if event is not None:
                events.append(event)
                self._over = isinstance(event, ENDS)
            elif events:
                break
            elif self._inbox.closed:
                self._over = True
                raise ClientClosed("the client was closed") from self._client._failure
            else:
                self._wake.clear()
                await self._wake.wait()
        return events

    async def reply(self) -> Reply:
        """Reads on to the end. The errors of the turn, whatever `raise_on_failure` says."""
        collector = Collector()
        async with self:
            while events := await self.take(BATCH):
                for event in events:
                    collector.add(event)
                    if isinstance(event, Completed):
                        return collector.reply(event)
                    if isinstance(event, ENDS):
                        raise error_of(event) or AssertionError
        raise ClientClosed("the turn was left before its end")

    def cancel(self) -> None:
        """Asks until an end comes, and waits for nothing: read on for the end."""
        self._client.cancel(self.id)

    def leave(self) -> None:
        """Reads no more; what becomes of the turn, its `on_leave` says. Nothing after the end."""
        if not self._over:
            self._over = True
            self._client._leave(self.id, self._inbox)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    def __del__(self) -> None:
        if not self._over:  # perhaps in another thread, or in the middle of the core
            self._client._leave_soon(self.id, self._inbox)
