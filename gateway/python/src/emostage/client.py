"""The client for asyncio.

    async with emostage.Client() as client:
        async for event in client.turn("I could not sleep again.", session="anna"):
            if isinstance(event, emostage.Delta):
                print(event.text, end="", flush=True)
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import uuid
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Self

from ._collect import Reply
from ._core import Core
from ._inbox import Inbox
from ._link import Link
from ._sockets import DEFAULT_COMMANDS, DEFAULT_EVENTS, Sockets
from ._turn import Counters, OnLeave
from ._wire import decode
from .commands import OnBusy, OnLost, Open, Priority, Utterance, utterances
from .config import Config
from .errors import ClientClosed, WireError
from .events import Limits, TurnEvent
from .stream import TurnStream

BURST = 100  # messages that are read before anything else of the loop has its turn


class Client:
    """A gateway to one broker: turns in, their events out, in order, whole and verified.

    `commands` and `events` are the broker's ZeroMQ addresses; it need not be there yet. `name`: the
    gateway's, 1 to 64 of A-Z a-z 0-9 . _ : -; each running client has one of its own (default: a
    random one). `make_id` makes names of turns and sessions, unique among all of the broker's.
    `async with` raises ValueError for a name, zmq.ZMQError for an address that is none.

    Any number of turns at once, up to Config.turns_max. All of it belongs to the event loop that
    `async with` runs on, and is not for other threads.
    """

    def __init__(
        self,
        commands: str = DEFAULT_COMMANDS,
        events: str = DEFAULT_EVENTS,
        *,
        name: str | None = None,
        config: Config | None = None,
        make_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.name = name or f"py-{make_id()}"
        self._addresses = (commands, events)
        self._config = config or Config()
        self._make_id = make_id
        self._loop: asyncio.AbstractEventLoop | None = None
        self._core: Core | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._armed_at: float | None = None
        self._failure: BaseException | None = None
        self._closed = False  # nothing new begins
        self._over = False  # the sockets are gone

    async def __aenter__(self) -> Self:
        if self._loop is not None:
            raise RuntimeError("a client is used once")
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._idle = asyncio.Event()
        self._sockets = Sockets(*self._addresses, self.name, self._config, self._link_changed)
        try:
            self._core = Core(self.name, self._sockets, self._loop.time(), self._config)
        except BaseException:
            self._sockets.close()
            raise
        self._reader = self._loop.create_task(self._read())
        self._reader.add_done_callback(self._reader_ended)
        self._arm()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Leaves every turn, as their `on_leave` says, and waits until the broker has heard it:
        Config.close_wait_s at most. Who still reads a turn gets ClientClosed."""
        if self._closed or self._core is None:
            return
        self._closed = True
        self._core.leave_all(self._now())
        self._arm()
        try:
            if self._core.turns and self._failure is None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._idle.wait(), self._config.close_wait_s)
        finally:
            self._over = True
            if self._timer is not None:
                self._timer.cancel()
            self._reader.cancel()
            await asyncio.wait((self._reader,))
            self._sockets.close()

    # --- turns ------------------------------------------------------------------------------------

    def turn(
        self,
        text: str,
        *,
        session: str | None = None,
        history: Iterable[Utterance | Mapping[str, str]] | None = None,
        locale: str | None = None,
        pipeline: str | None = None,
        deadline: float | None = None,
        priority: Priority | None = None,
        on_busy: OnBusy | None = None,
        on_lost: OnLost | None = None,
        traceparent: str | None = None,
        turn: str | None = None,
        on_leave: OnLeave = "cancel",
        raise_on_failure: bool = True,
    ) -> TurnStream:
        """Says `text` to the model, and streams what comes back.

        `session`: one person's ordered turns, whose history the broker keeps; default: one of its
        own. With `history`, even an empty one (utterances, or maps with `role` and `text`, oldest
        first), nothing is remembered. `deadline`: seconds until the turn's end, at the latest.
        `turn`: its id, by which it is resumed, cancelled, and safely sent a second time; default: a
        new one. The others: schemas/PROTOCOL.md, "open"; what is None is the broker's default.

        Returns at once. TurnRejected here, before anything is sent, for what the broker would
        refuse and where this client is full. The stream ends with `Completed`; where the turn does
        not succeed with TurnFailed, TurnRejected or TurnCancelled, or, with
        `raise_on_failure=False`, with the event that says so. An end comes in any case: where
        nothing is heard any more, TurnFailed with `unavailable` after Config.silent_max_s, and
        `deadline_exceeded` soon after the deadline.
        """
        core = self._live()
        command = Open(
            turn=turn or self._make_id(),
            session=session or self._make_id(),
            text=text,
            history=utterances(history),
            locale=locale,
            pipeline=pipeline,
            deadline_ms=None if deadline is None else _milliseconds(deadline),
            priority=priority,
            on_busy=on_busy,
            on_lost=on_lost,
            traceparent=traceparent,
        )
        return self._begin(
            command.turn,
            lambda wake: core.open(command, self._now(), wake, on_leave),
            raise_on_failure,
        )

    async def reply(
        self,
        text: str,
        *,
        session: str | None = None,
        history: Iterable[Utterance | Mapping[str, str]] | None = None,
        locale: str | None = None,
        pipeline: str | None = None,
        deadline: float | None = None,
        priority: Priority | None = None,
        on_busy: OnBusy | None = None,
        on_lost: OnLost | None = None,
        traceparent: str | None = None,
        turn: str | None = None,
        on_leave: OnLeave = "cancel",
    ) -> Reply:
        """The same as turn(), when it is whole. Raises what turn() and its stream raise."""
        stream = self.turn(
            text,
            session=session,
            history=history,
            locale=locale,
            pipeline=pipeline,
            deadline=deadline,
            priority=priority,
            on_busy=on_busy,
            on_lost=on_lost,
            traceparent=traceparent,
            turn=turn,
            on_leave=on_leave,
        )
        return await stream.reply()

    def resume(
        self,
        turn: str,
        after: int = 0,
        *,
        text: str | None = None,
        on_leave: OnLeave = "continue",
        raise_on_failure: bool = True,
    ) -> TurnStream:
        """Reads a turn that any gateway opened, from its start or after the event `after`.

        To verify the end, the client must know the reply from its beginning: give the `text` of
        the deltas that you hold up to `after` (since the last reset), or read from the start. Else
        `Completed.verified` is false. Leaving it does not disturb the turn, unless `on_leave` is
        "cancel". TurnRejected `unknown_turn` where the broker does not keep it.
        """
        core = self._live()
        return self._begin(
            turn,
            lambda wake: core.join(turn, self._now(), wake, on_leave, after, text),
            raise_on_failure,
        )

    def cancel(self, turn: str) -> None:
        """Cancels any gateway's turn: asks until its end comes. Waits for nothing."""
        self._live().cancel(turn, self._now())
        self._arm()

    # --- the link ---------------------------------------------------------------------------------

    async def ready(self, timeout: float = 30.0) -> None:
        """Until the broker answers; turns need not wait for it. TimeoutError after `timeout` s."""
        self._live()
        await asyncio.wait_for(self._ready.wait(), timeout)

    @property
    def link(self) -> Link:
        return "connecting" if self._core is None else self._core.link

    @property
    def limits(self) -> Limits:
        """The broker's, once it has told them."""
        return Limits() if self._core is None else self._core.limits

    @property
    def counters(self) -> Counters:
        return Counters() if self._core is None else self._core.counters

    @property
    def turns(self) -> int:
        """Turns that have not ended, as far as this client is concerned."""
        return 0 if self._core is None else self._core.turns

    # --- the shell --------------------------------------------------------------------------------

    def _live(self) -> Core:
        if self._core is None or self._closed or self._failure is not None:
            raise ClientClosed("a client is open inside its `with` block") from self._failure
        return self._core

    def _now(self) -> float:
        assert self._loop is not None
        return self._loop.time()

    def _begin(
        self, turn: str, begin: Callable[[Callable[[], None]], Inbox], raise_on_failure: bool
    ) -> TurnStream:
        stream = TurnStream(self, turn, begin, raise_on_failure)
        self._arm()
        return stream

    def _take(self, stream: TurnStream) -> TurnEvent | None:
        inbox = stream._inbox
        event = inbox.take()
        if inbox.paused and inbox.low and self._core is not None:
            self._core.drained(stream.id, self._now())
            self._arm()
        return event

    def _leave(self, turn: str, inbox: Inbox) -> None:
        if self._core is not None and not self._closed:
            self._core.leave(turn, inbox, self._now())
            self._arm()

    def _leave_soon(self, turn: str, inbox: Inbox) -> None:
        if self._loop is not None and not self._closed:
            with contextlib.suppress(RuntimeError):  # the loop is over, and with it everything
                self._loop.call_soon_threadsafe(self._leave, turn, inbox)

    async def _read(self) -> None:
        while True:
            for _ in range(BURST):  # those that are there do not let others have their turn
                self._on_message(await self._sockets.receive())
            await asyncio.sleep(0)

    def _on_message(self, frames: list[bytes]) -> None:
        assert self._core is not None
        try:
            topic, body = frames
            batch = decode(body)
        except (ValueError, WireError):
            topic = b""
        if topic != self._sockets.topic:
            self._core.counters.undecodable += 1  # what it carried shows as a gap
            return
        self._core.on(batch, self._now())
        self._arm()

    def _on_timer(self) -> None:
        assert self._core is not None
        self._armed_at = None
        self._core.on_time(self._now())
        self._arm()

    def _arm(self) -> None:
        """The timer is set anew only when the time has changed, as a flow of deltas does not."""
        assert self._core is not None and self._loop is not None
        if self._over:
            return
        if self._closed and self._core.turns == 0:
            self._idle.set()
        at = self._core.next_time()
        if at == self._armed_at:
            return
        self._armed_at = at
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if at is None else self._loop.call_at(at, self._on_timer)

    def _link_changed(self) -> None:
        if self.link == "ready":
            self._ready.set()
        else:
            self._ready.clear()

    def _reader_ended(self, task: asyncio.Task[None]) -> None:
        """It never does by itself. If it did, nobody may wait for events any more."""
        if task.cancelled() or self._core is None:
            return
        self._failure = task.exception()
        self._core.leave_all(self._now())


def _milliseconds(seconds: float) -> int:
    """0, which is refused, for what is no number of them."""
    return round(1000 * seconds) if math.isfinite(seconds) else 0
