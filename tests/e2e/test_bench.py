"""emostage-bench against real processes: what it reports, and that nothing stays behind."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from cluster import BIN, SOURCE, Cluster

FAST = ["--ttft-ms", "20", "--itl-ms", "2", "--tokens", "10", "--json-tokens", "5", "--seconds", "1"]
SLOW = ["--ttft-ms", "20", "--itl-ms", "10", "--tokens", "100", "--json-tokens", "5", "--seconds", "1"]
PATIENCE_S = 60


def children_of(pid):
    """Of processes that still run, by name."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = re.match(r"\d+ \((.*)\) (.*)", status.read_text(), re.S).groups()
        except (OSError, AttributeError):
            continue
        if int(rest.split()[1]) == pid:
            found.append((int(status.parent.name), name))
    return found


class BenchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out = self.folder / "rows.jsonl"

    def bench(self, *arguments, expect=0):
        done = subprocess.run([BIN / "emostage-bench", *map(str, arguments)], text=True,
                              capture_output=True, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, expect, done.stderr + done.stdout)
        return done

    def rows(self):
        return [json.loads(line) for line in self.out.read_text().splitlines()]

    def check_whole(self, row, itl_ms=2):
        self.assertGreater(row["completed"], 0)
        for field in ("violations", "failed", "unfinished", "degraded"):
            self.assertEqual(row[field], 0, (field, row))
        self.assertEqual(row["started"], row["completed"] + row["cancelled"] + row["rejected"])
        self.assertGreater(row["added_first_ms_p50"], -1)
        self.assertLessEqual(row["added_first_ms_p50"], row["added_first_ms_p99"])
        self.assertAlmostEqual(row["ideal_first_ms"], 20 + 4 * itl_ms + 20)

    def test_a_closed_loop_is_measured_with_journal_and_in_memory(self):
        for more in ([], ["--memory"]):
            done = self.bench("--closed", "1,8", *FAST, "--out", self.out, *more)
            self.assertIn("| 8 in flight |", done.stdout)
        rows = self.rows()
        self.assertEqual([row["state"] for row in rows], ["journal"] * 2 + ["memory"] * 2)
        for row in rows:
            self.check_whole(row)
            # A turn lasts 66 ms at least, so that is the most that can get through.
            self.assertLessEqual(row["turns_per_s"], 1.3 * row["load"] / 0.066)
            self.assertAlmostEqual(row["tokens_per_s"], 10 * row["turns_per_s"],
                                   delta=10 * row["load"] + 0.2 * row["tokens_per_s"])
            for field in ("cpu_s_per_1k_broker", "cpu_s_per_1k_worker", "cpu_s_per_1k_rehearsal",
                          "cpu_s_per_1k_bench", "peak_mb_broker", "peak_mb_worker"):
                self.assertGreater(row[field], 0, field)
            self.assertIsNone(row["cancel_to_close_ms_p50"])

    def test_an_open_loop_keeps_its_rate_and_cancels_close_connections(self):
        plots = self.folder / "plots"
        # Replies that last a second: a cancel at their beginning finds the model's server speaking.
        self.bench("--open", "20,30,40", "--rhythm", "people", "--cancel", 30, *SLOW, "--out",
                   self.out, "--plots", plots)
        rows = self.rows()
        for row in rows:
            self.check_whole(row, itl_ms=10)
        cancelled = sum(row["cancelled"] for row in rows)
        self.assertGreater(cancelled, 0)
        self.assertEqual(sum(row["cancelled_not_closed"] or 0 for row in rows), 0)
        self.assertTrue(any((row["cancel_to_close_ms_p50"] or 0) > 0 for row in rows))
        started = sum(row["started"] for row in rows)
        self.assertTrue(90 < started < 480, started)  # 90 a second for two or three seconds
        for name in ("load-journal-latency.svg", "load-journal-goodput.svg"):
            self.assertTrue((plots / name).read_text().endswith("</svg>\n"))

        report = self.bench("--report", self.out).stdout
        self.assertIn("| 40/s | journal |", report)

    def test_what_is_too_much_is_refused_and_counted(self):
        queue = [f"--broker-flag=--queue-{name}-max=4"
                 for name in ("turns", "turns-per-gateway", "turns-per-session")]
        self.bench("--open", 200, *FAST, "--slots", 4, *queue, "--out", self.out)
        row, = self.rows()
        self.check_whole(row)
        self.assertGreater(row["rejected"], 50)
        self.assertGreater(row["refusal_ms_p99"], 0)

    def test_idle_is_measured(self):
        self.bench("--idle", 1, "--out", self.out)
        row, = self.rows()
        self.assertTrue(0 <= row["cpu_s_per_1k_broker"] < 50)
        self.assertGreater(row["peak_mb_worker"], 1)

    def test_a_system_that_runs_can_be_loaded(self):
        with Cluster("bench-running", workers=1, rehearsal=["--tokens", 10]) as cluster:
            self.bench("--commands", cluster.commands, "--events", cluster.events, "--closed", 4,
                       "--tokens", 10, "--seconds", 1, "--ttft-ms", 0, "--itl-ms", 0, "--out",
                       self.out)
        row, = self.rows()
        self.assertEqual((row["violations"], row["failed"], row["state"]), (0, 0, "unknown"))
        self.assertIsNone(row["cpu_s_per_1k_broker"])

    def test_replies_that_are_not_whole_are_told(self):
        with Cluster("bench-short", workers=1, rehearsal=["--tokens", 9]) as cluster:
            self.bench("--commands", cluster.commands, "--events", cluster.events, "--closed", 1,
                       "--tokens", 10, "--seconds", 1, "--ttft-ms", 0, "--itl-ms", 0, "--out",
                       self.out, expect=1)
        row, = self.rows()
        self.assertEqual(row["violations"], row["completed"])

    def test_ctrl_c_ends_all_that_was_started(self):
        bench = subprocess.Popen([BIN / "emostage-bench", "--closed", "4", "--seconds", "600"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(bench.stderr.close)
        self.addCleanup(bench.kill)
        end = time.monotonic() + PATIENCE_S
        started = []
        while len(started) < 3:
            self.assertLess(time.monotonic(), end)
            started = [one for one in children_of(bench.pid) if one[1] != "emostage-bench"]
        bench.send_signal(signal.SIGINT)
        self.assertEqual(bench.wait(PATIENCE_S), 130)
        for pid, name in started:
            self.assertFalse(os.path.exists(f"/proc/{pid}"), name)

    def test_what_cannot_be_measured_says_why(self):
        wrong = self.bench("--closed", 1, "--programs", self.folder, expect=1).stderr
        self.assertIn("emostage-rehearsal", wrong)
        self.assertIn("build it first", wrong)
        wrong = self.bench("--closed", 1, "--worker-flag=--nonsense", expect=1).stderr
        self.assertIn("worker-1 ended by itself", wrong)
        wrong = self.bench("--report", self.folder / "none", expect=1).stderr
        self.assertIn("cannot be read", wrong)
        self.bench("--closed", "none", expect=2)


class HttpBenchTest(unittest.TestCase):
    def test_streams_are_counted_and_probes_seen_twice(self):
        done = subprocess.run(
            [sys.executable, "-B", SOURCE / "bench" / "http" / "streams", "--bin", BIN, "--streams", "8",
             "--seconds", "1", "--rate", "20", "--probes", "3", "--json"],
            text=True, capture_output=True, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        row = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual((row["streams"], row["ended_early"]), (8, 0))
        self.assertGreater(row["deltas_per_second"], 80)
        self.assertLess(row["deltas_per_second"], 200)
        self.assertEqual((len(row["added_first_ms"]), len(row["closed_ms"])), (3, 3))


if __name__ == "__main__":
    unittest.main()
