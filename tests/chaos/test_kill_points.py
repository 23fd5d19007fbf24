"""kill -9 of the broker at every point of a scripted turn: nothing that was told is lost, nothing forks.

`emostage-broker-killable` is the broker with one thing more: EMOSTAGE_KILL_AT="STEP:N" kills it when its
journal comes to that step for the N-th time. N goes up until the script ends before it comes.
"""
import os
import unittest

import paths  # noqa: F401
from arena import Arena
from arena_case import ArenaCase
from checker import AUDIT
from cluster import BIN
from gateway import wait_for_ends

KILLABLE = "emostage-broker-killable"
STEPS = ("begun", "written", "committed", "told")
POINTS_MAX = 100  # of one step, in one script
MODEL = ["--ttft-ms", 20, "--itl-ms", 15, "--tokens", 30]
PATIENCE_S = 30.0


class KillScene(Arena):
    """Its broker starts with a store of its own for each point, and is killed there."""

    def __init__(self, name, point):
        self._program = KILLABLE
        self.point = point
        super().__init__(name, workers=1, models=MODEL)

    def start_broker(self, commands, events, workers, admin):
        if self._program == KILLABLE:
            os.environ["EMOSTAGE_KILL_AT"] = self.point
        try:
            return super().start_broker(commands, events, workers, admin)
        finally:
            os.environ.pop("EMOSTAGE_KILL_AT", None)

    def _start(self, name, program, arguments):
        return super()._start(name, self._program if program == "emostage-broker" else program,
                              arguments)

    def revive(self):
        """After its death: the broker as it ships, on the same ports and the same store."""
        self._program = "emostage-broker"
        self._may_end.append(self.broker)
        self.broker.wait(10)
        self.start_broker_again()


class KillPoints(ArenaCase):
    def play(self, arena):
        """The script: one turn that is answered, one that waits behind it and is cancelled, one more."""
        gateway = arena.gateway("g")
        text = arena.say("I had a hard day.")
        turns = []

        def go_on(condition, what):
            gateway.wait(lambda: condition() or not arena.broker.running, what, PATIENCE_S)
            if not arena.broker.running:
                arena.revive()
                gateway.wait(condition, what, PATIENCE_S)

        turns.append(gateway.open(text, "s", "first"))
        go_on(lambda: turns[0].accepted, "the acceptance")
        turns.append(gateway.open(text, "s", "second"))
        turns.append(gateway.open(text, "s", "third", on_lost="reset"))
        go_on(lambda: turns[1].accepted and turns[2].accepted, "the other acceptances")
        go_on(lambda: turns[0].text or turns[0].end, "words")
        gateway.cancel(turns[1].id)
        go_on(lambda: all(turn.end for turn in turns), "the ends")
        return turns

    def play_with(self, point):
        """True where the broker came to that point."""
        name = f"kill-{point.replace(':', '-')}"
        with KillScene(name, point) as arena:
            turns = self.play(arena)
            killed = arena._program != KILLABLE
            if not killed:
                arena.kill(arena.broker)  # after the script: what was told stands all the same
                arena.revive()
            auditor = arena.gateway(f"{AUDIT}-0", relayed=False)
            again = [auditor.follow_bytes(*with_name(turn.command, auditor.name)) for turn in turns]
            wait_for_ends(again, [auditor], PATIENCE_S)
            self.assertEqual([turn.status for turn in turns[::2]], ["completed"] * 2)
            self.assertIn(turns[1].status, ("cancelled", "completed"))
            for turn, other in zip(turns, again):
                self.assertEqual(turn.violations, [])
                self.assertEqual(turn.restarts, 0)
                self.assertEqual((turn.text, turn.end), (other.text, other.end))
                self.assertEqual(turn.end["attempt"] if turn is not turns[1] else 1, 1)
        self.check_histories(arena.histories)
        return killed

    def check_step(self, step):
        if not (BIN / KILLABLE).exists():
            self.skipTest(f"{KILLABLE} was not built")
        for number in range(1, POINTS_MAX):
            with self.subTest(f"{step}:{number}"):
                if not self.play_with(f"{step}:{number}"):
                    self.assertGreater(number, 5, "so many times at least it comes to this step")
                    return
        self.fail(f"{step} comes {POINTS_MAX} times and more")


def with_name(command, name):
    import msgpack
    command = {**command, "gateway": name}
    return command, msgpack.packb(command)


for _step in STEPS:
    setattr(KillPoints, f"test_killed_when_a_commit_is_{_step}",
            lambda self, step=_step: self.check_step(step))


if __name__ == "__main__":
    unittest.main()
