"""What the end-to-end tests share: a cluster for a class, and how an end is checked."""
import unittest

from cluster import Cluster
from gateway import wait_for_ends


class ClusterCase(unittest.TestCase):
    """One cluster for all tests of a class; `settings` are those of Cluster."""

    settings = {}

    @classmethod
    def setUpClass(cls):
        if cls is ClusterCase:
            return
        cls.cluster = Cluster(f"{cls.__module__}-{cls.__name__}", **cls.settings)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)

    def say(self, text):
        return self.cluster.say(text)

    def check_completed(self, turn):
        end = turn.end or {}
        self.assertEqual(turn.status, "completed", (end.get("code"), end.get("message")))
        self.assertFalse(turn.damaged)
        self.assertEqual(turn.violations, [])
        self.assertTrue(turn.text)

    def ended(self, turns, *gateways, timeout=60.0):
        """Waits for the ends of all; gives how often each status came."""
        turns = list(turns)
        wait_for_ends(turns, gateways, timeout)
        return {status: sum(turn.status == status for turn in turns)
                for status in sorted({turn.status for turn in turns})}


def show(what, **figures):
    """A figure for the reader of the test's output."""
    text = ", ".join(f"{name} {value:.1f}" if isinstance(value, float) else f"{name} {value}"
                     for name, value in figures.items())
    print(f"    {what}: {text}", flush=True)


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
