"""What the tests with an arena share: its histories are judged when it closes."""
import contextlib
import unittest

import paths  # noqa: F401
from arena import Arena
from checker import Histories, check

# A third of the usual times, so that a lease is lost within three seconds.
FAST_LEASES = ["--leases-beat-ms", 300, "--leases-fence-ms", 2000, "--leases-lease-ms", 3000]
SLOW_REPLY = ["--ttft-ms", 30, "--itl-ms", 20, "--tokens", 60]
TEXT = "I had a hard day."


class ArenaCase(unittest.TestCase):
    @contextlib.contextmanager
    def arena(self, name, **settings):
        settings = {"models": SLOW_REPLY, **settings}
        with Arena(name, **settings) as arena:
            yield arena
        self.check_histories(arena.histories)

    def check_histories(self, folder):
        histories = Histories(folder)
        self.assertTrue(histories.turns, "nothing was written down")
        self.assertEqual(check(histories), [])

    def open(self, arena, gateway, count=1, **fields):
        fields = {"locale": "en", "history": [], **fields}
        return [gateway.open(arena.say(TEXT), **fields) for _ in range(count)]

    def streaming(self, arena, gateway, count=4, deltas=3, **fields):
        """Turns that have shown some of their replies."""
        turns = self.open(arena, gateway, count, **fields)
        gateway.wait(lambda: all(len(turn.of_type("delta")) >= deltas for turn in turns), "deltas")
        return turns

    def check_completed(self, turns, text=None):
        for turn in turns:
            end = turn.end or {}
            self.assertEqual(turn.status, "completed", (end.get("code"), end.get("message")))
            self.assertFalse(turn.damaged)
            self.assertEqual(turn.violations, [])
            self.assertEqual(turn.text, text or turns[0].text)
