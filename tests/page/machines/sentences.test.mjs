// gateway/http/page/sentences.mjs
import assert from "node:assert/strict";
import test from "node:test";

import { sentence_chars_max, Sentences } from "../../../gateway/http/page/sentences.mjs";

function heard(text, size = 1) {
  const sentences = new Sentences();
  const out = [];
  for (let at = 0; at < text.length; at += size) out.push(...sentences.push(text.slice(at, at + size)));
  return [...out, ...sentences.flush()];
}

test("sentences of three languages, whatever the pieces", () => {
  const cases = {
    "That sounds hard. Do you sleep? Yes!": ["That sounds hard.", "Do you sleep?", "Yes!"],
    "眠れないのですね。「つらい」と言えた。それは…大切です。": ["眠れないのですね。", "「つらい」と言えた。", "それは…大切です。"],
    "「そうですか。」と聞きました。": ["「そうですか。」", "と聞きました。"],
    "我听到了。您说“很累。”是吗？": ["我听到了。", "您说“很累。”", "是吗？"],
    "At 3.5 km, e.g. there.\nNext line": ["At 3.5 km, e.g.", "there.", "Next line"],
    "Really?! (Yes.) Good.": ["Really?!", "(Yes.)", "Good."],
    "Wait... no": ["Wait...", "no"],
  };
  for (const [text, sentences] of Object.entries(cases)) {
    for (const size of [1, 2, 3, 7, 1000]) assert.deepEqual(heard(text, size), sentences, `${size}`);
  }
});

test("nothing is said before it is whole", () => {
  const sentences = new Sentences();
  assert.deepEqual(sentences.push("It is 3"), []);
  assert.deepEqual(sentences.push("."), []); // 3.5?
  assert.deepEqual(sentences.push(" So"), ["It is 3."]);
  assert.deepEqual(sentences.flush(), ["So"]);
  assert.deepEqual(sentences.flush(), []);
});

test("a text that begins again is heard anew", () => {
  const sentences = new Sentences();
  sentences.push("Half of");
  sentences.reset();
  assert.deepEqual(sentences.push("Whole. "), ["Whole."]);
});

test("text without an end is cut at a pause, and never loses a character", () => {
  for (const text of ["word, and ".repeat(200), "言".repeat(2000), "🌿".repeat(400), `a${"🌿".repeat(400)}`]) {
    const parts = heard(text, 5);
    assert.ok(parts.length > 1);
    for (const part of parts) {
      assert.ok(part.length <= sentence_chars_max);
      assert.ok(part.isWellFormed?.() ?? true);
    }
    assert.equal(parts.join("").replace(/\s/g, ""), text.replace(/\s/g, ""));
  }
});
