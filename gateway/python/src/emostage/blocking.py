"""The client for programs without an event loop.

    with emostage.blocking.Client() as client:
        for event in client.turn("I could not sleep again.", session="anna"):
            if isinstance(event, emostage.Delta):
                print(event.text, end="", flush=True)

A thread of its own runs the asyncio client. A pump in the caller's thread would be less, but then
the sockets would stand still while the caller thinks: events would be lost and beacons missed, a
cancel would not be repeated, and two threads could not share a client, as those of a WSGI server
do. Any number of threads may use a client at once; each TurnStream is one thread's at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator, Mapping
from typing import Any, Self, TypeVar, cast

from . import client, stream
from ._collect import Reply
from ._link import Link
from ._reader import ENDS
from ._sockets import DEFAULT_COMMANDS, DEFAULT_EVENTS
from ._turn import Counters, OnLeave
from .commands import OnBusy, OnLost, Priority, Utterance
from .config import Config
from .errors import ClientClosed, error_of
from .events import Limits, TurnEvent

BATCH = 256  # events that one visit to the other thread brings back
LOOK_S = 1.0  # between two looks whether that thread is still there

T = TypeVar("T")
O = TypeVar("O")


class TurnStream:
    """As emostage.TurnStream, with `for` and `with`.

    Waiting for the next event can be interrupted by a signal (Ctrl-C), which leaves the turn.
    Beside the inbox up to BATCH events are kept here.
    """

    def __init__(
        self, client: Client, of_loop: stream.TurnStream, raise_on_failure: bool
    ) -> None:
        self._client = client
        self._stream = of_loop
        self._raise_on_failure = raise_on_failure
        self.id = of_loop.id

    def __iter__(self) -> Iterator[TurnEvent]:
        return self._read()

    def _read(self) -> Generator[TurnEvent, None, None]:
        try:
            while events := self._client._wait(lambda: self._stream.take(BATCH)):
                for event in events:
                    error = error_of(event) if isinstance(event, ENDS) else None
                    if error is not None and self._raise_on_failure:
                        raise error
                    yield event
        finally:
            self.leave()

    def reply(self) -> Reply:
        """Reads on to the end. The errors of the turn, whatever `raise_on_failure` says."""
        return self._client._wait(self._stream.reply)

    def cancel(self) -> None:
        """Asks until an end comes, and waits for nothing: read on for the end."""
        self._client.cancel(self.id)

    def leave(self) -> None:
        """Reads no more; what becomes of the turn, its `on_leave` says. Nothing after the end."""
        self._client._soon(self._stream.leave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


class Client:
    """As emostage.Client; every method that waits, waits for the thread behind it.

    Waits are bounded as there: an end comes in any case.
    """

    def __init__(
        self,
        commands: str = DEFAULT_COMMANDS,
        events: str = DEFAULT_EVENTS,
        *,
        name: str | None = None,
        config: Config | None = None,
        make_id: Callable[[], str] | None = None,
    ) -> None:
        more = {} if make_id is None else {"make_id": make_id}
        self._client = client.Client(commands, events, name=name, config=config, **more)
        self.name = self._client.name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="emostage", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """As emostage.Client.close(); safe to call again, and from any thread."""
        if self._loop is not None and self._thread.is_alive():
            self._soon(self._stop.set)
            self._thread.join()

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
        """As emostage.Client.turn()."""

        async def begin() -> stream.TurnStream:
            return self._client.turn(
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

        return TurnStream(self, self._wait(begin), raise_on_failure)

    def reply(
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
        """As emostage.Client.reply()."""
        return self._wait(
            lambda: self._client.reply(
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
        )

    def resume(
        self,
        turn: str,
        after: int = 0,
        *,
        text: str | None = None,
        on_leave: OnLeave = "continue",
        raise_on_failure: bool = True,
    ) -> TurnStream:
        """As emostage.Client.resume()."""

        async def begin() -> stream.TurnStream:
            return self._client.resume(turn, after, text=text, on_leave=on_leave)

        return TurnStream(self, self._wait(begin), raise_on_failure)

    def cancel(self, turn: str) -> None:
        """As emostage.Client.cancel()."""

        async def cancel() -> None:
            self._client.cancel(turn)

        self._wait(cancel)

    # --- the link ---------------------------------------------------------------------------------

    def ready(self, timeout: float = 30.0) -> None:
        """As emostage.Client.ready()."""
        self._wait(lambda: self._client.ready(timeout))

    @property
    def link(self) -> Link:
        return self._client.link

    @property
    def limits(self) -> Limits:
        return self._client.limits

    @property
    def counters(self) -> Counters:
        return self._client.counters

    @property
    def turns(self) -> int:
        return self._client.turns

    # --- the thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # an address that is none, a name that is none
            self._failure = error
        finally:
            self._started.set()

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        async with self._client:
            self._loop = asyncio.get_running_loop()
            self._started.set()
            await self._stop.wait()

    def _wait(self, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What becomes of the coroutine in the other thread.

        A signal's exception (Ctrl-C) may come anywhere in here. So nothing in here holds a lock
        that the other thread takes: not a Future of concurrent.futures, whose lock such an exception
        can leave behind, but a SimpleQueue, which is safe from it.
        """
        done: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
        tasks: list[asyncio.Task[T]] = []

        def start() -> None:
            assert self._loop is not None
            task = self._loop.create_task(begin())
            tasks.append(task)
            task.add_done_callback(end)

        def end(task: asyncio.Task[T]) -> None:
            tasks.clear()  # so that it ends in its own thread
            if task.cancelled():
                done.put((None, ClientClosed("the client was closed")))
            elif (error := task.exception()) is not None:
                done.put((None, error))
            else:
                done.put((task.result(), None))

        def stop() -> None:
            for task in tasks:
                task.cancel()

        if not self._soon(start):
            raise ClientClosed("a client is open inside its `with` block")
        try:
            result, error = self._next(done)
        except BaseException:
            self._soon(stop)  # what was interrupted here does not wait on there
            raise
        if error is not None:
            raise error
        return cast(T, result)

    def _next(self, done: queue.SimpleQueue[O]) -> O:
        while True:
            with contextlib.suppress(queue.Empty):
                return done.get(timeout=LOOK_S)
            if not self._thread.is_alive() and done.empty():  # its last moments may answer nothing
                raise ClientClosed("the client was closed")

    def _soon(self, do: Callable[[], object]) -> bool:
        """In the other thread; False: there is none any more."""
        if self._loop is None:
            return False
        try:
            self._loop.call_soon_threadsafe(do)
        except RuntimeError:
            return False
        return True
