// What the labels on the wire, English ids, are called: [English, Japanese, Chinese], in the order of
// `tongues`. The words are those of gateway/chat/labels.cpp.

export const tongues = ["en", "ja", "zh"];

const labels = {
  // feelings
  sadness: ["sadness", "悲しみ", "悲伤"],
  grief: ["grief", "喪失の痛み", "失去的痛"],
  loneliness: ["loneliness", "孤独", "孤独"],
  hurt: ["hurt", "傷つき", "受伤"],
  anxiety: ["anxiety", "不安", "焦虑"],
  fear: ["fear", "恐れ", "害怕"],
  overwhelm: ["overwhelm", "いっぱいいっぱい", "应付不过来"],
  exhaustion: ["exhaustion", "疲れ", "疲惫"],
  anger: ["anger", "怒り", "愤怒"],
  frustration: ["frustration", "もどかしさ", "憋屈"],
  envy: ["envy", "うらやましさ", "羡慕"],
  shame: ["shame", "恥ずかしさ", "羞愧"],
  guilt: ["guilt", "罪悪感", "内疚"],
  regret: ["regret", "後悔", "后悔"],
  disappointment: ["disappointment", "がっかり", "失望"],
  helplessness: ["helplessness", "無力感", "无助"],
  hopelessness: ["hopelessness", "絶望", "绝望"],
  emptiness: ["emptiness", "むなしさ", "空虚"],
  confusion: ["confusion", "戸惑い", "迷茫"],
  relief: ["relief", "安堵", "释然"],
  hope: ["hope", "希望", "希望"],
  gratitude: ["gratitude", "感謝", "感激"],
  joy: ["joy", "喜び", "喜悦"],
  calm: ["calm", "落ち着き", "平静"],
  // needs
  heard: ["to be heard", "聞いてもらうこと", "有人倾听"],
  comfort: ["comfort", "慰め", "安慰"],
  understanding: ["understanding", "整理すること", "弄明白自己"],
  encouragement: ["encouragement", "励まし", "鼓励"],
  way_forward: ["a way forward", "次の一歩", "一点思路"],
  information: ["information", "情報", "信息"],
  connection: ["connection", "つながり", "陪伴"],
  safety: ["safety", "安全", "安全"],
  // stages
  perspective: ["feelings and needs", "気持ちと求めているもの", "情绪和需要"],
  phase: ["the phase", "段階", "阶段"],
  response: ["the reply", "返事", "回复"],
};

// In the order of the path. "understanding" is a need too.
const phases = {
  opening: ["opening", "はじまり", "开始"],
  exploring: ["exploring", "話を聴く", "倾诉"],
  understanding: ["understanding", "理解を深める", "看清"],
  acting: ["acting", "次の一歩を考える", "行动"],
  closing: ["closing", "しめくくり", "结束"],
};

export const path = Object.keys(phases);

// Ids come from a model's answer: only our own names are looked up.
const find = (table, tongue, name) =>
  Object.hasOwn(table, name) ? table[name][tongues.indexOf(tongue)] : undefined;

// What no label is known for is shown as it is.
export const label = (tongue, name) => find(labels, tongue, name) ?? name;
export const phase_label = (tongue, name) => find(phases, tongue, name) ?? name;
export const is_label = (name) => Object.hasOwn(labels, name);
