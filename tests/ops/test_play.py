"""ops/demo/play against a chat whose events are written here, right and wrong ones."""
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

import xxhash

PLAY = pathlib.Path(__file__).resolve().parents[2] / "ops" / "demo" / "play"


def turn(text="Good evening.", **changes):
    """The events of one turn; `changes` go into the end event."""
    raw = text.encode()
    half = len(text) // 2
    end = {"type": "completed", "text_bytes": len(raw), "text_hash": xxhash.xxh64(raw).hexdigest(),
           "timings_ms": {}, "degraded": []}
    events = [{"type": "accepted"}, {"type": "started"},
              {"type": "stage", "stage": "phase", "status": "done", "ms": 5,
               "result": {"phase": "opening", "feelings": [{"name": "calm", "strength": 1}]}},
              {"type": "delta", "text": text[:half]}, {"type": "delta", "text": text[half:]},
              end | changes]
    for seq, event in enumerate(events, 1):
        event["seq"] = seq
    return events


class Play(unittest.TestCase):
    def play(self, events, script="one\ntwo\n", code=0):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "script.txt").write_text(script, "utf-8")
            lines = "".join(json.dumps(event) + "\n" for event in events)
            (folder / "events").write_text(lines, "utf-8")
            chat = folder / "chat"
            chat.write_text(f"#!/bin/sh\ncat >'{folder}/said'\necho \"$@\" >'{folder}/arguments'\n"
                            f"cat '{folder}/events'\nexit {code}\n")
            chat.chmod(chat.stat().st_mode | stat.S_IXUSR)
            done = subprocess.run([sys.executable, PLAY, chat, folder / "script.txt", "en", "--x"],
                                  capture_output=True, encoding="utf-8", timeout=60,
                                  env=os.environ | {"PYTHONIOENCODING": "utf-8"})
            self.said = (folder / "said").read_text("utf-8")
            self.arguments = (folder / "arguments").read_text("utf-8")
            return done

    def assert_refused(self, because, events, **more):
        done = self.play(events, **more)
        self.assertEqual(done.returncode, 1)
        self.assertIn(because, done.stderr)

    def test_a_whole_conversation_is_shown_and_passes(self):
        done = self.play(turn() + turn("Good night, 晚安."))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.said, "one\ntwo\n")
        self.assertEqual(self.arguments, "--json --locale en --x\n")
        for shown in ("Client: one", "[phase, 5 ms] phase: opening · feelings: calm 1",
                      "  > Good evening.\n", "Client: two", "晚安", "2 turns completed"):
            self.assertIn(shown, done.stdout)

    def test_a_reply_that_is_not_what_its_end_says_fails(self):
        self.assert_refused("hash", turn(text_hash="0" * 16) + turn())
        self.assert_refused("turn 2: 13 bytes arrived, not 12", turn() + turn(text_bytes=12))
        self.assert_refused("the reply is empty", turn("") + turn())

    def test_a_hole_in_the_numbers_fails(self):
        events = turn()
        del events[3]
        self.assert_refused("event 5 came after 3", events + turn())

    def test_a_replayed_delta_may_stand_for_several_numbers(self):
        events = turn()
        events[4:5] = []
        events[3] |= {"text": "Good evening.", "from": 4, "seq": 5}
        self.assertEqual(self.play(events + turn()).returncode, 0)

    def test_what_came_before_a_reset_does_not_count(self):
        events = turn()
        events[3:3] = [{"type": "delta", "text": "Go"}, {"type": "reset", "reason": "again"}]
        for seq, event in enumerate(events, 1):
            event["seq"] = seq
        self.assertEqual(self.play(events + turn()).returncode, 0)

    def test_every_other_end_fails(self):
        for end in ("failed", "cancelled"):
            self.assert_refused(f"turn 1: it {end}: why", turn(type=end, reason="why") + turn())
        self.assert_refused("it was rejected: full",
                            [{"type": "rejected", "code": "overloaded", "message": "full"}] + turn())

    def test_a_turn_that_is_missing_fails(self):
        self.assert_refused("1 of 2 turns ended", turn())
        self.assert_refused("0 of 2 turns ended", [])

    def test_the_chats_own_exit_code_counts(self):
        self.assert_refused("ended with 3", turn() + turn(), code=3)


if __name__ == "__main__":
    unittest.main()
