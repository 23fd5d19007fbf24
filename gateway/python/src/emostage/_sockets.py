"""The two ZeroMQ sockets of a client, as its core's Port. One thread: that of the event loop."""

from __future__ import annotations

from collections.abc import Callable

import zmq
import zmq.asyncio

from ._link import Link
from ._wire import MESSAGE_BYTES_MAX
from .config import Config

DEFAULT_COMMANDS = "tcp://127.0.0.1:7701"
DEFAULT_EVENTS = "tcp://127.0.0.1:7702"


class Sockets:
    """Connects; the broker need not be there yet. zmq.ZMQError for an address that is none."""

    def __init__(
        self, commands: str, events: str, gateway: str, config: Config, on_link: Callable[[], None]
    ) -> None:
        self.topic = gateway.encode() + b"/"
        self._on_link = on_link
        self._context = zmq.Context()
        self._commands = zmq.Socket(self._context, zmq.PUSH)
        self._events = zmq.asyncio.Socket(self._context, zmq.SUB)
        try:
            self._commands.setsockopt(zmq.LINGER, 0)
            self._events.setsockopt(zmq.LINGER, 0)
            self._events.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES_MAX)
            # A command never waits for a broker that is not there: it would reach the next, late.
            self._commands.setsockopt(zmq.IMMEDIATE, 1)
            self._commands.setsockopt(zmq.SNDHWM, config.commands_waiting_max)
            self._events.setsockopt(zmq.RCVHWM, config.events_waiting_max)
            self._events.setsockopt(zmq.SUBSCRIBE, self.topic)
            self._commands.connect(commands)
            self._events.connect(events)
        except BaseException:
            self.close()
            raise

    async def receive(self) -> list[bytes]:
        """The frames of the next message."""
        return await self._events.recv_multipart()

    def close(self) -> None:
        self._commands.close()
        self._events.close()
        self._context.term()  # nothing lingers, so this waits for nothing

    # --- Port -------------------------------------------------------------------------------------

    def push(self, command: bytes) -> bool:
        try:
            self._commands.send(command, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def resubscribe(self) -> None:
        self._events.setsockopt(zmq.UNSUBSCRIBE, self.topic)
        self._events.setsockopt(zmq.SUBSCRIBE, self.topic)

    def link_changed(self, link: Link) -> None:
        self._on_link()
