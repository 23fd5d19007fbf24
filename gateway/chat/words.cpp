#include "gateway/chat/words.hpp"

#include <array>

namespace emostage::chat {

namespace {

constexpr Words english{
    .greeting =
        "EmoStage chat. You are writing with a program: it is no person and no substitute for "
        "one.\n"
        "If you or somebody else is in danger, please call your local emergency number or a "
        "person\n"
        "you trust. Type a line and press Enter; /help tells more.",
    .help =
        "Enter    send the line\n"
        "Ctrl-C   stop the reply that is being written; twice when nothing runs: leave\n"
        "/help    this text\n"
        "/quit    leave (Ctrl-D too)",
    .leave_hint = "Press Ctrl-C once more to leave.",
    .unreachable = "The broker does not answer. Still trying.",
    .connected = "Connected.",
    .starts_again = "The reply starts again.",
    .cancelled = "Stopped.",
    .interrupted = "This message is answered together with a newer one.",
    .incomplete = "The reply above is not complete.",
    .cut_short = "The reply was cut: it had become too long.",
    .degraded = "Written without: ",
    .not_text = "This line is not valid UTF-8 text and was not sent.",
    .feelings = "feelings",
    .needs = "needs",
    .phase = "phase",
    .stage_failed = "could not be read: ",
    .stage_skipped = "not ready in time: ",
    .risk_concern = "This sounds serious. Please think about talking to a person whom you trust.",
    .risk_alert =
        "This sounds like danger. Please call your local emergency number or somebody near "
        "you now. A program cannot help here as a person can.",
    .colon = ": ",
    .comma = ", ",
};

constexpr Words japanese{
    .greeting =
        "EmoStage チャットです。相手はプログラムであり、人ではなく、人の代わりにもなりません。\n"
        "あなたや身近な人に危険があるときは、地域の緊急通報番号か、信頼できる人に連絡してください。"
        "\n"
        "一行書いて Enter で送ります。/help で使い方を表示します。",
    .help =
        "Enter    その行を送る\n"
        "Ctrl-C   返事を途中で止める。何もしていないときは二回で終了\n"
        "/help    この説明\n"
        "/quit    終了(Ctrl-D でも)",
    .leave_hint = "もう一度 Ctrl-C を押すと終了します。",
    .unreachable = "ブローカーから応答がありません。接続を続けて試みています。",
    .connected = "接続しました。",
    .starts_again = "返事を初めから書き直します。",
    .cancelled = "止めました。",
    .interrupted = "このメッセージには、次のメッセージと合わせてお答えします。",
    .incomplete = "上の返事は途中までです。",
    .cut_short = "返事が長くなりすぎたため、途中で切りました。",
    .degraded = "次を使わずに書いた返事です: ",
    .not_text = "この行は UTF-8 の文字として読めないため、送りませんでした。",
    .feelings = "気持ち",
    .needs = "求めているもの",
    .phase = "段階",
    .stage_failed = "読み取れませんでした: ",
    .stage_skipped = "間に合いませんでした: ",
    .risk_concern = "つらい状況のように思えます。信頼できる人に話すことも考えてみてください。",
    .risk_alert =
        "危険な状況のように思えます。いますぐ地域の緊急通報番号か、近くの人に連絡してください。"
        "ここでは、プログラムは人の助けの代わりになれません。",
    .colon = ": ",
    .comma = "、",
};

constexpr Words chinese{
    .greeting =
        "EmoStage 聊天。与您对话的是程序，不是真人，也不能代替真人。\n"
        "如果您或身边的人有危险，请立即拨打当地的紧急电话，或联系您信任的人。\n"
        "写一行，按回车发送；输入 /help 查看说明。",
    .help =
        "回车     发送这一行\n"
        "Ctrl-C   停止正在写的回复；空闲时连按两次退出\n"
        "/help    显示本说明\n"
        "/quit    退出（也可按 Ctrl-D）",
    .leave_hint = "再按一次 Ctrl-C 退出。",
    .unreachable = "消息代理没有回应，仍在尝试连接。",
    .connected = "已连接。",
    .starts_again = "回复重新开始。",
    .cancelled = "已停止。",
    .interrupted = "这条消息将与后面的消息一起回复。",
    .incomplete = "上面的回复不完整。",
    .cut_short = "回复过长，已被截断。",
    .degraded = "这条回复没有用到: ",
    .not_text = "这一行不是有效的 UTF-8 文本，没有发送。",
    .feelings = "情绪",
    .needs = "需要",
    .phase = "阶段",
    .stage_failed = "未能读出: ",
    .stage_skipped = "未能及时完成: ",
    .risk_concern = "听起来情况不轻。请考虑和您信任的人谈一谈。",
    .risk_alert =
        "听起来可能有危险。请现在就拨打当地的紧急电话，或联系身边的人。"
        "在这种时候，程序代替不了人的帮助。",
    .colon = ": ",
    .comma = "、",
};

// The same reason in three languages, in the order of Tongue.
using Sentence = std::array<std::string_view, 3>;

constexpr Sentence busy{"There is too much to do just now.", "いま混み合っています。",
                        "现在太忙了。"};
constexpr Sentence away{"The service cannot be reached.", "サービスにつながりません。",
                        "无法连接到服务。"};
constexpr Sentence late{"The reply took too long.", "時間内に返事を書けませんでした。",
                        "回复花的时间太长了。"};
constexpr Sentence model{"The language model did not answer as it should.",
                         "言語モデルから正しい応答がありませんでした。", "语言模型没有正常回应。"};
constexpr Sentence pipeline{"No worker offers this pipeline.",
                            "このパイプラインを動かせるワーカーがありません。",
                            "没有工作进程提供这个流程。"};
constexpr Sentence session{"This session is already being answered.",
                           "このセッションは、すでに返事を書いているところです。",
                           "这个会话正在回复中。"};
constexpr Sentence refused{"The message was not accepted.",
                           "メッセージは受け付けられませんでした。", "消息没有被接受。"};
constexpr Sentence broken{"Something went wrong.", "問題が起きました。", "出了问题。"};
constexpr Sentence again{"Please try again.", "もう一度お試しください。", "请再试一次。"};

const Sentence& reason(Errc code) {
    switch (code) {
        case Errc::overloaded:
        case Errc::model_busy:
            return busy;
        case Errc::unavailable:
        case Errc::model_unreachable:
            return away;
        case Errc::deadline_exceeded:
        case Errc::model_timeout:
            return late;
        case Errc::worker_lost:
        case Errc::model_refused:
        case Errc::model_failed:
        case Errc::model_cut:
        case Errc::model_output:
            return model;
        case Errc::unknown_pipeline:
            return pipeline;
        case Errc::session_busy:
            return session;
        case Errc::malformed:
        case Errc::invalid_field:
        case Errc::unsupported_version:
        case Errc::too_large:
        case Errc::conflict:
            return refused;
        default:
            return broken;
    }
}

bool retrying_helps(Errc code) {
    const auto& why = reason(code);
    return &why != &refused && &why != &pipeline;
}

}  // namespace

Tongue tongue_of(std::string_view locale) {
    const auto language = locale.substr(0, locale.find_first_of("-_.@"));
    if (language == "ja" || language == "JA") return Tongue::ja;
    if (language == "zh" || language == "ZH") return Tongue::zh;
    return Tongue::en;
}

const Words& words(Tongue tongue) {
    switch (tongue) {
        case Tongue::ja:
            return japanese;
        case Tongue::zh:
            return chinese;
        case Tongue::en:
            break;
    }
    return english;
}

std::string failure(Tongue tongue, Errc code, std::int64_t retry_after_ms) {
    const auto at = static_cast<std::size_t>(tongue);
    const std::string_view gap = tongue == Tongue::en ? " " : "";
    std::string sentence(reason(code)[at]);
    if (retry_after_ms > 0) {
        const auto seconds = std::to_string((retry_after_ms + 999) / 1000);
        switch (tongue) {
            case Tongue::en:
                sentence += " Please try again in " + seconds + " s.";
                break;
            case Tongue::ja:
                sentence += seconds + " 秒ほど待って、もう一度お試しください。";
                break;
            case Tongue::zh:
                sentence += "请在 " + seconds + " 秒后再试。";
                break;
        }
    } else if (retrying_helps(code)) {
        sentence += gap;
        sentence += again[at];
    }
    sentence += " [" + std::string(name(code)) + "]";
    return sentence;
}

std::string too_long(Tongue tongue, std::uint64_t bytes_max) {
    const auto bytes = std::to_string(bytes_max);
    switch (tongue) {
        case Tongue::ja:
            return "長すぎる行なので送りませんでした。一行は " + bytes + " バイトまでです。";
        case Tongue::zh:
            return "这一行太长，没有发送。一行最多 " + bytes + " 字节。";
        case Tongue::en:
            break;
    }
    return "This line is too long and was not sent. A line has at most " + bytes + " bytes.";
}

}  // namespace emostage::chat
