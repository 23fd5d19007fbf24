"""emostage-top without a terminal: pages in, lines out."""
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops"))

from top import figures, samples, screen  # noqa: E402
from top.model import GONE_S, Model  # noqa: E402

BROKER, WORKER = "127.0.0.1:7704", "127.0.0.1:7721"


class Samples(unittest.TestCase):
    def test_a_page_is_read_with_its_labels_whatever_they_hold(self):
        page = samples.parse('# HELP a A.\n# TYPE a gauge\na 1\nb{x="1",y="a\\"b\\\\c,}\\nd"} 2.5e-3 1700000000\n'
                             'c_bucket{le="+Inf"} 7\n')
        self.assertEqual(page["a"], [({}, 1.0)])
        self.assertEqual(page["b"], [({"x": "1", "y": 'a"b\\c,}\nd'}, 0.0025)])
        self.assertEqual(samples.buckets(page, "c"), {float("inf"): 7.0})

    def test_what_is_no_page_is_refused_with_its_line(self):
        for text in ("<html>", "a", "a{", 'a{x="1} 2', "a{x=1} 2", "a b", 'a{x="1"}', "a 1\n{} 2\nx"):
            with self.assertRaises(samples.BadPage, msg=text):
                samples.parse(text)
        with self.assertRaisesRegex(samples.BadPage, "line 2"):
            samples.parse("a 1\nb ?")
        with self.assertRaisesRegex(samples.BadPage, "more than"):
            samples.parse("a 1\n" * (samples.LINES_MAX + 1))

    def test_a_counter_that_began_anew_grew_by_what_it_is(self):
        self.assertEqual(samples.growth(10.0, 15.0), 5.0)
        self.assertEqual(samples.growth(10.0, 3.0), 3.0)
        self.assertEqual(samples.growth(None, 3.0), 3.0)
        self.assertIsNone(samples.growth(3.0, None))

    def test_a_percentile_lies_within_its_range(self):
        inf = float("inf")
        self.assertAlmostEqual(samples.quantile(0.5, {1.0: 0.0, 2.0: 10.0, inf: 10.0}), 1.5)
        self.assertAlmostEqual(samples.quantile(0.99, {1.0: 100.0, inf: 100.0}), 0.99)
        self.assertEqual(samples.quantile(0.99, {1.0: 1.0, 2.0: 1.0, inf: 100.0}), 2.0, "more than the last bound")
        self.assertIsNone(samples.quantile(0.5, {1.0: 0.0, inf: 0.0}))
        self.assertIsNone(samples.quantile(0.5, {}))


class Figures(unittest.TestCase):
    def test_times_are_short_and_have_their_unit(self):
        for value, text in ((None, "–"), (0, "0"), (42e-6, "42 µs"), (0.00099996, "1.0 ms"), (0.0042, "4.2 ms"),
                            (0.234, "234 ms"), (0.9996, "1.0 s"), (3.14, "3.1 s"), (42, "42 s"), (300, "5 min"),
                            (10_000, "3 h"), (400_000, "5 d")):
            self.assertEqual(figures.seconds(value), text)

    def test_numbers_sizes_and_rates_too(self):
        self.assertEqual([figures.count(n) for n in (0, 9_999, 12_345, 9_999_499, 10_000_000)],
                         ["0", "9999", "12k", "9999k", "10M"])
        self.assertEqual([figures.size(n) for n in (0, 999, 1_500, 42_000_000, 5e12)],
                         ["0 B", "999 B", "1.5 kB", "42 MB", "5000 GB"])
        self.assertEqual([figures.rate(n) for n in (0, 0.01, 0.25, 99.9, 100, 123_456)],
                         ["0", "<0.1", "0.2", "99.9", "100", "123k"])

    def test_a_bar_has_its_width_whatever_it_shows(self):
        for share in (-1, 0, 0.3, 0.5, 0.99, 1, 7, None):
            for plain in (False, True):
                self.assertEqual(len(figures.bar(share, 10, plain)), 10)
        self.assertEqual(figures.bar(0.5, 4), "██··")
        self.assertEqual(figures.bar(0.5, 4, True), "##..")


def broker_page(turns, wait=0, ready=1):
    return samples.parse(
        f'emostage_turns_total{{outcome="completed"}} {turns}\nemostage_turns_total{{outcome="failed"}} 0\n'
        f'emostage_workers{{state="ready"}} {ready}\nemostage_takes_turns 1\nemostage_draining 0\n'
        f'emostage_worker_slots 64\nemostage_worker_slots_used 16\nemostage_turns_waiting 3\n'
        f'emostage_build_info{{version="1.2.3"}} 1\n'
        f'emostage_queue_wait_seconds_bucket{{pipeline="p",le="0.1"}} {wait}\n'
        f'emostage_queue_wait_seconds_bucket{{pipeline="p",le="+Inf"}} {wait}\n')


def worker_page(turns, running=16, breaker=0, failed=0):
    return samples.parse(
        f'gen_ai_workflow_duration_seconds_count{{gen_ai_workflow_name="p"}} {turns}\n'
        f'emostage_worker_runs {running}\nemostage_worker_run_slots 64\nemostage_worker_shards_registered 1\n'
        f'emostage_worker_draining 0\nprocess_cpu_seconds_total {turns / 100}\n'
        f'emostage_worker_model_breaker_state{{endpoint="vllm-1"}} {breaker}\n'
        f'emostage_worker_model_requests_total{{endpoint="vllm-1",outcome="ok"}} {turns}\n'
        f'emostage_worker_model_requests_total{{endpoint="vllm-1",outcome="stopped"}} {turns}\n'
        f'emostage_worker_model_requests_total{{endpoint="vllm-1",outcome="model_cut"}} {failed}\n'
        f'gen_ai_client_operation_duration_seconds_count{{endpoint="vllm-1",gen_ai_request_model="qwen"}} {turns}\n')


def listing(*workers):
    return {"/workers": {"workers": [{"worker": name, "admin": address} for name, address in workers]},
            "/queue": {"waiting_by_gateway": {"g-small": 1, "g-large": 2}}}


class Screen(unittest.TestCase):
    def setUp(self):
        self.model, self.view = Model([BROKER]), screen.View()

    def text(self, width=160, height=-1, **more):
        lines = screen.render(self.model, self.view, width, height, clock="12:00:00", **more)
        return ["".join(part for part, _ in line) for line in lines]

    def styled(self, needle):
        return {style for line in screen.render(self.model, self.view, 160, -1) for text, style in line
                if needle in text}

    def run_for(self, seconds, turns_per_second=8):
        for now in range(seconds + 1):
            pages = {BROKER: (broker_page(turns_per_second * now, 4 * now), listing(("w1", WORKER)))}
            if WORKER in self.model.processes:
                pages[WORKER] = (worker_page(turns_per_second * now), {})
            self.model.on(float(now), pages)
        return float(seconds)

    def line(self, needle, **more):
        found = [line for line in self.text(**more) if needle in line]
        self.assertTrue(found, (needle, self.text(**more)))
        return found[0]

    def test_rates_and_percentiles_are_those_of_the_last_seconds(self):
        self.run_for(10)
        self.assertIn("8.0/s completed", self.line("completed"))
        self.assertIn("16/64", self.line(" slots"))
        self.assertIn("50 ms / 99 ms", self.line("wait  "))
        self.assertIn("8.0", self.line(" w1 "))
        self.assertIn("8 %", self.line(" w1 "))
        self.assertIn("g-large 2   g-small 1", self.line("waiting  "))
        self.assertIn("1.2.3", self.line("broker 127"))

    def test_the_broker_says_where_workers_are(self):
        self.assertEqual([address for address, _ in self.model.wanted()], [BROKER])
        self.model.on(0.0, {BROKER: (broker_page(0), listing(("w1", WORKER)))})
        self.assertEqual(self.model.wanted(), [(BROKER, ("/metrics", "/queue", "/workers")), (WORKER, ("/metrics",))])

    def test_a_worker_that_is_gone_is_shown_as_gone_and_then_no_more(self):
        now = self.run_for(5)
        self.model.on(now + 1, {BROKER: (broker_page(60), listing()), WORKER: (None, {})})
        self.model.on(now + 4, {BROKER: (broker_page(60), listing())})
        self.assertIn("gone 3.0 s", self.line(" w1 "))
        self.assertEqual(self.styled("gone 3.0 s"), {"bad"})
        self.assertNotIn(WORKER, [address for address, _ in self.model.wanted()])
        self.model.on(now + GONE_S + 2, {BROKER: (broker_page(60), listing())})
        self.assertNotIn(WORKER, self.model.processes)

    def test_a_worker_that_leaves_the_list_and_answers_is_still_looked_at(self):
        now = self.run_for(5)
        self.model.on(now + 1, {BROKER: (broker_page(60), listing()), WORKER: (worker_page(60), {})})
        self.assertIn(WORKER, [address for address, _ in self.model.wanted()])

    def test_a_broker_that_is_gone_keeps_its_last_numbers_dimmed(self):
        now = self.run_for(5)
        self.model.on(now + 1, {BROKER: (None, {}), WORKER: (worker_page(48), {})})
        self.model.on(now + 3, {BROKER: (None, {}), WORKER: (worker_page(64), {})})
        self.assertIn("gone 2.0 s", self.line("broker " + BROKER))
        self.assertIn("16/64", self.line(" slots"))
        self.assertEqual(self.styled("waiting 3"), {"dim"})
        self.assertIn("brokers 0/1", self.text()[0])
        self.assertIn(WORKER, [address for address, _ in self.model.wanted()], "its list is not believed empty")

    def test_rates_begin_anew_after_a_gap(self):
        now = self.run_for(5)
        self.model.on(now + 1, {BROKER: (None, {})})
        self.model.on(now + 30, {BROKER: (broker_page(5), listing(("w1", WORKER)))})
        self.assertIn("–/s completed", self.line("completed"))

    def test_nobody_who_ever_answered_is_said_so(self):
        self.model.on(0.0, {BROKER: (None, {})})
        self.assertIn("no answer", self.line("broker " + BROKER))
        self.assertIn("no workers", "\n".join(self.text()))

    def test_a_model_server_that_was_given_up_stands_out(self):
        self.model.on(0.0, {BROKER: (broker_page(0), listing(("w1", WORKER)))})
        for now in (1.0, 2.0):
            self.model.on(now, {WORKER: (worker_page(10 * now, breaker=2, failed=3 * now), {})})
        self.assertEqual(self.styled("given up"), {"bad"})
        line = self.line("vllm-1")
        self.assertIn("qwen", line)
        self.assertIn("10.0", line)
        self.assertIn("3.0", line, "failed: neither what was answered nor what we stopped")

    def test_every_line_fits_at_any_size(self):
        self.run_for(10)
        self.view.help = True
        for width in (40, 80, 81, 100, 200):
            for height in (1, 2, 5, 24, 60):
                lines = self.text(width=width, height=height)
                self.assertLessEqual(len(lines), max(height, 2))
                for line in lines:
                    self.assertLessEqual(len(line), width)
        self.assertEqual(len(self.text(width=80, height=24)), 24)

    def test_at_80_columns_the_first_things_are_there(self):
        self.run_for(10)
        lines = "\n".join(self.text(width=80, height=24))
        for needle in ("emostage-top", "8.0/s completed", "wait", " w1 ", "ready", "vllm-1", "12:00:00", "quit"):
            self.assertIn(needle, lines)

    def test_sorting_goes_by_what_was_chosen(self):
        self.model.on(0.0, {BROKER: (broker_page(0), listing(("a", "h:1"), ("b", "h:2")))})
        for now in (1.0, 2.0):
            self.model.on(now, {"h:1": (worker_page(now, running=1), {}), "h:2": (worker_page(9 * now, running=5), {})})

        def order():
            return [line.split()[0] for line in self.text() if line.startswith((" a ", " b "))]
        self.assertEqual(order(), ["a", "b"])
        for sort in ("runs", "turns/s"):
            self.view.on_key("s")
            self.assertEqual(screen.SORTS[self.view.sort], sort)
            self.assertEqual(order(), ["b", "a"])
        self.assertIn(f"sort: {screen.SORTS[self.view.sort]}", self.text()[-1])

    def test_keys_do_what_the_last_line_says(self):
        self.assertFalse(self.view.on_key("q"))
        self.assertTrue(self.view.on_key("p"))
        self.assertIn("paused", self.text()[0])
        self.view.on_key("h")
        self.assertTrue(any("wait:" in line for line in self.text()))
        self.assertTrue(self.view.on_key("x"), "any other does nothing")

    def test_scrolling_ends_at_both_ends(self):
        self.run_for(3)
        for _ in range(500):
            self.view.on_key("down")
        bottom = self.text(width=80, height=10)
        self.assertEqual(len(bottom), 10)
        self.assertLess(self.view.scroll, 100)
        for _ in range(500):
            self.view.on_key("up")
        self.assertIn("broker", self.text(width=80, height=10)[1])

    def test_plain_ascii_is_plain_ascii(self):
        self.run_for(10)
        for line in self.text(ascii_only=True):
            self.assertTrue(line.isascii(), line)

    def test_pages_of_strangers_do_no_harm(self):
        strange = {"/workers": {"workers": ["x", {"admin": 7}, {"worker": "w"}, None]}, "/queue": []}
        for extra in (strange, {"/workers": [1], "/queue": "x"}, {"/workers": {"workers": 3}}):
            self.model.on(1.0, {BROKER: (samples.parse("x 1\n"), extra)})
            self.text()


if __name__ == "__main__":
    unittest.main()
