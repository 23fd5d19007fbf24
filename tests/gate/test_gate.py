"""What the gate makes of counts: sums, figures, verdicts, and files that are no counts."""
import json
import pathlib
import tempfile
import unittest

import gate_module

gate = gate_module.load()


def scripts(paced=(1_000_000, 64), short=(520_000, 16), merged=(600_000, 64), turns=1):
    return {name: ({"turns": turns, "tokens": tokens}, instructions)
            for name, (instructions, tokens) in (("paced", paced), ("short", short), ("merged", merged))}


class SumTest(unittest.TestCase):
    def test_the_sum_of_a_profile_is_what_was_counted_in_it(self):
        self.assertEqual(gate.total_of("events: Ir\nsummary: 1234\n\nfn=(1) f\n"), 1234)
        self.assertEqual(gate.total_of("events: Ir\nfn=(1) f\ntotals: 99\n"), 99)

    def test_a_profile_in_which_nothing_was_counted_is_refused(self):
        for profile in ("", "events: Ir\n", "events: Ir\nsummary: 0\n", "says summary: 12\n"):
            with self.assertRaises(gate.GateError, msg=profile):
                gate.total_of(profile)


class FiguresTest(unittest.TestCase):
    def test_a_token_is_what_the_longer_script_costs_more(self):
        figures = gate.figures_of(scripts())
        self.assertEqual(figures["turn"], 1_000_000)
        self.assertEqual(figures["token"], 10_000)  # 480,000 for 48 tokens
        self.assertEqual(figures["merged_token"], 3_750)  # 600,000 less 360,000 for 64 tokens

    def test_a_turn_is_an_equal_share_of_all(self):
        self.assertEqual(gate.figures_of(scripts(turns=4))["turn"], 250_000)

    def test_scripts_that_do_not_go_together_are_refused(self):
        other_turns = scripts()
        other_turns["merged"][0]["turns"] = 2
        for wrong in (scripts(short=(1, 64)), scripts(short=(1, 0)), scripts(merged=(1, 63)), scripts(turns=0),
                      other_turns):
            with self.assertRaises(gate.GateError, msg=wrong):
                gate.figures_of(wrong)


class CompareTest(unittest.TestCase):
    KEPT = {"worker": {"turn": 10_000, "token": 1_000, "merged_token": 100}}

    def compare(self, **figures):
        return gate.compare({"worker": {**self.KEPT["worker"], **figures}}, self.KEPT, 3.0)

    def test_what_is_within_the_room_passes(self):
        for token in (970, 1_000, 1_030):
            lines, worse, better = self.compare(token=token)
            self.assertEqual((len(lines), worse, better), (3, [], []), token)

    def test_what_is_worse_is_named_with_how_much(self):
        lines, worse, better = self.compare(token=1_031, merged_token=200)
        self.assertEqual((worse, better), ([("worker", "token"), ("worker", "merged_token")], []))
        self.assertRegex("\n".join(lines), r"worker +token +1,031 +1,000 +\+3\.10 %  WORSE")
        self.assertRegex("\n".join(lines), r"merged_token .* \+100\.00 %  WORSE")

    def test_what_is_better_is_named_too(self):
        _, worse, better = self.compare(turn=9_699)
        self.assertEqual((worse, better), ([], [("worker", "turn")]))

    def test_other_parts_or_figures_than_are_kept_are_refused(self):
        figures = self.KEPT["worker"]
        for now in ({}, {"broker": figures}, {"worker": figures, "broker": figures}, {"worker": {"turn": 10_000}}):
            with self.assertRaises(gate.GateError, msg=now):
                gate.compare(now, self.KEPT, 3.0)

    def test_a_kept_figure_that_is_no_count_is_refused(self):
        for wrong in (0, -1, "1000", None, 1.5):
            with self.assertRaises(gate.GateError, msg=wrong):
                gate.compare(self.KEPT, {"worker": {**self.KEPT["worker"], "token": wrong}}, 3.0)


class HottestTest(unittest.TestCase):
    HEAD = "--------\n90,000 (100.0%)  PROGRAM TOTALS\n--------\nIr  file:function\n--------\n"

    def test_functions_are_read_without_the_library_that_they_are_in(self):
        listing = self.HEAD + ("60,000 (66.67%)  ???:f(std::__cxx11::basic_string<char, std::char_traits<char>, "
                               "std::allocator<char> >&, char [8]) [/usr/lib/libf.so]\n"
                               " 9,000 (10.00%)  ./malloc/malloc.c:malloc [/lib/libc.so.6]\n"
                               " 1,000 ( 1.11%)  ./malloc/malloc.c:malloc\n")
        self.assertEqual(gate.by_function(listing),
                         {"f(std::string&, char [8])": 60_000, "./malloc/malloc.c:malloc": 10_000})

    def test_the_shares_of_all_functions_are_the_figure(self):
        counted = scripts(turns=2)
        weights, figures = gate.weights_of(counted), gate.figures_of(counted)
        listings = {script: self.HEAD + f"{instructions - 5_000:,} (9%)  ???:f\n5,000 (6%)  ???:g\n"
                    for script, (_, instructions) in counted.items()}
        for figure in figures:
            found = gate.shares(weights[figure], listings)
            self.assertAlmostEqual(sum(found.values()), figures[figure], places=3)
        self.assertAlmostEqual(gate.shares(weights["token"], listings)["g"], 0)


class FileTest(unittest.TestCase):
    FIGURES = {"turn": 3, "token": 2, "merged_token": 1}

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "counts.json"

    def test_what_was_written_is_read(self):
        gate.write_counts(self.path, {"compiler": "12"}, {"worker": self.FIGURES})
        self.assertEqual(gate.read_counts(self.path),
                         {"made_with": {"compiler": "12"}, "instructions": {"worker": self.FIGURES}})

    def test_a_part_that_was_not_counted_again_is_kept(self):
        gate.write_counts(self.path, {"compiler": "12"}, {"worker": self.FIGURES})
        gate.write_counts(self.path, {"compiler": "12"}, {"broker-memory": self.FIGURES})
        self.assertEqual(list(gate.read_counts(self.path)["instructions"]), ["broker-memory", "worker"])

    def test_unless_it_was_made_with_another_compiler(self):
        gate.write_counts(self.path, {"compiler": "12"}, {"worker": self.FIGURES})
        gate.write_counts(self.path, {"compiler": "13"}, {"broker-memory": self.FIGURES})
        self.assertEqual(list(gate.read_counts(self.path)["instructions"]), ["broker-memory"])

    def test_a_file_that_is_no_counts_is_refused_with_what_to_do(self):
        for text in (None, "", "{", "[]", "{}", '{"made_with": {}}', '{"made_with": 1, "instructions": {}}'):
            if text is not None:
                self.path.write_text(text)
            with self.assertRaisesRegex(gate.GateError, "--update", msg=text):
                gate.read_counts(self.path)

    def test_the_counts_of_the_repository_hold_every_part_and_figure(self):
        kept = json.loads((gate.HERE / "counts.json").read_text())
        self.assertEqual(list(kept["instructions"]), list(gate.PARTS))
        for figures in kept["instructions"].values():
            self.assertEqual(set(figures), set(self.FIGURES))
            self.assertTrue(all(isinstance(value, int) and value > 0 for value in figures.values()))


if __name__ == "__main__":
    unittest.main()
