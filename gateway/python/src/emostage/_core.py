"""All turns of one gateway: when to push an open (again), when to resume, when to give up.

A machine: every input comes with the time (`now`, seconds of a clock that never goes back), what is
to be done goes out by `Port`, what is to be read into each turn's Inbox. No socket, clock,
randomness or thread inside; one thread at a time outside. Events of a turn cost one look-up and no
timer while none is missing. It keeps no outbox: a push that does not fit is tried again, a turn is
its own place in the queue. schemas/PROTOCOL.md, "Loss, and how it is mended".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from . import commands
from ._inbox import Inbox
from ._link import Link, LinkWatch
from ._pushes import Pushes
from ._reader import ENDS, TurnReader
from ._turn import Counters, OnLeave, Port, Turn
from ._turn_table import TurnTable
from ._wire import encode
from .commands import SEQ_MAX, Open, is_id
from .config import Config
from .errors import TurnRejected
from .events import (
    Batch,
    Beacon,
    Cancelled,
    End,
    Failed,
    Hello,
    Limits,
    Pipelines,
    Rejected,
    Reset,
    TurnEvent,
    Unknown,
)

WORTH_A_RETRY = ("overloaded", "unavailable")


class Core:
    """Requires: `gateway` is an id (ValueError). `port` outlives the core; `now`: of the start."""

    def __init__(
        self, gateway: str, port: Port, now: float, config: Config | None = None
    ) -> None:
        if not is_id(gateway):
            raise ValueError("the gateway's name must be 1 to 64 of A-Z a-z 0-9 . _ : -")
        self.config = config or Config()
        self.limits = Limits()  # the broker's, as far as told
        self.counters = Counters()
        self.broker = ""  # "": none was heard yet
        self._gateway = gateway
        self._port = port
        self._retired = ""  # what still arrives of this broker is not taken for a change back
        self._watch = LinkWatch(self.config.quiet_max_s, self.config.resubscribe_most_s, now)
        self._pushes = Pushes(gateway, port, self._watch, self.config, self.counters)
        self._scan_at = now
        self._turns = TurnTable(self.config)

    @property
    def link(self) -> Link:
        return self._watch.link

    @property
    def turns(self) -> int:
        return len(self._turns)

    # --- what the caller wants --------------------------------------------------------------------

    def open(
        self, command: Open, now: float, wake: Callable[[], None], on_leave: OnLeave = "cancel"
    ) -> Inbox:
        """Takes the turn. TurnRejected for what the broker would refuse (by its limits as far as
        known), at the limits of this client (`overloaded`), and for an id that runs here
        (`conflict`)."""
        commands.check(command, self.limits)
        raw = encode(command, self._gateway)
        deadline = None if command.deadline_ms is None else command.deadline_ms / 1000
        return self.open_encoded(command.turn, command.session, raw, now, wake, on_leave, deadline)

    def open_encoded(
        self,
        turn_id: str,
        session: str,
        raw: bytes,
        now: float,
        wake: Callable[[], None],
        on_leave: OnLeave = "cancel",
        deadline: float | None = None,
    ) -> Inbox:
        """The same for an open that was packed elsewhere, and is pushed unchecked."""
        inbox = self._inbox(wake)
        turn = self._add(turn_id, now, inbox, TurnReader(), on_leave, deadline, raw)
        turn.session = session
        turn.push_at = now
        self.counters.opened += 1
        self._pushes.open(turn, now)
        self._pushes.schedule(turn)
        return inbox

    def join(
        self,
        turn_id: str,
        now: float,
        wake: Callable[[], None],
        on_leave: OnLeave = "continue",
        after: int = 0,
        text: str | None = None,
    ) -> Inbox:
        """Reads a turn that this or another gateway opened, after the event `after` (TurnReader).

        TurnRejected as open().
        """
        self._check_id(turn_id)
        if not 0 <= after <= SEQ_MAX:
            raise TurnRejected(turn_id, "invalid_field", "after must be an event's number, or 0")
        inbox, reader = self._inbox(wake), TurnReader(after, text)
        turn = self._turns.find(turn_id)
        if turn is not None and turn.inbox is None:  # left here, and read again
            turn.inbox, turn.reader, turn.on_leave = inbox, reader, on_leave
            turn.ask, turn.behind, turn.shown = turn.known, False, False
            turn.heard_at = now
        else:
            turn = self._add(turn_id, now, inbox, reader, on_leave)
            turn.known = turn.ask = True
        self._pushes.resume(turn, now)
        self._pushes.schedule(turn)
        return inbox

    def cancel(self, turn_id: str, now: float) -> None:
        """Asks until an end comes, for a turn that is read here or one that is not.

        TurnRejected for an id that is none, and `overloaded` for one too many.
        """
        turn = self._turns.find(turn_id)
        if turn is None:
            self._check_id(turn_id)
            turn = self._add(turn_id, now, None, TurnReader(), "cancel")
            turn.known = True
        self._cancel(turn, now)

    def leave(self, turn_id: str, inbox: Inbox, now: float) -> None:
        """Nobody reads from `inbox` any more: its turn is cancelled or goes on (`on_leave`)."""
        turn = self._turns.find(turn_id)
        if turn is None or turn.inbox is not inbox:  # it has ended, and the id may be used anew
            return
        inbox.close()
        turn.inbox = None
        if turn.on_leave == "cancel":
            self._cancel(turn, now)
        elif turn.known and not turn.cancelled:
            self._turns.remove(turn)
        else:
            self._pushes.schedule(turn)

    def leave_all(self, now: float) -> None:
        for turn in self._turns.all():
            if turn.inbox is not None:
                self.leave(turn.id, turn.inbox, now)

    def forget(self, turn_id: str) -> None:
        """Nothing more is done or said about the turn."""
        turn = self._turns.find(turn_id)
        if turn is not None:
            self._turns.remove(turn)

    def drained(self, turn_id: str, now: float) -> None:
        """The turn's inbox has room again: what was dropped is asked for."""
        turn = self._turns.find(turn_id)
        if turn is None or turn.inbox is None or not turn.inbox.paused:
            return
        turn.inbox.paused = False
        turn.heard_at = now
        turn.deadline_at = max(turn.deadline_at, now + self.config.deadline_grace_s)
        turn.behind = turn.reader.behind
        turn.resume_wait = self.config.resume_again_s
        if not turn.permitted:
            turn.resume_at = now
        self._pushes.resume(turn, now)
        self._pushes.schedule(turn)

    def _check_id(self, turn_id: str) -> None:
        if not is_id(turn_id):
            what = "turn must be 1 to 64 of A-Z a-z 0-9 . _ : -"
            raise TurnRejected(turn_id[:64], "invalid_field", what)

    def _inbox(self, wake: Callable[[], None]) -> Inbox:
        return Inbox(self.config.inbox_events_max, self.config.inbox_bytes_max, wake)

    def _add(
        self,
        turn_id: str,
        now: float,
        inbox: Inbox | None,
        reader: TurnReader,
        on_leave: OnLeave,
        deadline: float | None = None,
        raw: bytes | None = None,
    ) -> Turn:
        first = len(self._turns) == 0
        most = self.limits.deadline_ms / 1000 if deadline is None else deadline
        turn = self._turns.add(turn_id, inbox, reader, on_leave, most, now, raw)
        if first:
            self._watch.becomes_due(now)
            self._scan_at = now + self.config.scan_s
        return turn

    def _cancel(self, turn: Turn, now: float) -> None:
        if not turn.cancelled:
            turn.cancelled = True
            turn.cancel_at = now
            self._pushes.cancel(turn, now)  # one whose open never left ends in on_time()
        self._pushes.schedule(turn)

    # --- what the broker says ---------------------------------------------------------------------

    def on(self, batch: Batch, now: float) -> None:
        hello = next((one for one in batch.events if isinstance(one, Hello)), None)
        if hello is not None:
            self.limits = replace(self.limits, **hello.limits)
        if not self._on_broker(batch.broker, hello is not None, now):
            return
        for event in batch.events:
            if isinstance(event, Beacon):
                self._on_beacon(event, now)
            elif not isinstance(event, (Hello, Pipelines)):
                self._on_turn(event, now)

    def _on_broker(self, broker: str, hello: bool, now: float) -> bool:
        """False: a late message of a broker that was left."""
        other = False
        if broker != self.broker:
            if not hello and broker == self._retired:
                return False
            other = self.broker != ""
            self._retired, self.broker = self.broker, broker
        now_ready = self._watch.heard(now)
        if now_ready:
            self._port.link_changed(self.link)
        if other:
            self.counters.brokers_lost += 1
            self._start_anew(now)
        if now_ready or hello or other:
            self._resync(now)
        return True

    def _start_anew(self, now: float) -> None:
        """The broker that had our turns is gone: the same opens go to the new one."""
        turns = self._turns.all()
        for turn in turns:
            turn.known = False
            turn.pushes = turn.rereads = turn.reopens = 0
        for turn in turns:
            if self._reopen(turn, "broker_changed", now):
                turn.reopens = 0

    def _reopen(self, turn: Turn, reason: str, now: float) -> bool:
        """The broker does not have the turn any more: its open is pushed as if for the first time.

        True: the turn goes on; False: it has ended.
        """
        if turn.cancelled:
            self._finish(turn, Cancelled(turn=turn.id, session=turn.session,
                                      reason="the broker does not have it"))
            return False
        if turn.open is None or turn.reopens >= self.config.reopens_max:
            self._give_up(turn, "unknown_turn", "the broker no longer has this turn", now)
            return False
        turn.reopens += 1
        turn.reader.forget()
        turn.known = turn.ask = turn.behind = False
        turn.pushes = 0
        turn.heard_at = turn.push_at = now
        turn.push_wait = self.config.open_again_s
        if turn.shown:
            self._tell(turn, Reset(turn=turn.id, session=turn.session, reason=reason))
        return True

    def _resync(self, now: float) -> None:
        """The subscription is live (again): what was said before may be lost, both ways."""
        config = self.config
        for turn in self._turns.all():
            turn.push_at = turn.cancel_at = now
            if not turn.permitted:
                turn.resume_at = now
            turn.push_wait = config.open_again_s
            turn.resume_wait = config.resume_again_s
            turn.cancel_wait = config.cancel_again_s
            turn.ask = turn.known
            self._pushes.all(turn, now)

    def _on_beacon(self, beacon: Beacon, now: float) -> None:
        for turn_id, last in beacon.live:
            turn = self._turns.find(turn_id)
            if turn is None:
                continue
            turn.heard_at = now
            if not turn.known:
                turn.known = True
                self._pushes.schedule(turn)
            if turn.inbox is None:
                self._on_unread(turn, ended=False)
                continue
            turn.reader.exists(last)
            self._look_for_gap(turn, now)

    def _on_turn(self, event: TurnEvent | Unknown, now: float) -> None:
        turn = self._turns.find(event.turn)
        if turn is None:
            self.counters.foreign_events += 1
            return
        if event.seq == 0:
            if isinstance(event, Rejected):
                self._on_rejected(turn, event, now)
            return
        self.counters.events += 1
        turn.heard_at = now
        if not turn.known:
            turn.known = True
            self._pushes.schedule(turn)
        if turn.inbox is None:
            self._on_unread(turn, isinstance(event, ENDS))
            return
        if turn.inbox.full:
            turn.reader.exists(event.seq)
            if not turn.inbox.paused:
                turn.inbox.paused = True
                self.counters.pauses += 1
            return
        for one in turn.reader.on(event):
            if isinstance(one, ENDS):
                self._finish(turn, one)
                return
            self._tell(turn, one)
        if turn.reader.state == "broken":
            self._read_again(turn, now)
        else:
            self._look_for_gap(turn, now)

    def _on_unread(self, turn: Turn, ended: bool) -> None:
        """A turn that nobody reads is kept until the broker has it, or its cancel has worked."""
        if ended or not turn.cancelled:
            self._turns.remove(turn)

    def _on_rejected(self, turn: Turn, event: Rejected, now: float) -> None:
        """Answers an open, or a cancel or resume of a turn that is not there. It may also answer
        another gateway of our name: what we did not ask for is not ours."""
        if event.code == "unknown_turn":
            if turn.open is None and not turn.shown:
                self._finish(turn, event)
            elif (turn.known or turn.cancelled) and self._reopen(turn, "turn_lost", now):
                self._pushes.open(turn, now)
                self._pushes.schedule(turn)
            return
        if turn.known or turn.pushes == 0:
            return
        # Another push of the same open may still get through, with nobody to listen. (After a
        # conflict the turn of this id is somebody else's.)
        if turn.pushes > 1 and event.code != "conflict":
            turn.cancelled = True
            turn.cancel_at = now
            self._pushes.cancel(turn, now)
        if turn.shown:
            self._finish(turn, Failed(turn=turn.id, session=turn.session, code=event.code,
                                   message=event.message,
                                   retryable=event.code in WORTH_A_RETRY))
        else:
            self._finish(turn, event)

    def _read_again(self, turn: Turn, now: float) -> None:
        """The text contradicts its hash, or the order of attempts was broken: once more from the
        start."""
        if turn.rereads >= self.config.rereads_max:
            self._give_up(turn, "internal", "the reply did not arrive whole", now)
            return
        turn.rereads += 1
        self.counters.rereads += 1
        turn.reader.restart()
        turn.behind = True
        if not turn.permitted:
            turn.resume_at = now
        turn.resume_wait = self.config.resume_again_s
        self._tell(turn, Reset(turn=turn.id, session=turn.session, reason="damaged"))
        self._pushes.resume(turn, now)
        self._pushes.schedule(turn)

    def _look_for_gap(self, turn: Turn, now: float) -> None:
        if turn.behind == turn.reader.behind or turn.paused:
            return
        turn.behind = not turn.behind
        if turn.behind:
            self.counters.gaps += 1
            turn.resume_at = max(turn.resume_at, now + self.config.gap_wait_s)
        else:
            turn.resume_wait = self.config.resume_again_s
        self._pushes.schedule(turn)

    # --- time -------------------------------------------------------------------------------------

    def on_time(self, now: float) -> None:
        """Call it at next_time(), or whenever; what is not due is left."""
        before = self.link
        if self._watch.on_time(now, len(self._turns) > 0):
            if self.link != before:
                self.counters.reconnects += 1
                self._port.link_changed(self.link)
            self._port.resubscribe()
        if len(self._turns) > 0 and now >= self._scan_at:
            self._scan(now)
        # Each turn at most once: what it is due for now, it does now or moves to a later time.
        for turn in self._pushes.due(now):
            if self._turns.has(turn):
                self._act(turn, now)

    def next_time(self) -> float | None:
        """The earliest moment at which on_time() has something to do; None: never."""
        at = self._watch.next_time(len(self._turns) > 0)
        if len(self._turns) == 0:
            return at
        times = (at, self._scan_at, self._pushes.next_time())
        return min(one for one in times if one is not None)

    def _scan(self, now: float) -> None:
        """Turns of which nothing is heard: asked for, at last given up."""
        config = self.config
        self._scan_at = now + config.scan_s
        for turn in self._turns.all():
            if turn.paused:  # it is the reader who is silent
                continue
            quiet = now - turn.heard_at
            if quiet >= config.silent_max_s:
                what = ("nothing is heard of the turn any more" if turn.sent
                        else "the broker cannot be reached")
                self._give_up(turn, "unavailable", what, now)
            elif turn.known and not (turn.ask or turn.behind) and quiet >= config.unlisted_max_s:
                turn.ask = True
                self._pushes.schedule(turn)

    def _act(self, turn: Turn, now: float) -> None:
        if now >= turn.deadline_at:
            if not turn.paused:
                self._give_up(turn, "deadline_exceeded", "no end came before the deadline", now)
                return
            turn.deadline_at = now + self.config.deadline_grace_s
        if turn.cancelled and not turn.sent:
            self._finish(turn, Cancelled(turn=turn.id, session=turn.session,
                                      reason="before it was sent"))
            return
        self._pushes.all(turn, now)

    # --- what the readers get ---------------------------------------------------------------------

    def _tell(self, turn: Turn, event: TurnEvent) -> None:
        if turn.inbox is not None:
            turn.shown = True
            turn.inbox.put(event)

    def _finish(self, turn: Turn, event: End) -> None:
        self._turns.remove(turn)
        if turn.inbox is not None:
            turn.inbox.put(event)

    def _give_up(self, turn: Turn, code: str, message: str, now: float) -> None:
        self.counters.given_up += 1
        turn.cancelled = True
        turn.cancel_at = now
        self._pushes.cancel(turn, now)
        self._finish(turn, Failed(turn=turn.id, session=turn.session, code=code, message=message,
                                  retryable=code != "deadline_exceeded"))
