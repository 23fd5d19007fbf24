#include "bench/rehearsal/cues.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace emostage::rehearsal {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::size_t line_bytes_max = 4096;  // that is looked at

constexpr std::string_view sadness_words[] = {
    "sad",     "cry",         "cried", "grief",  "heartbroken", "miss him", "miss her",
    "lost my", "passed away", "悲し",  "かなし", "泣",          "涙",       "亡くな",
    "失恋",    "落ち込",      "つら",  "辛い",   "难过",        "伤心",     "哭",
    "去世",    "分手",        "难受",  "痛苦",   "失落"};
constexpr std::string_view anxiety_words[] = {
    "anxious", "anxiety", "worr",   "afraid", "scared", "nervous", "panic",    "stress",   "fear",
    "不安",    "心配",    "こわい", "怖",     "緊張",   "焦",      "どきどき", "ドキドキ", "眠れな",
    "担心",    "害怕",    "紧张",   "焦虑",   "慌",     "压力",    "失眠",     "睡不着"};
constexpr std::string_view loneliness_words[] = {
    "lonely",       "alone",      "isolated", "nobody", "no one",   "no friends",   "left out",
    "孤独",         "さびし",     "さみし",   "寂し",   "ひとりで", "ひとりぼっち", "独りぼっち",
    "誰もわかって", "友達がいな", "孤单",     "寂寞",   "没有朋友", "没人",         "一个人"};
constexpr std::string_view anger_words[] = {
    "angry", "anger",  "furious", "mad at",   "hate",     "unfair", "annoyed", "resent",
    "怒",    "腹が立", "むかつ",  "イライラ", "いらいら", "許せな", "ひどい",  "悔し",
    "生气",  "愤怒",   "气死",    "讨厌",     "不公平",   "委屈",   "凭什么"};
constexpr std::string_view shame_words[] = {
    "ashamed", "shame",  "guilty",   "embarrass",  "my fault",   "worthless", "failure",
    "恥",      "情けな", "申し訳な", "自分のせい", "自分が悪い", "だめな",    "ダメな",
    "羞愧",    "丢脸",   "内疚",     "对不起",     "没用",       "自责",      "失败"};
constexpr std::string_view exhaustion_words[] = {
    "tired", "exhaust", "worn out", "burned out", "burnt out", "burnout", "drained", "overwhelm",
    "疲れ",  "つかれ",  "くたくた", "へとへと",   "しんど",    "だる",    "限界",    "残業",
    "累",    "疲惫",    "没力气",   "撑",         "加班",      "精疲力"};
constexpr std::string_view relief_words[] = {
    "relieved", "relief", "feel better", "feel lighter", "calmer",     "ほっと", "ホッと", "安心",
    "楽になっ", "落ち着", "すっきり",    "轻松",         "松了一口气", "好多了", "好一点", "放心"};
constexpr std::string_view hope_words[] = {
    "hope", "looking forward", "i will try", "i'll try", "maybe i can", "excited", "頑張", "がんば",
    "希望", "楽しみ",          "やってみ",   "前向き",   "できそう",    "期待",    "试试", "试一试",
    "努力", "有信心",          "会好"};

// Calm has none.
constexpr std::array<Words, emotions - 1> emotion_words = {
    sadness_words, anxiety_words,    loneliness_words, anger_words,
    shame_words,   exhaustion_words, relief_words,     hope_words};

constexpr std::string_view strong_words[] = {
    "very",   "really", "so ", "extremely", "always", "とても", "すごく", "本当に",
    "ずっと", "もう",   "很",  "非常",      "特别",   "真的",   "一直",   "太"};
constexpr std::string_view way_words[] = {
    "what should i", "what can i do", "how do i",   "how can i", "advice",
    "どうすれば",    "どうしたら",    "どうやって", "方法",      "アドバイス",
    "怎么办",        "该怎么",        "如何",       "建议"};
constexpr std::string_view information_words[] = {
    "what is ", "is it normal", "where can i", "hospital", "therap", "病院に行", "どこに",
    "普通です", "とは",         "去医院",      "正常吗",   "去哪里", "医生",     "什么是"};
constexpr std::string_view alert_words[] = {
    "suicid",      "kill myself", "end my life",  "end it all",
    "want to die", "hurt myself", "死にたい",     "生きていたくない",
    "自殺",        "死のう",      "自分を傷つけ", "リストカット",
    "自杀",        "想死",        "不想活",       "结束自己的生命",
    "自残",        "伤害自己"};
constexpr std::string_view concern_words[] = {
    "hopeless", "no point",       "can't go on", "cannot go on", "disappear",
    "消えたい", "いなくなりたい", "生きる意味",  "もう無理",     "没有意义",
    "活着没",   "活不下去",       "消失",        "绝望"};
constexpr std::string_view farewell_words[] = {"goodbye",
                                               "bye",
                                               "good night",
                                               "thank you for today",
                                               "thanks for today",
                                               "さようなら",
                                               "失礼します",
                                               "また来ます",
                                               "おやすみ",
                                               "今日はありがとう",
                                               "再见",
                                               "拜拜",
                                               "晚安",
                                               "今天谢谢",
                                               "谢谢你今天"};

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// English cues begin a word: "sad" is not in "ambassador".
bool has(std::string_view line, std::string_view word) {
    for (std::size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
        if (!is_letter(word.front()) || at == 0 || !is_letter(line[at - 1])) return true;
    }
    return false;
}

int count(std::string_view line, Words words) {
    return static_cast<int>(
        std::ranges::count_if(words, [line](std::string_view word) { return has(line, word); }));
}

Need need_of(Emotion emotion) {
    switch (emotion) {
        case Emotion::sadness:
        case Emotion::exhaustion:
            return Need::comfort;
        case Emotion::anxiety:
            return Need::safety;
        case Emotion::loneliness:
            return Need::connection;
        case Emotion::anger:
        case Emotion::shame:
            return Need::understanding;
        case Emotion::relief:
        case Emotion::hope:
            return Need::encouragement;
        case Emotion::calm:
            return Need::heard;
    }
    return Need::heard;
}

void add(std::vector<Need>& needs, Need need) {
    if (needs.size() < readings_max && std::ranges::find(needs, need) == needs.end()) {
        needs.push_back(need);
    }
}

std::string lower(std::string_view line) {
    std::string lowered(line.substr(0, line_bytes_max));
    for (char& c : lowered) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lowered;
}

}  // namespace

std::string_view name(Emotion emotion) {
    constexpr std::array<std::string_view, emotions> names = {"sadness", "anxiety", "loneliness",
                                                              "anger",   "shame",   "exhaustion",
                                                              "relief",  "hope",    "calm"};
    return names[static_cast<std::size_t>(emotion)];
}

std::string_view name(Need need) {
    constexpr std::array<std::string_view, 8> names = {
        "heard",       "comfort",     "understanding", "encouragement",
        "way_forward", "information", "connection",    "safety"};
    return names[static_cast<std::size_t>(need)];
}

std::string_view name(Risk risk) {
    constexpr std::array<std::string_view, 3> names = {"none", "concern", "alert"};
    return names[static_cast<std::size_t>(risk)];
}

Reading read_cues(std::string_view original) {
    const std::string line = lower(original);
    Reading reading;
    const int stress = count(line, strong_words) > 0 ? 1 : 0;
    for (std::size_t i = 0; i < emotion_words.size(); ++i) {
        const int cues = count(line, emotion_words[i]);
        if (cues > 0) {
            reading.feelings.push_back({static_cast<Emotion>(i), std::min(3, cues + stress)});
        }
    }
    std::ranges::stable_sort(reading.feelings, std::greater(), &Feeling::strength);
    if (reading.feelings.size() > readings_max) reading.feelings.resize(readings_max);
    if (reading.feelings.empty()) reading.feelings.push_back({Emotion::calm, 1});

    reading.risk = count(line, alert_words) > 0     ? Risk::alert
                   : count(line, concern_words) > 0 ? Risk::concern
                                                    : Risk::none;
    if (reading.risk == Risk::alert) add(reading.needs, Need::safety);
    if (count(line, way_words) > 0) add(reading.needs, Need::way_forward);
    if (count(line, information_words) > 0) add(reading.needs, Need::information);
    for (const Feeling& feeling : reading.feelings) add(reading.needs, need_of(feeling.emotion));
    reading.farewell = count(line, farewell_words) > 0;
    return reading;
}

}  // namespace emostage::rehearsal
