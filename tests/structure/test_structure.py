"""The structure of the repository; and that the check would see what it forbids."""
import pathlib
import tempfile
import unittest

import check_structure


class StructureTest(unittest.TestCase):
    def test_the_repository_keeps_its_rules(self):
        warnings = []
        files = check_structure.tracked()
        self.assertGreater(len(files), 50)
        problems = [one for path in files for one in check_structure.check(path, warnings)]
        self.assertEqual(problems, [])

    def problems(self, name, text):
        root = check_structure.ROOT
        try:
            with tempfile.TemporaryDirectory() as folder:
                check_structure.ROOT = pathlib.Path(folder).resolve()
                path = check_structure.ROOT / name
                for header in ("core/clock.hpp", "broker/broker.hpp", "worker/run.hpp", name):
                    there = check_structure.ROOT / header
                    there.parent.mkdir(parents=True, exist_ok=True)
                    there.write_text("#pragma once\n")
                path.write_text(text)
                return list(check_structure.check(path, []))
        finally:
            check_structure.ROOT = root

    def test_arrows_go_one_way(self):
        for name, text, count in (
                ("broker/a.cpp", '#include "core/clock.hpp"\n#include <zmq.hpp>\n', 0),
                ("worker/a.cpp", '#include "broker/broker.hpp"\n', 1),
                ("core/a.cpp", '#include "worker/run.hpp"\n', 1),
                ("schemas/a.cpp", '#include "core/clock.hpp"\n', 1),
                ("bench/a.cpp", ' # include "broker/broker.hpp"\n', 1),
                ("bench/gate/a.cpp", '#include "broker/broker.hpp"\n#include "worker/run.hpp"\n', 0),
                ("bench/load/a.cpp", '#include "broker/broker.hpp"\n', 1),
                ("core/b.cpp", '#include "clock.hpp"\n', 1),
                ("core/b.cpp", '#include <core/clock.hpp>\n', 1),
                ("tests/b.cpp", '#include "broker/broker.hpp"\n', 0)):
            self.assertEqual(len(self.problems(name, text)), count, (name, text))

    def test_headers_sizes_and_paths_are_checked(self):
        self.assertEqual(len(self.problems("core/a.hpp", "int a();\n")), 1)
        self.assertEqual(len(self.problems("core/a.cpp", "int a();\n" * 501)), 1)
        self.assertEqual(len(self.problems("core/a.cpp", "int a();\n" * 500)), 0)
        self.assertEqual(len(self.problems("README.md", "see /wo" + "rk/main\n")), 1)
        self.assertEqual(len(self.problems("README.md", "see .." + "/shared/data\n")), 1)
        self.assertEqual(len(self.problems("README.md", "frame/work/flow\n")), 0)
        self.assertEqual(len(self.problems("core/a.cpp", "// TO" + "DO: later\n")), 1)


if __name__ == "__main__":
    unittest.main()
