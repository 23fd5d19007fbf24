// The page: a conversation with EmoStage over the gateway's native interface.
//
// Decisions are in modules without I/O (follow, reply, sse, sentences, view's standing), which tests/page
// runs in node; here they meet the document. Text goes in as text, never as HTML.

import { Api } from "./api.mjs";
import { linked } from "./links.mjs";
import { element } from "./notes.mjs";
import { following, show_end, to_end } from "./scroll.mjs";
import { Sentences } from "./sentences.mjs";
import { new_conversation, new_id, store, turns_max } from "./store.mjs";
import { Turn } from "./turn.mjs";
import { TurnView } from "./view.mjs";
import { lang_of, say, tongue_of, tongue_of_text, words } from "./words.mjs";

const spoken_max = 12; // sentences that the live region holds
const page_pauses_ms = [500, 2_000, 8_000, 30_000]; // before /page.json is asked for again

const $ = (id) => document.getElementById(id);
const api = new Api();
let tongue = words[store.tongue()] ? store.tongue() : tongue_of(navigator.languages);
let conversation = store.conversation() ?? new_conversation();
let settings = { keys: false, help: {}, operator: "" };
const shown = []; // {turn, view, sentences, record, again}, oldest first

const last = () => shown.at(-1);
const running = () => shown.filter(({ turn }) => !turn.outcome);

// --- what is heard -------------------------------------------------------------------------------

function speak(text, lang = tongue) {
  if (text === "") return;
  $("spoken").append(element("p", { text, lang: lang_of(lang) }));
  while ($("spoken").childElementCount > spoken_max) $("spoken").firstElementChild.remove();
}

function speak_reply(sentences) {
  for (const one of sentences) speak(one, tongue_of_text(one, tongue));
}

// --- the page's own words ------------------------------------------------------------------------

function show_words() {
  document.documentElement.lang = lang_of(tongue);
  for (const node of document.querySelectorAll("[data-word]")) {
    node.textContent = say(tongue, node.dataset.word);
  }
  $("say").placeholder = say(tongue, "say_hint");
  $("operator").textContent = settings.operator ? say(tongue, "operator", { name: settings.operator }) : "";
  document.title = `EmoStage · ${say(tongue, "title")}`;
  $("tongue").value = tongue;
  if ($("key_problem").textContent !== "") $("key_problem").textContent = say(tongue, "key_wrong");
  for (const { turn, view, again } of shown) {
    view.speak(tongue, turn, Date.now(), again);
  }
  show_help();
}

function show_help() {
  const alert = conversation.alert;
  $("help").classList.toggle("alert", alert);
  $("help_title").textContent = say(tongue, alert ? "help_alert" : "help");
  $("help_more").textContent = say(tongue, alert ? "help_alert_more" : "help_always");
  const with_lines = [tongue, "en", "ja", "zh"].find((name) => settings.help[name]?.length > 0);
  const lines = with_lines ? settings.help[with_lines] : [];
  $("help_lines").lang = lang_of(with_lines ?? tongue);
  $("help_lines").replaceChildren(...lines.map((line) => element("li", {}, ...linked(line).map(
    ({ text, href }) => (href ? element("a", { href, text, rel: "noopener noreferrer" }) : text)))));
}

function raise_alert(entry) {
  if (entry.alerted) return;
  entry.alerted = true;
  conversation.alert = true;
  show_help();
  $("help_details").open = true;
  speak(say(tongue, "help_alert_more"));
  for (const item of $("help_lines").children) speak(item.textContent, item.parentElement.lang);
  keep();
}

// --- turns ---------------------------------------------------------------------------------------

function keep() {
  conversation.turns = shown.map(({ record }) => record);
  store.keep(conversation);
}

const sink = {
  turn_changed(turn, change) {
    const entry = shown.find((one) => one.turn === turn);
    following(last(), () => {
      if (change.is === "more") {
        entry.view.add(change.text);
        speak_reply(entry.sentences.push(change.text));
      } else if (change.is === "text") {
        entry.view.show_text(turn.reply.text);
        entry.sentences.reset();
      } else if (change.is === "end") {
        entry.view.show_text(turn.reply.text);
      }
      if (change.is !== "more" || turn.reply.text === change.text) entry.view.show_notes(turn);
      if (turn.reply.alert) raise_alert(entry);
    });
  },

  turn_moved(turn) {
    const entry = shown.find((one) => one.turn === turn);
    following(last(), () => show_standing(entry));
    if (turn.accepted && !entry.record.accepted) {
      entry.record.accepted = true;
      keep();
    }
    show_controls();
  },

  turn_over(turn) {
    const entry = shown.find((one) => one.turn === turn);
    const { text, stages, end } = turn.reply;
    entry.record.outcome = turn.outcome;
    entry.record.reply = { text, stages: [...stages.values()], end };
    entry.record.body = ""; // it is not sent again
    speak_reply(entry.sentences.flush());
    following(last(), () => {
      entry.view.show_text(text);
      entry.view.show_notes(turn);
      show_standing(entry);
    });
    if (end?.type === "completed") speak(say(tongue, "reply_over"));
    keep();
    show_controls();
  },
};

function show_standing(entry) {
  const { turn, view } = entry;
  const before = entry.trouble;
  entry.trouble = turn.trouble?.is ?? null;
  const text = view.show_standing(turn, Date.now(), entry.again);
  // Waiting is seen, not heard; trouble, its end and every end but a whole reply are heard.
  if (entry.trouble && entry.trouble !== before) speak(text);
  else if (before === "away" && !entry.trouble && !turn.outcome) speak(say(tongue, "back"));
  else if (turn.outcome && !entry.was_over) speak(text);
  entry.was_over = turn.outcome !== null;
}

function show_controls() {
  const busy = running();
  const had_focus = document.activeElement === $("stop");
  $("stop").hidden = busy.length === 0;
  if (had_focus && $("stop").hidden) $("say").focus();
  $("send").setAttribute("aria-disabled", String(busy.some(({ turn }) => !turn.accepted)));
  $("forget").hidden = shown.length === 0;
  $("greeting").hidden = shown.length > 0;
  document.body.classList.toggle("empty", shown.length === 0);
  const asks = busy.some(({ turn }) => turn.trouble?.is === "key") || (settings.keys && !api.key);
  if (asks && api.key) {
    api.key = null;
    store.keep_key(null);
    $("key_problem").textContent = say(tongue, "key_wrong");
  }
  if ($("key_form").hidden === asks) {
    $("key_form").hidden = !asks;
    $("composer").hidden = asks;
    $(asks ? "key" : "say").focus();
  }
}

function show_turn(record, turn) {
  const view = new TurnView(tongue, record.text);
  const entry = { turn, view, record, sentences: new Sentences(), trouble: null, was_over: false };
  entry.again = () => (turn.outcome ? try_again(entry) : turn.hurry());
  if (last()) last().view.notes.open = false;
  shown.push(entry);
  $("turns").append(view.element);
  while (shown.length > turns_max) {
    const oldest = shown.shift();
    oldest.turn.drop();
    oldest.view.element.remove();
  }
  return entry;
}

function send(text) {
  // Half a character, which no UTF-8 can carry, becomes a mark.
  text = text.replace(/\p{Surrogate}/gu, "\uFFFD");
  const body = { text, session: conversation.session, on_busy: "interrupt" };
  // Han alone is read as Chinese; in a Japanese page it is Japanese.
  if (tongue === "ja" && tongue_of_text(text, tongue) === "ja") body.locale = "ja";
  const record = { id: new_id(), text, body: JSON.stringify(body), accepted: false };
  const turn = new Turn(record, api, sink);
  show_turn(record, turn);
  keep();
  turn.start();
  show_controls();
  to_end();
}

function try_again(entry) {
  shown.splice(shown.indexOf(entry), 1);
  entry.view.element.remove();
  $("say").focus();
  send(entry.record.text);
}

// After a reload: what had ended stands as it was, what had not is read from its start.
function restore(record) {
  const turn = new Turn(record, api, sink);
  const entry = show_turn(record, turn);
  if (!record.outcome) return turn.start();
  const { text = "", stages = [], end = null } = record.reply ?? {};
  turn.reply.apply({ type: "delta", seq: 1, text });
  for (const [at, stage] of stages.entries()) turn.reply.apply({ ...stage, type: "stage", seq: at + 2 });
  turn.reply.end = end;
  turn.outcome = record.outcome;
  entry.was_over = true;
  entry.view.show_text(turn.reply.text);
  entry.view.show_notes(turn);
  entry.view.show_standing(turn, Date.now(), entry.again);
}

function forget() {
  for (const { turn } of shown) {
    turn.drop();
    turn.stop();
  }
  shown.length = 0;
  store.forget();
  conversation = new_conversation();
  $("turns").replaceChildren();
  $("spoken").replaceChildren();
  $("help_details").open = false;
  show_help();
  show_controls();
  speak(say(tongue, "forgotten"));
  $("say").focus();
}

// --- what a person does --------------------------------------------------------------------------

function stop() {
  for (const { turn } of running()) turn.stop();
}

// The Enter or Esc that ends a conversion of an input method is not ours; some browsers say so by
// the code alone.
const is_converting = (event) => event.isComposing || event.keyCode === 229;

function submit() {
  const text = $("say").value;
  if (text.trim() === "") return;
  if (running().some(({ turn }) => !turn.accepted)) return speak(say(tongue, "unsent"));
  $("say").value = "";
  fit();
  send(text);
}

// Browsers that cannot let a field grow by themselves are helped.
function fit() {
  if (CSS.supports("field-sizing", "content")) return;
  $("say").style.height = "auto";
  $("say").style.height = `${$("say").scrollHeight}px`;
}

function listen() {
  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  $("say").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || is_converting(event)) return;
    event.preventDefault();
    submit();
  });
  $("say").addEventListener("input", fit);
  $("stop").addEventListener("click", stop);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || is_converting(event) || $("forget_dialog").open) return;
    if (event.target instanceof HTMLSelectElement) return;
    stop();
  });
  $("tongue").addEventListener("change", () => {
    tongue = $("tongue").value;
    store.keep_tongue(tongue);
    show_words();
  });
  $("key_form").addEventListener("submit", (event) => {
    event.preventDefault();
    api.key = $("key").value.trim();
    store.keep_key(api.key);
    $("key").value = "";
    $("key_problem").textContent = "";
    for (const { turn } of running()) turn.new_key();
    show_controls();
  });
  $("forget").addEventListener("click", () => $("forget_dialog").showModal());
  $("forget_no").addEventListener("click", () => $("forget_dialog").close());
  $("forget_yes").addEventListener("click", () => {
    $("forget_dialog").close();
    forget();
  });
  const hurry = () => running().forEach(({ turn }) => turn.hurry());
  window.addEventListener("online", hurry);
  document.addEventListener("visibilitychange", () => document.hidden || hurry());
}

async function load_settings() {
  for (const pause of [0, ...page_pauses_ms]) {
    await new Promise((resume) => setTimeout(resume, pause));
    try {
      const page = await api.page();
      settings = { keys: page.keys === true, help: page.help ?? {}, operator: page.operator ?? "" };
      show_words();
      show_controls();
      return;
    } catch {
      // The page does without; the words about danger stand in it.
    }
  }
}

api.key = store.key();
listen();
show_words();
for (const record of conversation.turns) restore(record);
if (conversation.alert) $("help_details").open = true;
show_controls();
if (shown.length > 0) show_end(last());
load_settings();
if (matchMedia("(hover: hover)").matches && $("composer").hidden === false) $("say").focus();
