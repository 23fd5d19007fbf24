"""The gateway of the tests: the package's core, with sockets that the test itself reads.

What is in order, what is missing and what to do about it is decided by `emostage`; its own shells
are proved in tests/python. Here is what tests need beside it: many gateways in one thread, waiting
for a condition, events that a test loses on purpose (`keep`), commands no client would send, and
the contract, checked on every message as it came (`violations`).

    gateway = Gateway(commands, events, "g1")
    gateway.wait_for_hello()
    turn = gateway.open("I had a hard day.", session="s1")
    gateway.wait(lambda: turn.end, "the turn's end")
    print(turn.text)
"""
import time
import uuid

import msgpack
import zmq

import client_source  # noqa: F401
from emostage import Config
from emostage._core import Core
from emostage._reader import ENDS
from emostage._wire import decode, encode
from emostage.commands import Cancel, Resume
from emostage.errors import WireError
from turn import Turn

SEND_MAX_S = 5.0
RECEIVED_AT_ONCE = 1_000
SLEEP_MAX_S = 3.0
NEVER_S = 1e6
# It asks soon, and never gives up: what takes too long is the test's to say.
CONFIG = Config(gap_wait_s=0.005, open_again_s=1.0, open_again_most_s=2.0, resume_again_most_s=2.0,
                cancel_again_most_s=2.0, silent_max_s=NEVER_S, deadline_grace_s=NEVER_S,
                turns_max=100_000, open_bytes_max=1 << 30, reopens_max=1_000,
                inbox_events_max=1_000_000, inbox_bytes_max=1 << 30)


class _Port:
    """What the core asks for."""

    def __init__(self, gateway):
        self._gateway = gateway

    def push(self, command):
        return self._gateway.push_where_there_is_room(command)

    def resubscribe(self):
        self._gateway.resubscribe()

    def link_changed(self, link):
        pass


class Gateway:
    def __init__(self, commands, events, name=None, receive_max=100_000, receive_bytes=-1, mends=True):
        """What waits to be read is bounded by messages here and by bytes in the system (-1: its choice)."""
        self.name = name or "py-" + uuid.uuid4().hex[:12]
        self.mends = mends
        self.turns = {}
        self.violations = []  # those that belong to no turn
        self.strangers = []  # events about turns that nobody here asked for
        self.hellos = []
        self.beacons = 0
        self.keep = lambda event: True  # tests lose events with it
        self._asked = 0
        self._inboxes = {}  # turn id: what the core has read of it
        self._ready = set()  # turn ids with something in their inbox
        self._context = zmq.Context()
        self._push = self._context.socket(zmq.PUSH)
        self._push.setsockopt(zmq.LINGER, 0)
        self._push.setsockopt(zmq.SNDTIMEO, int(SEND_MAX_S * 1000))
        self._push.connect(commands)
        self.sub = self._context.socket(zmq.SUB)
        self.sub.setsockopt(zmq.LINGER, 0)
        self.sub.setsockopt(zmq.RCVHWM, receive_max)
        self.sub.setsockopt(zmq.RCVBUF, receive_bytes)
        self.sub.setsockopt(zmq.SUBSCRIBE, self._topic)
        self.sub.connect(events)
        self._core = Core(self.name, _Port(self), time.monotonic(), CONFIG)

    def close(self):
        self._push.close()
        self.sub.close()
        self._context.term()

    @property
    def _topic(self):
        return self.name.encode() + b"/"

    @property
    def broker(self):
        return self._core.broker or None

    @property
    def asked(self):
        """Resumes and repeated opens."""
        told = self._core.counters
        return self._asked + told.resumes_pushed + max(0, told.opens_pushed - told.opened)

    # --- commands --------------------------------------------------------------------------------

    def open(self, text, session=None, turn=None, **fields):
        """`fields` are the optional ones of `open`; those that are None are left out."""
        turn = turn or uuid.uuid4().hex
        command = {"type": "open", "v": 1, "gateway": self.name, "turn": turn,
                   "session": session or uuid.uuid4().hex, "text": text}
        command.update({key: value for key, value in fields.items() if value is not None})
        return self.follow_bytes(command, msgpack.packb(command, use_bin_type=True))

    def follow_bytes(self, command, raw):
        """An open whose bytes are made elsewhere, because no client would make such ones."""
        turn = Turn(command["turn"], command, raw)
        return self._follow(turn, self._core.open_encoded(
            turn.id, command["session"], raw, time.monotonic(), lambda: self._ready.add(turn.id)))

    def push_again(self, turn):
        """The same open, unchanged: joins the turn."""
        self._asked += 1
        self.push_bytes(turn.raw)

    def attach(self, turn, held=()):
        """Joins a turn that may be another gateway's; `held`: its first events, already known."""
        turn = Turn(turn, held=held)
        if turn.end is not None:  # nothing more comes of it
            self.turns[turn.id] = turn
            self.resume(turn.id, turn.seq)
            return turn
        return self._follow(turn, self._core.join(
            turn.id, time.monotonic(), lambda: self._ready.add(turn.id), after=turn.seq, text=turn.text))

    def _follow(self, turn, inbox):
        self.turns[turn.id] = turn
        self._inboxes[turn.id] = inbox
        return turn

    def resume(self, turn, after):
        self._asked += 1
        self.push_bytes(encode(Resume(turn=turn, after=after), self.name))

    def cancel(self, turn):
        """Once, for a turn of anybody; one that is followed here is asked for until it ends."""
        followed = self.turns.get(turn)
        if followed is not None and followed.end is None and followed.accepted and self.mends:
            self._core.cancel(turn, time.monotonic())
        else:
            self.push_bytes(encode(Cancel(turn=turn), self.name))

    def push(self, command):
        """A map as it is, whatever it says."""
        self.push_bytes(msgpack.packb(command, use_bin_type=True))

    def push_bytes(self, raw):
        self._push.send(raw)

    def push_frames(self, frames):
        self._push.send_multipart(frames)

    def push_where_there_is_room(self, raw):
        if not self._push.poll(0, zmq.POLLOUT):
            return False
        self.push_bytes(raw)
        return True

    def resubscribe(self):
        self.sub.setsockopt(zmq.UNSUBSCRIBE, self._topic)
        self.sub.setsockopt(zmq.SUBSCRIBE, self._topic)

    def forget(self, turn):
        """Events of this turn are those of a stranger from now on."""
        self._core.forget(turn.id)
        self._ready.discard(turn.id)
        for known in (self.turns, self._inboxes):
            known.pop(turn.id, None)

    # --- waiting ---------------------------------------------------------------------------------

    def wait(self, condition, what, timeout=30.0):
        wait(condition, what, [self], timeout)

    def wait_for_hello(self, timeout=30.0):
        self.wait(lambda: self.hellos, "hello", timeout)

    def wait_for_ends(self, turns, timeout=60.0):
        wait_for_ends(turns, [self], timeout)

    # --- events ----------------------------------------------------------------------------------

    def receive(self):
        """Takes what is there and asks for what is missing. Gives how long it may sleep, in seconds."""
        try:
            for _ in range(RECEIVED_AT_ONCE):
                self._take_message(self.sub.recv_multipart(zmq.NOBLOCK), time.monotonic())
        except zmq.Again:
            pass
        if not self.mends:
            return SLEEP_MAX_S
        now = time.monotonic()
        due = self._core.next_time()
        if due is not None and due <= now:
            self._core.on_time(now)
            self._read()
            due = self._core.next_time()
        return SLEEP_MAX_S if due is None else min(max(due - now, 0.0), SLEEP_MAX_S)

    def _take_message(self, frames, now):
        try:
            topic, body = frames
            batch = decode(body)
            events = msgpack.unpackb(body)["events"]
        except (WireError, ValueError) as error:
            self.violations.append(f"an event message that cannot be read: {type(error).__name__}")
            return
        if topic != self._topic:
            self.violations.append("an event message for somebody else")
            return
        kept = [self.keep(event) for event in events]
        for event, keep in zip(events, kept):
            if keep:
                self._see(event, batch.broker, now)
        read = tuple(event for event, keep in zip(batch.events, kept) if keep)
        self._core.on(type(batch)(broker=batch.broker, events=read), now)
        self._read()
        for event, keep in zip(events, kept):
            if keep and event["type"] == "rejected":
                self._note_rejection(event)

    def _see(self, event, broker, now):
        if event["type"] == "hello":
            self.hellos.append(event)
        elif event["type"] == "beacon":
            self.beacons += 1
        elif event.get("turn") in self.turns:
            self.turns[event["turn"]].see(event, broker, now)
        elif "turn" in event:
            self.strangers.append(event)

    def _read(self):
        """What the core has put into the inboxes, in order."""
        while self._ready:
            turn_id = self._ready.pop()
            inbox, turn = self._inboxes[turn_id], self.turns[turn_id]
            while (event := inbox.take()) is not None:
                turn.take(event)
                if isinstance(event, ENDS):
                    self._inboxes.pop(turn_id)

    def _note_rejection(self, event):
        """A command about a turn was refused: that may have ended it, and else must not disturb it."""
        turn = self.turns.get(event.get("turn"))
        lost = event["code"] == "unknown_turn" and self.mends
        if turn is not None and event != turn.end and not (lost and turn.end is None):
            turn.rejections.append(event)


class TooLong(AssertionError):
    pass


def wait(condition, what, gateways, timeout=30.0):
    """Receives on all `gateways` until `condition()` holds. TooLong after `timeout` seconds."""
    poller = zmq.Poller()
    for gateway in gateways:
        poller.register(gateway.sub, zmq.POLLIN)
    until = time.monotonic() + timeout
    while True:
        sleep = min(gateway.receive() for gateway in gateways)
        if condition():
            return
        left = until - time.monotonic()
        if left <= 0:
            raise TooLong(f"{what}: not within {timeout} s")
        poller.poll(max(1, int(1000 * min(sleep, left))))


def wait_for_ends(turns, gateways, timeout=60.0):
    left = list(turns)

    def all_ended():
        while left and left[-1].end:
            left.pop()
        return not left

    try:
        wait(all_ended, "the ends of all turns", gateways, timeout)
    except TooLong as error:
        shown = [(turn.id, turn.seq, turn.events[-1]["type"] if turn.events else "nothing")
                 for turn in left if not turn.end]
        raise TooLong(f"{error}; open are {len(shown)}: {shown[:5]}") from None
