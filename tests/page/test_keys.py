"""A gateway that asks for keys: the page asks for one, keeps it in its tab, and loses no message over it."""
import hashlib
import unittest

import paths  # noqa: F401
from model import ALL
from page_case import PageCase, controlled

KEY = "correct-horse-battery-staple-for-a-test"


class KeysTest(PageCase):
    @classmethod
    def cluster_settings(cls):
        return controlled(cls)

    @classmethod
    def gateway_arguments(cls):
        path = cls.cluster.folder / "keys"
        path.write_text(f"page {hashlib.sha256(KEY.encode()).hexdigest()}\n")
        return ["--keys", path]

    def give(self, tab, key):
        tab.wait("!document.querySelector('#key_form').hidden")
        tab.fill("#key", key)
        tab.press("Enter")

    def test_the_page_asks_for_a_key_and_goes_on_with_it(self):
        self.model.allow(ALL)
        tab = self.tab(locale="en-GB")
        tab.wait("!document.querySelector('#key_form').hidden")
        self.assertTrue(tab.evaluate("document.querySelector('#composer').hidden"))
        self.assertEqual(tab.evaluate("document.activeElement.id"), "key")
        self.check_accessible(tab, "the question for a key")
        self.look(tab, "key")
        self.give(tab, "not-the-key")
        tab.wait("!document.querySelector('#composer').hidden")
        tab.say(self.say("Is anybody there?"))
        tab.wait_for_text("#key_problem", "was not accepted")
        self.check_accessible(tab, "a wrong key")
        self.look(tab, "key-wrong")
        self.give(tab, KEY)
        tab.wait_for_end()  # without being written again
        self.assertEqual(tab.text(".reply"), "".join(self.model.tokens))
        self.assertEqual(tab.evaluate("document.activeElement.id"), "say")
        self.assertEqual(tab.count(".turn"), 1)
        self.assertNotIn(KEY, tab.evaluate("document.documentElement.outerHTML + location.href"))
        tab.reload()
        tab.wait("document.querySelectorAll('.turn').length === 1")
        tab.say(self.say("And now?"))
        tab.wait_for_end()
        self.assertEqual(tab.text(".reply"), "".join(self.model.tokens))

    def test_a_key_that_is_taken_away_in_mid_reply_is_asked_for(self):
        self.model.allow(2)
        tab = self.tab(locale="ja-JP")
        self.give(tab, KEY)
        tab.wait("!document.querySelector('#composer').hidden")
        tab.say(self.say("眠れません。"))
        tab.wait_for_text(".reply", "".join(self.model.tokens[:2]))
        tab.evaluate("sessionStorage.removeItem('emostage.key')")
        tab.reload()
        self.model.allow(ALL)
        self.give(tab, KEY)
        tab.wait_for_end()
        self.assertEqual(tab.text(".reply"), "".join(self.model.tokens))


if __name__ == "__main__":
    unittest.main()
