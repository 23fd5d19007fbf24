"""A person and the page: a conversation in each language, on a phone and a desk, in light and dark."""
import unittest

from page_case import STEPS, TONGUES, PageCase

SAID = {
    "en": ["I moved to a new city for work three months ago, and I still eat lunch alone every day.",
           "Yesterday my team went out without me. I cried on the way home."],
    "ja": ["四月に異動してから残業が続いていて、家に帰っても仕事のことが頭から離れません。",
           "友達に話そうとしても、みんな忙しそうで。結局ひとりで抱えてしまいます。"],
    "zh": ["妈妈住院以后，我一边上班一边照顾她，真的很累。",
           "弟弟什么都不管，还说是我想太多，我又生气又委屈。"],
}
SIZES = {"phone": (320, 640), "desk": (1280, 800)}
NOTICES = {"en": "not a person", "ja": "人ではなく", "zh": "不是真人"}


class ConversationTest(PageCase):
    @classmethod
    def cluster_settings(cls):
        return {"rehearsal": ["--itl-ms", 5, "--ttft-ms", 20]}

    def converse(self, tongue, size, scheme):
        width, height = SIZES[size]
        tab = self.tab(width=width, height=height, scheme=scheme, locale=TONGUES[tongue])
        look = f"{tongue}-{size}-{scheme}"
        self.look(tab, f"{look}-0-start")
        self.check_accessible(tab, f"{look} at its start")
        for text in SAID[tongue]:
            tab.say(self.say(text))
            tab.wait_for_end()
            self.check_whole(tab)
        self.look(tab, f"{look}-1-end")
        self.look(tab, f"{look}-2-whole", full=True)
        return tab, look

    def test_a_conversation_in_each_language_on_a_phone_and_a_desk_in_light_and_dark(self):
        for tongue in TONGUES:
            for size, scheme in (("phone", "light"), ("phone", "dark"), ("desk", "light"), ("desk", "dark")):
                with self.subTest(tongue=tongue, size=size, scheme=scheme):
                    tab, look = self.converse(tongue, size, scheme)
                    self.check_accessible(tab, look)
                    self.check_width(tab)
                    self.check_notes(tab)
                    self.assertEqual(tab.count(".turn"), 2)
                    self.assertEqual(tab.evaluate("document.querySelector('.reply').lang.slice(0, 2)"), tongue)
                    self.assertEqual(tab.evaluate("document.documentElement.lang.slice(0, 2)"), tongue)
                    self.assertIn(NOTICES[tongue], tab.text(".notice"))
                    self.check_in_sight(tab, ".notice")
                    self.check_in_sight(tab, "#help summary")
                    self.done(tab)

    def check_notes(self, tab):
        last = ".turn:last-child .notes"
        self.assertGreater(tab.count(f"{last} .feelings li"), 0)
        self.assertGreater(tab.count(f"{last} .needs li"), 0)
        self.assertEqual(tab.count(f"{last} .path li"), len(STEPS))
        self.assertEqual(tab.count(f"{last} .path [aria-current=step]"), 1)
        self.assertEqual(tab.count(f"{last} .pending"), 0)
        strengths = tab.evaluate(f"[...document.querySelectorAll('{last} .strength')]"
                                 ".map((node) => node.querySelectorAll('.on').length)")
        self.assertTrue(all(1 <= strength <= 3 for strength in strengths), strengths)
        self.assertEqual(tab.evaluate(f"document.querySelector('{last}').open"), True)

    def check_in_sight(self, tab, selector):
        top, bottom, height = tab.evaluate(
            f"(() => {{ const box = document.querySelector('{selector}').getBoundingClientRect();"
            " return [box.top, box.bottom, innerHeight]; })()")
        self.assertGreaterEqual(top, 0)
        self.assertLessEqual(bottom, height)

    def test_the_language_can_be_switched_in_mid_conversation_and_stays(self):
        tab = self.tab(locale="fr-FR")
        self.assertEqual(tab.evaluate("document.documentElement.lang"), "en")
        tab.say(self.say(SAID["ja"][0]))
        tab.wait_for_end()
        reply = tab.text(".reply")
        tab.choose("#tongue", "ja")
        self.assertEqual(tab.text("#send"), "送る")
        self.assertEqual(tab.text(".notes h3"), "求めているもの")
        self.check_accessible(tab, "switched to Japanese")
        tab.choose("#tongue", "zh")
        self.assertEqual(tab.evaluate("document.documentElement.lang"), "zh-Hans")
        self.assertEqual(tab.evaluate("document.querySelector('.reply').lang"), "ja")
        tab.reload()
        tab.wait_for_text("#send", "发送")
        self.assertEqual(tab.text(".reply"), reply)

    def test_a_reload_goes_on_with_the_conversation_and_forgetting_ends_it(self):
        tab = self.tab()
        for text in SAID["en"]:
            tab.say(self.say(text))
            tab.wait_for_end()
        session = "JSON.parse(sessionStorage.getItem('emostage.conversation') ?? '{}').session"
        before, replies = tab.evaluate(session), [turn["reply"]["text"] for turn in tab.turns()]
        tab.reload()
        tab.wait("document.querySelectorAll('.turn').length === 2")
        self.assertEqual(tab.evaluate(session), before)
        self.assertEqual(
            tab.evaluate("[...document.querySelectorAll('.reply')].map((node) => node.textContent)"), replies)
        self.check_notes(tab)
        tab.click("#forget")
        self.check_accessible(tab, "the question whether to forget")
        self.look(tab, "forget")
        tab.click("#forget_no")
        self.assertEqual(tab.count(".turn"), 2)
        tab.click("#forget")
        tab.click("#forget_yes")
        self.assertEqual(tab.count(".turn"), 0)
        self.assertIsNone(tab.evaluate("sessionStorage.getItem('emostage.conversation')"))
        self.assertNotIn(self.cluster.marker, tab.evaluate("document.documentElement.outerHTML"))
        tab.say(self.say("Something else"))
        tab.wait_for_end()
        self.assertNotEqual(tab.evaluate(session), before)

    def test_long_words_scroll_nothing_sideways(self):
        for size in SIZES.values():
            tab = self.tab(width=size[0], height=size[1])
            tab.say(self.say("aaaaaaaaaa" * 40 + "\n" + "https://example.org/" + "b" * 300))
            tab.wait_for_end()
            self.check_width(tab)


if __name__ == "__main__":
    unittest.main()
