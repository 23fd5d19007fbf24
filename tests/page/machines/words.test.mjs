// gateway/http/page/{words,labels,links}.mjs, and the words that the page asks for.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { label, path, phase_label, tongues } from "../../../gateway/http/page/labels.mjs";
import { linked } from "../../../gateway/http/page/links.mjs";
import { failure, say, tongue_of, tongue_of_text, words } from "../../../gateway/http/page/words.mjs";

const source = (name) => readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");

test("each word is there in all tongues, with the same values in it", () => {
  const values = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  assert.deepEqual(Object.keys(words), tongues);
  for (const tongue of tongues) {
    assert.deepEqual(Object.keys(words[tongue]), Object.keys(words.en));
    for (const [name, text] of Object.entries(words[tongue])) {
      assert.notEqual(text, "", name);
      assert.deepEqual(values(text), values(words.en[name]), name);
    }
  }
});

test("the page asks for no word that is not there", () => {
  const html = source("gateway/http/page/index.html");
  const asked = [...html.matchAll(/data-word="(\w+)"/g)].map((match) => match[1]);
  for (const file of ["page.js", "notes.mjs", "view.mjs"]) {
    const code = source(`gateway/http/page/${file}`);
    asked.push(...[...code.matchAll(/(?:say\(\w*tongue, |word: |part\(tongue, |heading\()"(\w+)"/g)].map((match) => match[1]));
  }
  assert.ok(asked.length > 40);
  for (const name of asked) assert.ok(Object.hasOwn(words.en, name), name);
});

test("the labels are those of the pipelines and of the terminal chat", () => {
  const pipeline = source("schemas/pipelines/emostage/pipeline.yaml");
  const chat = source("gateway/chat/labels.cpp");
  const named = [...pipeline.matchAll(/^ {12,}(\w+): \{ja:/gm)].map((match) => match[1]);
  const phases = pipeline.match(/labels: \[(opening, [^\]]+)\]/)[1].split(", ");
  assert.ok(named.length > 20);
  for (const name of named) {
    const known = ["en", "ja", "zh"].map((tongue) => `"${label(tongue, name)}"`).join(", ");
    assert.ok(chat.includes(`Entry{"${name}", {${known}}}`), name);
  }
  assert.deepEqual(path, phases);
  for (const name of phases) {
    const known = ["en", "ja", "zh"].map((tongue) => `"${phase_label(tongue, name)}"`).join(", ");
    assert.ok(chat.includes(`Entry{"${name}", {${known}}}`), name);
  }
});

test("an unknown label is shown as it is, also one of JavaScript's own names", () => {
  assert.equal(label("ja", "nostalgia"), "nostalgia");
  assert.equal(label("en", "constructor"), "constructor");
  assert.equal(phase_label("zh", "__proto__"), "__proto__");
});

test("values are put in as they are", () => {
  assert.equal(say("en", "busy", { seconds: 7 }).includes("about 7 s"), true);
  assert.equal(say("en", "operator", { name: "{name} $&" }), "Run by {name} $&.");
});

test("the browser's first language that is ours is taken", () => {
  assert.equal(tongue_of(["fr-FR", "zh-Hant-TW", "en"]), "zh");
  assert.equal(tongue_of(["JA"]), "ja");
  assert.equal(tongue_of(["zhx", "enough"]), "en");
  assert.equal(tongue_of([undefined]), "en");
  assert.equal(tongue_of([]), "en");
});

test("a text is shown in its own language", () => {
  assert.equal(tongue_of_text("眠れない", "en"), "ja");
  assert.equal(tongue_of_text("失眠", "en"), "zh");
  assert.equal(tongue_of_text("不眠", "ja"), "ja");
  assert.equal(tongue_of_text("I sleep badly", "ja"), "en");
  assert.equal(tongue_of_text("…", "zh"), "zh");
});

test("every code has words", () => {
  for (const code of ["overloaded", "model_cut", "too_large", "deadline_exceeded", "unavailable", "new_code", undefined]) {
    assert.ok(Object.hasOwn(words.en, failure(code)));
  }
  assert.equal(failure("overloaded"), "failed_busy");
});

test("telephone numbers and addresses can be tapped, other figures cannot", () => {
  const links = (line) => linked(line).filter((part) => part.href).map((part) => part.href);
  assert.deepEqual(links("いのちの電話 0120-783-556（毎日 16:00-21:00）"), ["tel:0120783556"]);
  assert.deepEqual(links("988, or +1 800 273 8255, 24/7"), ["tel:988", "tel:+18002738255"]);
  assert.deepEqual(links("110番、119"), ["tel:110", "tel:119"]);
  assert.deepEqual(links("https://help.example/a?b=1、またはここ"), ["https://help.example/a?b=1"]);
  assert.deepEqual(links("javascript:alert(1) data:x 12"), []);
  for (const line of ["a 988 b", "", "https://x.example", "16:00-21:00"]) {
    assert.equal(linked(line).map((part) => part.text).join(""), line);
  }
});
