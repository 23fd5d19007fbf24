"""The client's limits and times."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Times in seconds. Each wait before asking again doubles, up to its `_most_s`.

    ValueError for what is not above zero, and for a `_most_s` below its first wait.
    """

    # What is kept until a turn's end
    turns_max: int = 8_192
    open_bytes_max: int = 256 * 1024 * 1024  # all opens, encoded

    # What a turn's reader has not taken yet. More is not kept: it is asked for when there is room.
    inbox_events_max: int = 1_024
    inbox_bytes_max: int = 1024 * 1024

    # In the sockets. More events are lost, and then resumed; more commands wait with their turns.
    events_waiting_max: int = 50_000
    commands_waiting_max: int = 10_000

    # Asking again
    open_again_s: float = 1.0
    open_again_most_s: float = 8.0
    cancel_again_s: float = 0.5
    cancel_again_most_s: float = 4.0
    gap_wait_s: float = 0.02  # a replay that is on its way fills most gaps
    resume_again_s: float = 0.25
    resume_again_most_s: float = 5.0
    resumes_per_second: int = 1_000
    resumes_at_once: int = 256
    pipe_full_wait_s: float = 0.02

    # The link. Beacons come each second while a turn is live.
    scan_s: float = 1.0
    quiet_max_s: float = 3.5  # nothing from the broker though something is due: reconnecting
    unlisted_max_s: float = 3.5  # a turn neither in beacons nor with events: resume
    resubscribe_most_s: float = 10.0

    # Giving up
    silent_max_s: float = 30.0  # a turn of which nothing is heard fails, `unavailable`
    deadline_grace_s: float = 5.0  # the broker's own `deadline_exceeded` comes first
    rereads_max: int = 1  # of a reply that came damaged
    reopens_max: int = 1  # of a turn that one and the same broker has lost
    close_wait_s: float = 1.0  # for the ends of what close() cancels

    def __post_init__(self) -> None:
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        for name, value in values.items():
            least = 0 if name in ("rereads_max", "reopens_max") else 1e-6
            if not value >= least:
                raise ValueError(f"{name} must be above zero")
            first = values.get(name.removesuffix("_most_s") + "_s", 0)
            if name.endswith("_most_s") and value < first:
                raise ValueError(f"{name} must not be below its first wait, {first}")
        if self.resubscribe_most_s < self.quiet_max_s:
            raise ValueError("resubscribe_most_s must not be below quiet_max_s")
