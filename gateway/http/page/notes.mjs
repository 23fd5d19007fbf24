// What was understood of a person's words, as elements: where the counselling is, feelings, needs.
//
// Everything in a result comes from a model: it is bounded here, and goes in as text alone.

import { is_label, label, path, phase_label } from "./labels.mjs";
import { lang_of, say, tongue_of_text } from "./words.mjs";

const items_max = 8; // of a list
const chars_max = 300; // of a text
const strength_max = 3;

export function element(name, options = {}, ...children) {
  const out = document.createElement(name);
  const { text, ...rest } = options;
  if (text !== undefined) out.textContent = text;
  for (const [key, value] of Object.entries(rest)) out.setAttribute(key, value);
  out.append(...children.filter((child) => child));
  return out;
}

const list = (value) => (Array.isArray(value) ? value.slice(0, items_max) : []);
const short = (value) => (typeof value === "string" ? value.slice(0, chars_max) : "");

function part(tongue, word, ...children) {
  return element("div", {}, element("h3", { text: say(tongue, word) }), ...children);
}

function steps(tongue, phase) {
  const now = path.indexOf(phase);
  const items = path.map((name, at) => {
    const step = element("span", { class: "name", text: phase_label(tongue, name) });
    if (at !== now) return element("li", at < now ? { class: "past" } : {}, step);
    return element("li", { "aria-current": "step" }, step);
  });
  return element("ol", { class: "path" }, ...items);
}

function feeling(tongue, one) {
  const name = short(typeof one === "string" ? one : one?.name);
  if (name === "") return null;
  const of = Math.min(Math.max(Math.trunc(one.strength), 1), strength_max);
  const item = element("li", {}, element("span", { text: label(tongue, name) }));
  if (Number.isNaN(of)) return item;
  const dots = Array.from({ length: strength_max }, (_, at) =>
    element("i", at < of ? { class: "on" } : {}),
  );
  item.append(
    element("span", { class: "unseen", text: ` ${say(tongue, "strength", { of })}` }),
    element("span", { class: "strength", "aria-hidden": "true" }, ...dots),
  );
  return item;
}

function perspective_parts(tongue, result) {
  const feelings = list(result.emotions).map((one) => feeling(tongue, one)).filter(Boolean);
  const needs = list(result.needs).map(short).filter(Boolean);
  const state = short(result.state);
  return [
    feelings.length > 0 && part(tongue, "feelings", element("ul", { class: "feelings" }, ...feelings)),
    state !== "" && element("blockquote", { text: state, lang: lang_of(tongue_of_text(state, tongue)) }),
    needs.length > 0 &&
      part(tongue, "needs", element("ul", { class: "needs" },
        ...needs.map((name) => element("li", { text: label(tongue, name) })))),
  ];
}

// What other pipelines find: as it is.
function other_parts(stage) {
  const lines = Object.entries(stage.result).slice(0, items_max).map(([name, value]) => {
    const shown = Array.isArray(value) ? list(value).filter((one) => typeof one !== "object").join(", ") : value;
    return typeof shown === "object" ? null : element("p", { text: `${short(name)}: ${short(String(shown))}` });
  });
  return [element("div", {}, element("h3", { text: short(stage.stage) }), ...lines)];
}

const softly = (tongue, word, stage) =>
  element("p", { class: "softly", text: say(tongue, word, { what: label(tongue, short(stage)) }) });

function stage_parts(tongue, stage) {
  if (stage.status === "skipped") return [softly(tongue, "stage_skipped", stage.stage)];
  if (stage.status !== "done") return [softly(tongue, "stage_failed", stage.stage)];
  if (stage.stage === "phase" && path.includes(stage.result.phase)) {
    return [part(tongue, "where", steps(tongue, stage.result.phase))];
  }
  if (stage.stage === "perspective") return perspective_parts(tongue, stage.result);
  return stage.stage === "response" ? [] : other_parts(stage);
}

const pending = (tongue, word) => element("p", { class: "pending", text: say(tongue, word) });

// The parts of a turn's notes: the path first, whichever stage ended first. `waits`: stages of the
// default pipeline that are not there may still come.
export function notes_of(tongue, stages, waits) {
  const out = [];
  const phase = stages.get("phase");
  const perspective = stages.get("perspective");
  if (phase) out.push(...stage_parts(tongue, phase));
  else if (waits) out.push(pending(tongue, "reading_phase"));
  if (perspective) out.push(...stage_parts(tongue, perspective));
  else if (waits) out.push(pending(tongue, "reading_feelings"));
  for (const stage of stages.values()) {
    if (stage !== phase && stage !== perspective) out.push(...stage_parts(tongue, stage));
  }
  return out.filter(Boolean);
}

// The names of what a reply was written without, each once, that were not already said of a stage.
export function degraded_names(tongue, end, stages) {
  const names = list(end?.degraded).map((name) => short(name).split(".")[0]);
  const said = (name) => stages.has(name) && stages.get(name).status !== "done";
  return [...new Set(names)].filter((name) => is_label(name) && !said(name))
    .map((name) => label(tongue, name)).join(say(tongue, "list_comma"));
}
