#include "gateway/chat/labels.hpp"

#include <algorithm>
#include <array>

namespace emostage::chat {

namespace {

struct Entry {
    std::string_view name;
    std::array<std::string_view, 3> words;  // in the order of Tongue
};

constexpr std::array labels{
    // feelings
    Entry{"sadness", {"sadness", "悲しみ", "悲伤"}},
    Entry{"grief", {"grief", "喪失の痛み", "失去的痛"}},
    Entry{"loneliness", {"loneliness", "孤独", "孤独"}},
    Entry{"hurt", {"hurt", "傷つき", "受伤"}},
    Entry{"anxiety", {"anxiety", "不安", "焦虑"}},
    Entry{"fear", {"fear", "恐れ", "害怕"}},
    Entry{"overwhelm", {"overwhelm", "いっぱいいっぱい", "应付不过来"}},
    Entry{"exhaustion", {"exhaustion", "疲れ", "疲惫"}},
    Entry{"anger", {"anger", "怒り", "愤怒"}},
    Entry{"frustration", {"frustration", "もどかしさ", "憋屈"}},
    Entry{"envy", {"envy", "うらやましさ", "羡慕"}},
    Entry{"shame", {"shame", "恥ずかしさ", "羞愧"}},
    Entry{"guilt", {"guilt", "罪悪感", "内疚"}},
    Entry{"regret", {"regret", "後悔", "后悔"}},
    Entry{"disappointment", {"disappointment", "がっかり", "失望"}},
    Entry{"helplessness", {"helplessness", "無力感", "无助"}},
    Entry{"hopelessness", {"hopelessness", "絶望", "绝望"}},
    Entry{"emptiness", {"emptiness", "むなしさ", "空虚"}},
    Entry{"confusion", {"confusion", "戸惑い", "迷茫"}},
    Entry{"relief", {"relief", "安堵", "释然"}},
    Entry{"hope", {"hope", "希望", "希望"}},
    Entry{"gratitude", {"gratitude", "感謝", "感激"}},
    Entry{"joy", {"joy", "喜び", "喜悦"}},
    Entry{"calm", {"calm", "落ち着き", "平静"}},
    // needs
    Entry{"heard", {"to be heard", "聞いてもらうこと", "有人倾听"}},
    Entry{"comfort", {"comfort", "慰め", "安慰"}},
    Entry{"understanding", {"understanding", "整理すること", "弄明白自己"}},
    Entry{"encouragement", {"encouragement", "励まし", "鼓励"}},
    Entry{"way_forward", {"a way forward", "次の一歩", "一点思路"}},
    Entry{"information", {"information", "情報", "信息"}},
    Entry{"connection", {"connection", "つながり", "陪伴"}},
    Entry{"safety", {"safety", "安全", "安全"}},
    // stages
    Entry{"perspective", {"feelings and needs", "気持ちと求めているもの", "情绪和需要"}},
    Entry{"phase", {"the phase", "段階", "阶段"}},
    Entry{"response", {"the reply", "返事", "回复"}},
};

// "understanding" is a need and a phase.
constexpr std::array phases{
    Entry{"opening", {"opening", "はじまり", "开始"}},
    Entry{"exploring", {"exploring", "話を聴く", "倾诉"}},
    Entry{"understanding", {"understanding", "理解を深める", "看清"}},
    Entry{"acting", {"acting", "次の一歩を考える", "行动"}},
    Entry{"closing", {"closing", "しめくくり", "结束"}},
};

template <class Entries>
std::string_view find(const Entries& entries, Tongue tongue, std::string_view name) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry& entry) { return entry.name == name; });
    return found == entries.end() ? std::string_view{}
                                  : found->words[static_cast<std::size_t>(tongue)];
}

}  // namespace

std::string_view label(Tongue tongue, std::string_view name) { return find(labels, tongue, name); }

std::string_view phase_label(Tongue tongue, std::string_view name) {
    return find(phases, tongue, name);
}

}  // namespace emostage::chat
