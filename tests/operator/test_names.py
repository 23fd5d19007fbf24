"""The reading of expressions, on which the checks of names rest."""
import unittest

from names import names_of


class Names(unittest.TestCase):
    def check(self, expression, metrics, labels=()):
        self.assertEqual(names_of(expression), (set(metrics), set(labels)), expression)

    def test_functions_keywords_and_strings_are_no_metrics(self):
        self.check("sum by (a, b) (rate(m_total[5m])) / on (c) n", ["m_total", "n"], "abc")
        self.check('m{job="x(y{z", code=~"a|b"} > 0.05 and m2 == 1e3', ["m", "m2"], ["job", "code"])

    def test_a_recorded_name_is_one(self):
        self.check("emostage:turns_failed:ratio5m > 0.1", ["emostage:turns_failed:ratio5m"])

    def test_grafanas_variables_are_none(self):
        self.check("histogram_quantile(0.5, sum by (le) (rate(m_bucket{a!=\"\"}[$__rate_interval])))",
                   ["m_bucket"], ["le", "a"])

    def test_a_name_without_braces_or_range_is_seen(self):
        self.check("max(m) or vector(0) unless n offset 5m", ["m", "n"])


if __name__ == "__main__":
    unittest.main()
