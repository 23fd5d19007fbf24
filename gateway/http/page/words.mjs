// The page's own words, in three languages; {name} stands for a value.

const en = {
  title: "A conversation",
  greeting: "What is on your mind?",
  greeting_more: "Write as you would to somebody who has time. You will see the reply come, and beside it how your words were understood.",
  notice: "This is a program, not a person, and it may be wrong.",
  operator: "Run by {name}.",
  help: "Talk to a person",
  help_always: "If you or somebody else is in danger, please call your local emergency number or a person you trust.",
  help_alert: "Please talk to a person now",
  help_alert_more: "This sounds like danger. Please call your local emergency number or somebody near you. A program cannot help here as a person can.",
  language: "Language",
  forget: "Forget",
  forget_title: "Forget this conversation?",
  forget_more: "What stands here is removed from this browser, and a new conversation begins. This cannot be undone.",
  forget_yes: "Forget it",
  forget_no: "Keep it",
  forgotten: "Forgotten. A new conversation begins.",
  say: "Your message",
  say_hint: "Write here…",
  keys_hint: "Enter sends, Shift and Enter begin a new line, Esc stops a reply.",
  send: "Send",
  stop: "Stop",
  you: "You",
  reply: "Reply",
  notes: "How your words were understood",
  where: "Where we are",
  feelings: "Feelings",
  needs: "What may help",
  strength: "{of} of 3",
  step_now: "now",
  reading_feelings: "Listening for what you feel…",
  reading_phase: "Finding where we are…",
  stage_failed: "This could not be made out this time: {what}.",
  stage_skipped: "This was not ready in time: {what}.",
  degraded: "Written without: {what}.",
  list_comma: ", ",
  sending: "Sending…",
  queued: "Just a moment…",
  queued_behind: "Just a moment, {count} before you…",
  running: "Reading what you wrote…",
  writing: "Finding words…",
  stopping: "Stopping…",
  reply_over: "The reply is complete.",
  away: "The connection is gone. Trying again; nothing is lost.",
  back: "Connected again.",
  busy: "There is much to do just now. Trying again by itself in about {seconds} s.",
  asleep: "There is still no connection.",
  key_needed: "Waiting for a key.",
  key_label: "Access key",
  key_more: "This service asks for a key. It stays in this tab and is forgotten with it.",
  key_wrong: "This key was not accepted. Please look whether it is complete.",
  key_use: "Use this key",
  unsent: "Your last message is still on its way. Stop takes it back.",
  withdrawn: "Stopped before there was an answer.",
  stopped: "Stopped.",
  interrupted: "Answered together with your next message.",
  damaged: "This reply may not be complete.",
  cut_short: "The reply was cut here: it had become too long.",
  incomplete: "The reply above is not complete.",
  failed_busy: "There is too much to do just now. Please try again in a while.",
  failed_away: "The service cannot be reached just now. Please try again.",
  failed_late: "The reply took too long. Please try again.",
  failed_model: "The language model did not answer as it should. Please try again.",
  failed_refused: "This message could not be taken. Please shorten it or write it in another way.",
  failed: "Something went wrong. It is not your doing. Please try again.",
  again: "Try again",
};

const ja = {
  title: "対話",
  greeting: "いま、どんなお気持ちですか。",
  greeting_more: "ゆっくり話を聞いてくれる人に書くつもりで、どうぞ。返事が少しずつ現れ、あなたの言葉をどう受け取ったかがその横に出ます。",
  notice: "相手は人ではなくプログラムです。間違えることがあります。",
  operator: "運営：{name}",
  help: "人に相談する",
  help_always: "あなたや身近な人に危険があるときは、地域の緊急通報番号か、信頼できる人に連絡してください。",
  help_alert: "いま、人に話してください",
  help_alert_more: "危険な状況のように思えます。いますぐ地域の緊急通報番号か、近くの人に連絡してください。ここでは、プログラムは人の助けの代わりになれません。",
  language: "言語",
  forget: "忘れる",
  forget_title: "この対話を忘れますか。",
  forget_more: "ここにある言葉をこのブラウザーから消し、新しい対話を始めます。元には戻せません。",
  forget_yes: "忘れる",
  forget_no: "残す",
  forgotten: "忘れました。新しい対話を始めます。",
  say: "メッセージ",
  say_hint: "お書きください",
  keys_hint: "Enter で送信、Shift と Enter で改行、Esc で返事を止めます。",
  send: "送る",
  stop: "止める",
  you: "あなた",
  reply: "返事",
  notes: "あなたの言葉の受け取り方",
  where: "いまいるところ",
  feelings: "気持ち",
  needs: "求めているもの",
  strength: "3段階の{of}",
  step_now: "いまここ",
  reading_feelings: "気持ちを聴きとっています…",
  reading_phase: "対話の位置を確かめています…",
  stage_failed: "今回は読み取れませんでした：{what}",
  stage_skipped: "今回は間に合いませんでした：{what}",
  degraded: "次を使わずに書いた返事です：{what}",
  list_comma: "、",
  sending: "送っています…",
  queued: "少しお待ちください…",
  queued_behind: "少しお待ちください。前に{count}件あります…",
  running: "読んでいます…",
  writing: "言葉を探しています…",
  stopping: "止めています…",
  reply_over: "返事はここまでです。",
  away: "接続が切れました。つなぎ直しています。失われたものはありません。",
  back: "つながりました。",
  busy: "いま混み合っています。およそ{seconds}秒後に、もう一度試します。",
  asleep: "まだつながりません。",
  key_needed: "キーを待っています。",
  key_label: "アクセスキー",
  key_more: "このサービスにはキーが要ります。このタブだけに置かれ、タブとともに消えます。",
  key_wrong: "このキーは受け付けられませんでした。欠けたところがないか、お確かめください。",
  key_use: "このキーを使う",
  unsent: "前のメッセージをまだ送っています。「止める」で取り消せます。",
  withdrawn: "返事の前に止めました。",
  stopped: "止めました。",
  interrupted: "次のメッセージと合わせてお答えします。",
  damaged: "この返事は欠けているかもしれません。",
  cut_short: "返事が長くなりすぎたため、ここで切りました。",
  incomplete: "上の返事は途中までです。",
  failed_busy: "いま混み合っています。しばらくしてから、もう一度お試しください。",
  failed_away: "いまサービスにつながりません。もう一度お試しください。",
  failed_late: "時間内に返事を書けませんでした。もう一度お試しください。",
  failed_model: "言語モデルから正しい応答がありませんでした。もう一度お試しください。",
  failed_refused: "このメッセージは受け付けられませんでした。短くするか、書き方を変えてみてください。",
  failed: "問題が起きました。あなたのせいではありません。もう一度お試しください。",
  again: "もう一度試す",
};

const zh = {
  title: "对话",
  greeting: "此刻，您在想些什么？",
  greeting_more: "就像写给一个有时间听您说话的人。回复会一点点出现，旁边是对您这番话的理解。",
  notice: "与您对话的是程序，不是真人，它可能出错。",
  operator: "运营方：{name}",
  help: "找人谈谈",
  help_always: "如果您或身边的人有危险，请立即拨打当地的紧急电话，或联系您信任的人。",
  help_alert: "请现在就找人谈谈",
  help_alert_more: "听起来可能有危险。请现在就拨打当地的紧急电话，或联系身边的人。在这种时候，程序代替不了人的帮助。",
  language: "语言",
  forget: "忘记",
  forget_title: "忘记这次对话吗？",
  forget_more: "这里的内容会从此浏览器中删除，并开始新的对话。此操作无法撤销。",
  forget_yes: "忘记",
  forget_no: "保留",
  forgotten: "已忘记。新的对话开始了。",
  say: "您的消息",
  say_hint: "请写在这里…",
  keys_hint: "回车发送，Shift 加回车换行，Esc 停止回复。",
  send: "发送",
  stop: "停止",
  you: "您",
  reply: "回复",
  notes: "对您这番话的理解",
  where: "我们走到了哪里",
  feelings: "情绪",
  needs: "需要",
  strength: "强度 {of}（共 3）",
  step_now: "现在",
  reading_feelings: "正在体会您的感受…",
  reading_phase: "正在看对话走到了哪里…",
  stage_failed: "这次没能读出：{what}。",
  stage_skipped: "这次没能及时完成：{what}。",
  degraded: "这条回复没有用到：{what}。",
  list_comma: "、",
  sending: "正在发送…",
  queued: "请稍等…",
  queued_behind: "请稍等，前面还有 {count} 条…",
  running: "正在读您写的话…",
  writing: "正在斟酌措辞…",
  stopping: "正在停止…",
  reply_over: "回复到此结束。",
  away: "连接断开了，正在重新连接，内容不会丢失。",
  back: "已重新连接。",
  busy: "现在有些忙，大约 {seconds} 秒后会自动再试。",
  asleep: "仍然无法连接。",
  key_needed: "正在等待密钥。",
  key_label: "访问密钥",
  key_more: "此服务需要密钥。密钥只保存在这个标签页里，关闭后即清除。",
  key_wrong: "这个密钥没有被接受。请看看是否完整。",
  key_use: "使用此密钥",
  unsent: "上一条消息还在发送中。按“停止”可以撤回。",
  withdrawn: "在回复之前停止了。",
  stopped: "已停止。",
  interrupted: "将与下一条消息一起回复。",
  damaged: "这条回复可能不完整。",
  cut_short: "回复过长，在这里被截断了。",
  incomplete: "上面的回复不完整。",
  failed_busy: "现在太忙了。请过一会儿再试。",
  failed_away: "现在无法连接到服务。请再试一次。",
  failed_late: "回复花的时间太长了。请再试一次。",
  failed_model: "语言模型没有正常回应。请再试一次。",
  failed_refused: "这条消息没有被接受。请写短一些，或换一种写法。",
  failed: "出了问题，这不是您的错。请再试一次。",
  again: "再试一次",
};

export const words = { en, ja, zh };

export function say(tongue, word, values = {}) {
  const text = words[tongue][word] ?? "";
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

// For the lang attribute, which chooses fonts too.
export const lang_of = (tongue) => (tongue === "zh" ? "zh-Hans" : tongue);

// The tongue for a browser's languages, in the order of their preference.
export function tongue_of(languages) {
  for (const language of languages) {
    const found = /^(en|ja|zh)\b/i.exec(language ?? "");
    if (found) return found[1].toLowerCase();
  }
  return "en";
}

const kana = /[\u3041-\u30FF\u31F0-\u31FF\uFF66-\uFF9F]/u;
const han = /\p{Script=Han}/u;
const letter = /\p{L}/u;

// The language that a text is shown in: the same characters look different in Japanese and Chinese.
// Kana anywhere is Japanese; Han alone is what the page speaks, where that can be written so.
export function tongue_of_text(text, tongue) {
  if (kana.test(text)) return "ja";
  if (han.test(text)) return tongue === "ja" ? "ja" : "zh";
  return letter.test(text) ? "en" : tongue;
}

// Whose doing a failure is, as far as a person is concerned.
export function failure(code) {
  switch (code) {
    case "overloaded":
    case "too_many_streams":
    case "model_busy":
      return "failed_busy";
    case "unavailable":
    case "draining":
    case "model_unreachable":
      return "failed_away";
    case "deadline_exceeded":
    case "model_timeout":
      return "failed_late";
    case "worker_lost":
    case "attempts_exhausted":
    case "reply_restarted":
    case "model_refused":
    case "model_failed":
    case "model_cut":
    case "model_output":
      return "failed_model";
    case "too_large":
    case "invalid_value":
    case "invalid_json":
    case "invalid_field":
    case "missing_field":
    case "malformed":
      return "failed_refused";
  }
  return "failed";
}
