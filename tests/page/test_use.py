"""Keyboard, input methods, screen readers, danger, and text that would like to be more than text."""
import json
import unittest
import urllib.request

import paths  # noqa: F401
from model import ALL, PERSPECTIVE
from page_case import PageCase, controlled

HTML = ["<img src=x onerror=\"document.title='broken'\">", "<b>bold</b> ", "<script>document.title='broken'</script>",
        "&lt;i&gt; ", "<a href=javascript:1>x</a>"]
LINES = {"ja": ("相談窓口 0120-000-000（24時間）", "tel:0120000000"),
         "zh": ("心理援助热线 12356", "tel:12356"),
         "en": ("Help line 116 123, day and night", "tel:116123")}
SPOKEN = "[...document.querySelectorAll('#spoken p')].map((node) => node.textContent)"


class UseTest(PageCase):
    @classmethod
    def cluster_settings(cls):
        return controlled(cls)

    @classmethod
    def gateway_arguments(cls):
        path = cls.cluster.folder / "gateway.yaml"
        lines = {tongue: line for tongue, (line, _) in LINES.items()}
        path.write_text(json.dumps({"help_lines": lines, "page": {"operator": "Example Clinic"}}))
        return ["--config", path]

    def setUp(self):
        self.model.tokens = ["I ", "hear ", "you", ". It ", "is ", "late", ". "]
        self.model.allow(ALL)
        self.model.answers["perspective"] = json.dumps(PERSPECTIVE)

    def focus(self, tab):
        return tab.evaluate("document.activeElement.id || document.activeElement.tagName")

    def tab_until(self, tab, wanted, key="Tab", steps=20):
        seen = []
        for _ in range(steps):
            if self.focus(tab) == wanted:
                # What has the focus shows it.
                self.assertTrue(tab.evaluate("document.activeElement.matches(':focus-visible')"))
                return
            tab.press(key)
            seen.append(self.focus(tab))
        self.fail(f"{wanted} has never the focus: {seen}")

    def test_all_can_be_done_by_keyboard(self):
        tab = self.tab(locale="en-GB")
        self.tab_until(tab, "say")
        tab.type("First line")
        tab.press("Shift+Enter")
        tab.type(self.say("second line"))
        self.assertEqual(tab.evaluate("document.querySelector('#say').value.split('\\n').length"), 2)
        self.assertEqual(tab.count(".turn"), 0)
        self.model.allow(3)
        tab.press("Enter")
        tab.wait_for_text(".reply", "I hear you")
        self.assertEqual(tab.evaluate("document.querySelector('#say').value"), "")
        self.tab_until(tab, "stop")
        tab.press("Space")
        tab.wait_for_end()
        self.assertEqual(tab.text(".status"), "Stopped.")
        self.model.allow(ALL)
        self.assertEqual(self.focus(tab), "say")  # what had the focus is gone
        self.tab_until(tab, "SUMMARY", "Shift+Tab")  # help
        tab.press("Enter")
        self.assertTrue(tab.evaluate("document.querySelector('#help_details').open"))
        self.tab_until(tab, "forget", "Shift+Tab")
        tab.press("Enter")
        self.tab_until(tab, "forget_yes")
        tab.press("Escape")
        self.assertFalse(tab.evaluate("document.querySelector('#forget_dialog').open"))
        self.assertEqual((self.focus(tab), tab.count(".turn")), ("forget", 1))
        tab.press("Enter")
        self.tab_until(tab, "forget_yes")
        tab.press("Enter")
        self.assertEqual((self.focus(tab), tab.count(".turn")), ("say", 0))

    def test_an_empty_message_is_not_sent(self):
        tab = self.tab()
        tab.say("   ")
        self.assertEqual(tab.count(".turn"), 0)

    def test_enter_that_confirms_a_conversion_does_not_send(self):
        tab = self.tab(locale="ja-JP")
        tab.click("#say")
        tab.cdp("Input.imeSetComposition", text="ねむれない", selectionStart=5, selectionEnd=5)
        tab.press("Enter")
        self.assertEqual(tab.count(".turn"), 0)
        tab.press("Escape")
        # Safari tells the composition's end first, and then the key, by its code alone.
        sent = ("document.querySelector('#say').dispatchEvent(new KeyboardEvent('keydown', "
                "{key: 'Enter', keyCode: %d, bubbles: true, cancelable: true}))")
        tab.fill("#say", self.say("眠れない"))
        self.assertTrue(tab.evaluate(sent % 229))
        self.assertEqual(tab.count(".turn"), 0)
        self.assertFalse(tab.evaluate(sent % 13))
        tab.wait_for_end()
        self.assertEqual(tab.count(".turn"), 1)

    def test_a_screen_reader_hears_whole_sentences(self):
        self.model.allow(3)
        tab = self.tab(locale="en-GB")
        tab.evaluate("window.heard = []; new MutationObserver((all) => all.forEach((one) => one.addedNodes"
                     ".forEach((node) => window.heard.push(node.textContent))))"
                     ".observe(document.querySelector('#spoken'), {childList: true})")
        self.assertEqual(tab.evaluate("document.querySelector('#spoken').ariaLive"), "polite")
        tab.say(self.say("Good evening."))
        tab.wait_for_text(".reply", "I hear you")
        self.assertEqual(tab.evaluate("window.heard"), [])
        self.model.allow(4)
        tab.wait("window.heard.length > 0")
        self.assertEqual(tab.evaluate("window.heard"), ["I hear you."])
        self.model.allow(ALL)
        tab.wait_for_end()
        self.assertEqual(tab.evaluate("window.heard"), ["I hear you.", "It is late.", "The reply is complete."])
        self.assertEqual(tab.evaluate(
            "[...document.querySelectorAll('[aria-live], [role=log]')].length"), 1)

    def test_html_in_a_models_text_stays_text(self):
        self.model.tokens = HTML
        self.model.answers["perspective"] = json.dumps({**PERSPECTIVE, "state": HTML[0] + HTML[2]})
        tab = self.tab(locale="en-GB")
        said = self.say("<h1>I</h1> <img src=y onerror=\"document.title='broken'\">")
        tab.say(said)
        tab.wait_for_end()
        self.assertEqual(self.check_whole(tab), "".join(HTML))
        self.assertEqual(tab.text(".said p"), said)
        self.assertEqual(tab.text(".notes blockquote"), HTML[0] + HTML[2])
        self.assertEqual(tab.count("#turns :is(img, b, script, a, i:not(.strength i), h1)"), 0)
        self.assertNotEqual(tab.evaluate("document.title"), "broken")
        self.look(tab, "html-as-text")
        tab.reload()
        tab.wait_for_text(".reply", "bold")
        self.assertEqual(tab.count("#turns :is(img, b, script, a, h1)"), 0)

    def test_the_page_may_run_and_load_nothing_but_its_own(self):
        with urllib.request.urlopen(f"{self.address}/", timeout=10) as answer:
            policy, page = answer.headers["Content-Security-Policy"], answer.read().decode()
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotRegex(page, r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=\"/)")
        tab = self.tab()
        tab.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
        self.assertIsNone(tab.evaluate("window.ran ?? null"))
        self.assertIn("Content Security Policy", " ".join(tab.wrongs()))

    def test_danger_brings_the_help_lines_forward(self):
        self.model.answers["perspective"] = json.dumps({**PERSPECTIVE, "risk": "concern"})
        for locale, scheme, width in (("en-GB", "light", 1280), ("ja-JP", "dark", 320), ("zh-CN", "light", 320)):
            with self.subTest(locale=locale):
                self.model.answers["perspective"] = json.dumps({**PERSPECTIVE, "risk": "concern"})
                tab = self.tab(locale=locale, scheme=scheme, width=width, height=720)
                tab.say(self.say("I am so tired of it all."))
                tab.wait_for_end()
                self.assertFalse(tab.evaluate("document.querySelector('#help_details').open"))
                self.model.answers["perspective"] = json.dumps({**PERSPECTIVE, "risk": "alert"})
                tab.say(self.say("I do not want to live any more."))
                tab.wait("document.querySelector('#help.alert details[open]')")
                tab.wait_for_end()
                self.assertIn(tab.text("#help_more"), tab.evaluate(SPOKEN))
                line, number = LINES[locale[:2]]
                self.assertIn(line, tab.evaluate(SPOKEN))
                self.assertEqual(tab.text("#help_lines li:first-child"), line)
                self.assertEqual(tab.evaluate("document.querySelector('#help_lines a').href"), number)
                self.assertIn("Example Clinic", tab.text("#operator"))
                self.check_accessible(tab, "danger")
                self.check_width(tab)
                self.look(tab, f"danger-{locale}-{width}")
                tab.reload()
                tab.wait("document.querySelector('#help.alert details[open]')")
                self.done(tab)

    def test_who_reads_the_end_follows_it_and_who_reads_above_is_not_moved(self):
        line = "These words are long enough to fill a line of a phone. "
        self.model.tokens = [line] * 60
        self.model.allow(20)
        tab = self.tab(width=320, height=640)
        tab.say(self.say("Good evening."))
        for tokens in (20, 40):
            self.model.allow(tokens)
            tab.wait_for_reply_chars(tokens * len(line))
            end, dock = tab.evaluate("['.reply', '.dock'].map((name) => document.querySelector(name)"
                                     ".getBoundingClientRect()[name === '.dock' ? 'top' : 'bottom'])")
            self.assertGreater(end, 0)
            self.assertLessEqual(end, dock)
        tab.evaluate("scrollTo(0, 0)")
        self.model.allow(ALL)
        tab.wait_for_end()
        self.assertEqual(tab.evaluate("scrollY"), 0)

    def test_letters_twice_as_large_fit(self):
        tab = self.tab(width=320, height=640)
        tab.evaluate("document.documentElement.style.fontSize = '200%'")
        tab.say(self.say("Good evening."))
        tab.wait_for_end()
        self.check_width(tab)
        self.look(tab, "large-letters")


if __name__ == "__main__":
    unittest.main()
