"""What the page's tests share: the real programs, a browser, and how a reply is compared."""
import json
import unittest
import urllib.request

import xxhash

import paths  # noqa: F401
from browser import Browser
from cluster import LOGS, Cluster
from model import ScriptedModel

LOOKS = LOGS / "looks"  # the screenshots
TONGUES = {"ja": "ja-JP", "zh": "zh-CN", "en": "en-GB"}
STEPS = ("opening", "exploring", "understanding", "acting", "closing")


class PageCase(unittest.TestCase):
    """One browser and one cluster with a gateway for all tests of a class."""

    address = None  # of the gateway: http://HOST:PORT

    @classmethod
    def setUpClass(cls):
        if cls is PageCase:
            return
        cls.browser = Browser(LOGS / "node")
        cls.addClassCleanup(cls.browser.close)
        LOOKS.mkdir(parents=True, exist_ok=True)
        cls.cluster = Cluster(f"{cls.__module__}-{cls.__name__}", **cls.cluster_settings())
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)
        cls.start_gateway()

    @classmethod
    def cluster_settings(cls):
        return {}

    @classmethod
    def gateway_arguments(cls):
        return []

    # Again on the address that it had.
    @classmethod
    def start_gateway(cls):
        listen = cls.address.removeprefix("http://") if cls.address else "127.0.0.1:0"
        cls.gateway, cls.address = cls.cluster.start_http_gateway(
            arguments=cls.gateway_arguments(), listen=listen)

    def tab(self, **settings):
        """A tab that shows the page; at the test's end nothing may have gone wrong in it."""
        tab = self.browser.tab(**settings)
        self.addCleanup(self.done, tab)
        tab.go(self.address)
        tab.wait("document.title !== 'EmoStage'")  # the script has run
        return tab

    def done(self, tab):
        if tab.closed:
            return
        # What a test takes away or refuses on purpose, Chromium reports as a failed request.
        wrongs = [wrong for wrong in tab.wrongs() if not wrong.startswith("Failed to load resource")]
        tab.close()
        self.assertEqual(wrongs, [])

    def say(self, text):
        return self.cluster.say(text)

    def get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:
            return json.load(answer)

    def check_whole(self, tab):
        """What stands in the page is the turn's text, to the byte. Gives it."""
        kept = tab.turns()[-1]
        turn = self.get(f"/v1/turns/{kept['id']}")
        self.assertEqual(turn["status"], "completed")
        shown = tab.text(".reply")
        raw = shown.encode()
        self.assertTrue(shown)
        self.assertEqual(shown, turn["text"])
        self.assertEqual(len(raw), turn["end"]["text_bytes"])
        self.assertEqual(xxhash.xxh64(raw).hexdigest(), turn["end"]["text_hash"])
        return shown

    def check_accessible(self, tab, where):
        found = tab.axe()
        self.assertGreater(found["passes"], 10, where)  # it has looked at something
        self.assertEqual(found["violations"], [], where)

    def check_width(self, tab):
        wide, seen = tab.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        self.assertLessEqual(wide, seen)
        beyond = tab.evaluate(
            "[...document.querySelectorAll('body *')].filter((node) => !node.closest('.unseen, .name')"
            " && node.getBoundingClientRect().right > innerWidth + 1).map((node) => node.outerHTML)")
        self.assertEqual(beyond, [])

    def look(self, tab, name, full=False):
        tab.look(LOOKS / f"{name}.png", full)


def controlled(cls):
    """For cluster_settings: a model server that streams as far as the test allows."""
    cls.model = ScriptedModel()
    cls.addClassCleanup(cls.model.__exit__)
    return {"endpoint": cls.model.endpoint, "workers": 1}
