#include "worker/pipeline/language.hpp"

#include <gtest/gtest.h>

namespace emostage::worker {
namespace {

using wire::Role;

struct Case {
    const char* locale;
    const char* text;
    std::vector<wire::Utterance> history;
    Language prompts;
    bool other;
};

void expect(const Case& one) {
    const auto choice = choose_language(one.locale, one.text, one.history);
    EXPECT_EQ(choice.prompts, one.prompts) << one.locale << " | " << one.text;
    EXPECT_EQ(choice.other, one.other) << one.locale << " | " << one.text;
}

TEST(ChooseLanguage, TheLocaleDecidesFirst) {
    expect({"ja", "hello there, how are you doing", {}, Language::ja, false});
    expect({"ja-JP", "hello", {}, Language::ja, false});
    expect({"ZH_Hant_TW", "hello", {}, Language::zh, false});
    expect({"cmn-Hans", "こんにちは", {}, Language::zh, false});
    expect({"en-GB", "こんにちは", {}, Language::en, false});
    expect({"fr", "bonjour", {}, Language::en, true});
    expect({"ko-KR", "hello", {}, Language::en, true});
    expect({"fil", "kumusta", {}, Language::en, true});
}

TEST(ChooseLanguage, ALocaleWithoutALanguageDecidesNothing) {
    for (const char* locale : {"", "und", "mul", "-JP", "1", "japanese", "x", "!!", "日本"}) {
        expect({locale, "今日はとても疲れました", {}, Language::ja, false});
    }
}

TEST(ChooseLanguage, TheScriptDecidesWithoutALocale) {
    expect({"", "最近、眠れません。", {}, Language::ja, false});
    expect({"", "ﾂｶﾚﾀ", {}, Language::ja, false});
    expect({"", "我最近睡不着觉", {}, Language::zh, false});
    expect({"", "我最近睡唔著覺", {}, Language::zh, false});
    expect({"", "ㄋㄧˇㄏㄠˇ", {}, Language::zh, false});
    expect({"", "I cannot sleep lately", {}, Language::en, false});
    expect({"", "요즘 잠을 못 자요", {}, Language::en, true});
    expect({"", "Я не могу заснуть", {}, Language::en, true});
    expect({"", "لا أستطيع النوم", {}, Language::en, true});
    expect({"", "นอนไม่หลับเลย", {}, Language::en, true});
    expect({"", "मुझे नींद नहीं आती", {}, Language::en, true});
    expect({"", "δεν μπορώ να κοιμηθώ", {}, Language::en, true});
    expect({"", "אני לא ישן", {}, Language::en, true});
    expect({"", "je ne dors plus du tout la nuit", {}, Language::en, false});
}

TEST(ChooseLanguage, MixedTextFollowsWhatCarriesIt) {
    expect({"", "LINEで彼にブロックされた", {}, Language::ja, false});
    expect({"", "我的boss昨天fire了我", {}, Language::zh, false});
    expect({"", "My friend 小明 has left without a word", {}, Language::en, false});
    expect({"", "这家店的名字叫做“美の味”，我和妈妈昨天一起去吃了晚饭", {}, Language::zh, false});
    expect({"", "ok 그냥 힘들어요", {}, Language::en, true});
}

TEST(ChooseLanguage, ATextThatShowsNothingFollowsTheClientsConversation) {
    const std::vector<wire::Utterance> ja{{Role::user, "眠れないんです"}, {Role::assistant, "Hm."}};
    const std::vector<wire::Utterance> zh{{Role::user, "我睡不着"}};
    const std::vector<wire::Utterance> ko{{Role::user, "잠을 못 자요"}, {Role::user, "..."}};
    for (const char* text : {"ok", "OK!", "...", "😭😭", "", "12:30", "thank you"}) {
        expect({"", text, ja, Language::ja, false});
        expect({"", text, zh, Language::zh, false});
        expect({"", text, ko, Language::en, true});
        expect({"", text, {}, Language::en, false});
    }
    expect({"", "...", {{Role::assistant, "どうしましたか"}}, Language::en, false});
}

TEST(ChooseLanguage, AChangeOfLanguageIsFollowed) {
    const std::vector<wire::Utterance> ja{{Role::user, "眠れないんです"}};
    expect({"", "Sorry, I would rather write in English", ja, Language::en, false});
}

TEST(ChooseLanguage, HanAloneIsChineseUnlessTheConversationShowsKana) {
    expect({"", "大丈夫", {}, Language::zh, false});
    expect({"", "大丈夫", {{Role::user, "疲れました"}}, Language::ja, false});
    expect({"", "大丈夫", {{Role::assistant, "どうですか？"}}, Language::ja, false});
    expect({"", "了解", {{Role::user, "我很好"}, {Role::assistant, "好的"}}, Language::zh, false});
}

TEST(ChooseLanguage, LooksAtABoundedPartOfHostileText) {
    std::string huge(1 << 20, 'a');
    huge += "こんにちは";
    EXPECT_EQ(choose_language("", huge, {}).prompts, Language::en);
    EXPECT_EQ(choose_language("", std::string("\xff\xfe\x80 こんにちは"), {}).prompts,
              Language::ja);
    EXPECT_EQ(choose_language("", std::string(4095, ' ') + "\xe3\x81\x82", {}).prompts,
              Language::en)
        << "a character that is cut says nothing";
}

TEST(Speakers, AreNamedInThePromptsLanguage) {
    EXPECT_EQ(speakers(Language::ja).client, "相談者");
    EXPECT_EQ(speakers(Language::zh).client, "来访者");
    EXPECT_EQ(speakers(Language::en).counsellor, "Counsellor");
}

}  // namespace
}  // namespace emostage::worker
