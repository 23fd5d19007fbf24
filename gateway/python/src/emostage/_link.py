"""Whether the broker is there, and how often it may be asked: two small machines without I/O."""

from __future__ import annotations

from typing import Literal, TypeAlias

Link: TypeAlias = Literal["connecting", "ready", "reconnecting"]


ROUNDING = 1e-3  # of a permit, so that sums of floats do not cost a whole one


class LinkWatch:
    """Judges by what is heard. `connecting`: no `hello` yet; only when `ready` commands go out.

    Owned by Core, which says when something is due: a turn is live, so beacons come.
    """

    def __init__(self, quiet_max: float, ask_most: float, now: float) -> None:
        self.link: Link = "connecting"
        self._quiet_max = quiet_max
        self._ask_most = ask_most
        self._heard_at = now
        self._look_at = now + quiet_max  # moved lazily: hearing something does not touch it
        self._wait = quiet_max

    def heard(self, now: float) -> bool:
        """A message came. True where the link became ready by it."""
        self._heard_at = now
        if self.link == "ready":
            return False
        self.link = "ready"
        self._wait = self._quiet_max
        self._look_at = now + self._quiet_max
        return True

    def becomes_due(self, now: float) -> None:
        """From now on something is due, after a time in which nothing was."""
        if self.link == "ready":
            self._heard_at = now
            self._look_at = now + self._quiet_max

    def on_time(self, now: float, due: bool) -> bool:
        """True: ask for a sign of life, by subscribing anew; `link` may have changed."""
        if now < self._look_at or (self.link == "ready" and not due):
            return False
        if self.link == "ready" and now < self._heard_at + self._quiet_max:
            self._look_at = self._heard_at + self._quiet_max
            return False
        if self.link == "ready":
            self.link = "reconnecting"
        self._look_at = now + self._wait
        self._wait = min(2 * self._wait, self._ask_most)
        return True

    def next_time(self, due: bool) -> float | None:
        """When on_time() has something to do; None: never."""
        return None if self.link == "ready" and not due else self._look_at


class RateLimit:
    """A bucket of permits that refills steadily: so many at once, so many a second."""

    def __init__(self, per_second: int, at_once: int) -> None:
        self._interval = 1 / per_second
        self._most = (at_once + ROUNDING) / per_second
        self._used_until = 0.0  # permits are spent up to here

    def take(self, now: float) -> float:
        """The moment from which the permit holds, `now` or later; each waits for one of its own."""
        self._used_until = max(self._used_until, now) + self._interval
        return max(now, self._used_until - self._most)
