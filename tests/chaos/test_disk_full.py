"""The row "broker's disk full" of the fault table, on a small file system that is really full."""
import unittest
import uuid

import msgpack

import paths  # noqa: F401
from arena import broker_is_durable
from arena_case import ArenaCase
from checker import AUDIT
from gateway import wait_for_ends
from small_disk import SmallDisk

MIB = 48
MODEL = ["--ttft-ms", 20, "--itl-ms", 10, "--tokens", 60]
ROUNDS_MAX = 60  # opens of a disk that fills up, until one is refused
LARGE = "a" * 30_000  # bytes of a text: it fills what is left of the disk's last pages


class DiskFull(ArenaCase):
    def setUp(self):
        if not broker_is_durable():
            self.skipTest("this broker keeps no state on disk")
        if refusal := SmallDisk.refusal():
            self.skipTest(refusal)
        self.disk = SmallDisk(MIB)
        self.addCleanup(self.disk.close)

    def open_large(self, arena, gateway):
        return gateway.open(arena.say(LARGE), uuid.uuid4().hex, history=[], locale="en")

    def fill_until_refused(self, arena, gateway):
        """The turns that were pushed meanwhile; the last of them is `unavailable`."""
        turns = []
        for _ in range(ROUNDS_MAX):
            self.disk.fill()
            turns.append(self.open_large(arena, gateway))
            gateway.wait(lambda: turns[-1].accepted or turns[-1].end, "an answer")
            if turns[-1].end and turns[-1].status == "rejected":
                self.assertEqual(turns[-1].code, "unavailable")
                return turns
        self.fail(f"{ROUNDS_MAX} turns were accepted by a broker whose disk is full")

    def audit(self, arena, turns):
        """From a broker that was killed and started again: each turn's end, as it was told."""
        auditor = arena.gateway(f"{AUDIT}-{uuid.uuid4().hex[:6]}", relayed=False)
        again = []
        for turn in turns:
            command = {**turn.command, "gateway": auditor.name}
            again.append(auditor.follow_bytes(command, msgpack.packb(command)))
        wait_for_ends(again, [auditor])
        for turn, other in zip(turns, again):
            self.assertEqual(turn.end, other.end)

    def test_brokers_disk_full(self):
        with self.arena("row-disk-full", workers=2, models=MODEL,
                        state=self.disk.path / "state") as arena:
            gateway = arena.gateway()
            before = self.open(arena, gateway, 2)
            wait_for_ends(before, [gateway])
            self.check_completed(before)

            running = self.streaming(arena, gateway, 4)
            pushed = self.fill_until_refused(arena, gateway)
            refused = self.open(arena, gateway, 3)
            wait_for_ends(refused, [gateway])
            self.assertEqual({turn.code for turn in refused}, {"unavailable"})
            # Reads go on.
            reader = arena.gateway()
            read = [reader.attach(turn.id) for turn in before]
            wait_for_ends(read, [reader])
            self.assertEqual([turn.text for turn in read], [turn.text for turn in before])

            self.disk.make_room()
            accepted = [turn for turn in [*running, *pushed] if turn.status != "rejected"]
            wait_for_ends(accepted, [gateway])
            self.check_completed(running)
            after = self.open_until_accepted(arena, gateway)
            wait_for_ends([after], [gateway])
            self.check_completed([after])
            arena.restart_broker()
            arena.wait_for_workers(2)
            self.audit(arena, [*before, *accepted, after])

    def open_until_accepted(self, arena, gateway):
        """The broker finds by itself, within seconds, that there is room again."""
        found = []

        def accepted():
            if not found or found[-1].end:
                found.extend(self.open(arena, gateway))
            return found[-1].accepted

        gateway.wait(accepted, "an acceptance", 15)
        return found[-1]

    def test_a_broker_that_is_killed_on_a_full_disk_has_all_that_it_accepted(self):
        with self.arena("row-disk-full-killed", workers=2, models=MODEL,
                        state=self.disk.path / "state") as arena:
            gateway = arena.gateway()
            running = self.streaming(arena, gateway, 4)
            pushed = self.fill_until_refused(arena, gateway)
            arena.kill(arena.broker)
            self.disk.make_room()
            arena.start_broker_again()
            accepted = [turn for turn in [*running, *pushed] if turn.status != "rejected"]
            wait_for_ends(accepted, [gateway])
            self.check_completed(running)
            self.audit(arena, accepted)


if __name__ == "__main__":
    unittest.main()
