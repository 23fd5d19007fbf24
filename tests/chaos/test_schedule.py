"""The schedule of faults by itself."""
import unittest

from schedule import BROKER_KINDS, KINDS, MODELS, WORKERS, schedule

SEEDS = range(40)


class ScheduleTest(unittest.TestCase):
    def test_a_seed_gives_the_same_faults_again_and_another_seed_others(self):
        self.assertEqual(schedule(3, 60, True), schedule(3, 60, True))
        self.assertNotEqual(schedule(3, 60, True), schedule(4, 60, True))

    def test_every_kind_comes(self):
        kinds = {fault.kind for seed in SEEDS for fault in schedule(seed, 60, True)}
        self.assertEqual(kinds, set(KINDS) | set(BROKER_KINDS))

    def test_a_broker_without_a_journal_is_left_alone(self):
        self.assertFalse({fault.kind for seed in SEEDS for fault in schedule(seed, 60, False)}
                         & set(BROKER_KINDS))

    def test_nothing_outlasts_the_run(self):
        for seed in SEEDS:
            for fault in schedule(seed, 30, True):
                self.assertLessEqual(fault.at + fault.lasts, 30 + 0.01)

    def test_one_worker_and_one_model_server_are_always_well(self):
        for seed in SEEDS:
            faults = schedule(seed, 120, True)
            for family in (WORKERS, MODELS):
                ours = [fault for fault in faults if fault.target in family]
                for one in ours:
                    ill = {other.target for other in ours
                           if other.at <= one.at <= other.at + other.lasts}
                    self.assertLess(len(ill), len(family), (seed, one))

    def test_what_is_broken_is_not_broken_again_meanwhile(self):
        for seed in SEEDS:
            until = {}
            for fault in schedule(seed, 120, True):
                self.assertGreaterEqual(fault.at, until.get(fault.target, 0), (seed, fault))
                until[fault.target] = fault.at + fault.lasts


if __name__ == "__main__":
    unittest.main()
