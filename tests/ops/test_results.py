"""bench/results.py: what was measured, beside what is asked for."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

RESULTS = pathlib.Path(__file__).resolve().parents[2] / "bench" / "results.py"


def row(label, load, state="journal", **more):
    return {"label": label, "load": load, "state": state, "turns_per_s": 100.0, "tokens_per_s": 6400.0,
            "violations": 0.0, "failed": 0.0, "added_first_ms_p50": 0.5, "added_first_ms_p99": 1.5,
            "cancel_to_close_ms_p50": 1.0, "cancel_to_close_ms_p99": 9.0, "foreign_cpus": 0.1,
            "cpu_s_per_1k_broker": 0.1, "cpu_s_per_1k_worker": 0.2, "peak_mb_broker": 20.0,
            "peak_mb_worker": 40.0, "at_unix": 1795290104.0, **more}


def run(peer, mode, conc, cpu, **more):
    return {"peer": peer, "mode": mode, "conc": conc, "turns_ok": 1000, "cpu_s_per_1k": cpu,
            "cpu_worker_s": cpu / 2, "turns_s": 1000 / cpu, "rss_worker_mb": 30.0, "rss_broker_mb": 10.0,
            "added_ms": {"p50": 1.0, "p95": 2.0, "p99": 3.0}, "lost": 0, "errors": 0, "unfinished": 0,
            "foreign_cpu": 0.0, **more}


class ResultsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, lines):
        path = self.folder / name
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line)
                                  for line in lines) + "\n")
        return path

    def results(self, rows, tables=("### Saturated", "| 64 |"), runs=None):
        more = ["--peers", self.write("runs", runs)] if runs else []
        done = subprocess.run(
            [sys.executable, RESULTS, "--rows", self.write("rows", rows), "--tables",
             self.write("tables", tables), "--commands", self.write("commands", ["--closed 64"] * 2),
             "--commit", "abc123", *more], capture_output=True, text=True, check=True)
        return done.stdout

    def target(self, text, name):
        line, = [line for line in text.splitlines() if line.startswith(f"| {name}")]
        return [cell.strip() for cell in line.strip("|").split("|")]

    def test_our_own_figures_stand_where_there_are_no_peers(self):
        rows = [row("Saturated", 64, turns_per_s=rate) for rate in (10, 30, 20)]
        rows += [row("Saturated", 64, "memory", cpu_s_per_1k_broker=0.05), row("Paced", 64)]
        text = self.results(rows)
        self.assertEqual(self.target(text, "turns/s, saturated")[4], "20")
        self.assertEqual(self.target(text, "CPU-s per 1,000 turns")[4], "0.30 journal, 0.25 memory")
        self.assertEqual(self.target(text, "added first token p50 / p99, paced, 64")[4], "0.50 / 1.50")
        self.assertEqual(self.target(text, "the same, 512")[4], "– journal, – memory")
        self.assertIn("| commit | abc123 |", text)
        self.assertEqual(text.count("    emostage-bench --closed 64"), 1)

    def test_peers_of_the_same_run_stand_beside_ours(self):
        runs = [run("emostage", "sat", 64, 0.25), run("emostage-memory", "sat", 64, 0.2),
                run("slow", "sat", 64, 5.0), run("fast", "sat", 64, 0.5),
                run("bound-curl-multi", "sat", 64, 0.09), {"peer": "fast", "mode": "sat", "conc": 64,
                                                           "fail": "TimeoutError"}]
        text = self.results([row("Saturated", 64)], runs=runs)
        cells = self.target(text, "CPU-s per 1,000 turns")
        self.assertEqual(cells[1], "0.50 (fast)")
        self.assertEqual(cells[2], "0.09 curl")
        self.assertEqual(cells[4], "0.25 journal, 0.20 memory")
        self.assertEqual(self.target(text, "turns/s, saturated")[1], "2000 (fast)")
        self.assertIn("| slow | 64 | 1 | 200.0 | **5.00** (2.50 + 2.50) |", text)

    def test_disturbed_runs_count_only_where_there_is_no_other(self):
        text = self.results([row("Saturated", 64)], runs=[
            run("emostage", "sat", 64, 0.20), run("emostage", "sat", 64, 0.90, foreign_cpu=0.5),
            run("busy", "sat", 64, 0.70, foreign_cpu=0.9)])
        self.assertIn("| emostage | 64 | 1 |", text)
        self.assertIn("**0.20**", text)
        self.assertNotIn("**0.90**", text)
        self.assertIn("**0.70**", text)
        self.assertIn("2 of 3 runs", text)

    def test_overload_is_said_in_the_reports_words(self):
        said = "the knee is at 400 turns/s. At 1200 turns/s …."
        text = self.results([row("Saturated", 64)],
                            ["### Open loop", "", "| 400/s |", "", f"journal: {said}", "", "### Cancel"])
        self.assertEqual(self.target(text, "past saturation")[4], "by slots: " + said)
        text = self.results([row("Saturated", 64)], ["### Open loop", "", "| 400/s |", "### Open loop saturated",
                                                     "", f"journal: {said}"])
        self.assertEqual(self.target(text, "past saturation")[4], "by processors: " + said)
        text = self.results([row("Saturated", 64)])
        self.assertEqual(self.target(text, "past saturation")[4], "not measured")

    def test_ten_thousand_cancels_and_idle_are_ours(self):
        text = self.results([row("Ten thousand", 10000), row("Cancel", 512),
                             row("Idle", 0, cpu_s_per_1k_broker=0.01, cpu_s_per_1k_worker=0.02)])
        self.assertIn("6400 tokens/s, 0 lost or wrong, 0 failed", self.target(text, "10,000")[4])
        self.assertEqual(self.target(text, "cancel to closed")[4], "1.0 / 9.0")
        self.assertEqual(self.target(text, "idle")[4], "0.030")


if __name__ == "__main__":
    unittest.main()
