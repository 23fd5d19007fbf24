#include "bench/rehearsal/answer.hpp"

#include <nlohmann/json.hpp>
#include <set>

namespace emostage::rehearsal {
namespace {

using Json = nlohmann::json;
constexpr std::uint64_t seed = 7;

ChatCall call_of(std::string stage, std::size_t lines, std::string newest,
                 Language language = Language::en) {
    ChatCall call;
    call.stage = std::move(stage);
    call.client_lines = lines;
    call.first = "the first line";
    call.newest = std::move(newest);
    call.language = language;
    return call;
}

TEST(Answer, ThePhaseMovesOnWithTheClientsLines) {
    std::vector<std::string> seen;
    for (std::size_t lines = 1; lines <= 14; ++lines) {
        const Json phase = Json::parse(answer(call_of("phase", lines, "something longer"), seed));
        if (seen.empty() || seen.back() != phase["phase"]) seen.push_back(phase["phase"]);
        EXPECT_EQ(phase["confidence"], "high");
    }
    EXPECT_THAT(seen,
                testing::ElementsAre("opening", "exploring", "understanding", "acting", "closing"));
}

TEST(Answer, AFewCharactersLeaveThePhaseUncertain) {
    for (const auto* line : {"ok", "うん", "嗯嗯"}) {
        EXPECT_EQ(Json::parse(answer(call_of("phase", 5, line), seed))["confidence"], "low")
            << line;
    }
}

TEST(Answer, AFarewellClosesButNotAtOnce) {
    EXPECT_EQ(phase_of(call_of("phase", 5, "Thank you, goodbye")), Phase::closing);
    EXPECT_EQ(phase_of(call_of("phase", 1, "Goodbye is hard for me")), Phase::opening);
}

TEST(Answer, DangerLeadsBackToExploring) {
    EXPECT_EQ(phase_of(call_of("phase", 10, "I want to die")), Phase::exploring);
}

TEST(Answer, ClosingAsksNothing) {
    for (std::size_t l = 0; l < languages; ++l) {
        for (std::size_t v = 0; v < variants; ++v) {
            const std::string_view line = move(static_cast<Language>(l), Phase::closing, v);
            for (const auto* mark : {"?", "？", "か。"}) {
                EXPECT_EQ(line.find(mark), line.npos) << line;
            }
        }
    }
}

TEST(Answer, ThePerspectiveIsAnObjectOfTheClosedSets) {
    const std::string text =
        answer(call_of("perspective", 3, "不安で眠れない、どうすればいい", Language::ja), seed);
    const Json perspective = Json::parse(text);
    EXPECT_EQ(perspective.size(), 4u);
    EXPECT_EQ(perspective["emotions"], Json::parse(R"([{"name":"anxiety","strength":2}])"));
    EXPECT_EQ(perspective["needs"], Json::parse(R"(["way_forward","safety"])"));
    EXPECT_EQ(perspective["risk"], "none");
    EXPECT_EQ(perspective["state"], inner_voice(Language::ja, Emotion::anxiety));
}

TEST(Answer, WithoutCuesThePerspectiveIsStillWhole) {
    const Json perspective = Json::parse(answer(call_of("perspective", 1, "..."), seed));
    EXPECT_EQ(perspective["emotions"], Json::parse(R"([{"name":"calm","strength":1}])"));
    EXPECT_EQ(perspective["needs"], Json::parse(R"(["heard"])"));
}

TEST(Answer, AReplySaysOnceThatItIsARehearsal) {
    for (const Language language : {Language::ja, Language::zh, Language::en}) {
        const std::string reply = answer(call_of("response", 3, "hm", language), seed);
        const std::string_view said = mark(language);
        EXPECT_TRUE(reply.starts_with(said));
        EXPECT_EQ(reply.find(said, 1), std::string::npos);
    }
}

TEST(Answer, TheInstructedPhaseIsTheReplys) {
    for (std::size_t p = 0; p < phases; ++p) {
        ChatCall call = call_of("response", 2, "I am sad");
        call.phase = name(static_cast<Phase>(p));
        const std::string reply = answer(call, seed);
        bool found = false;
        for (std::size_t v = 0; v < variants; ++v) {
            found |= reply.ends_with(move(Language::en, static_cast<Phase>(p), v));
        }
        EXPECT_TRUE(found) << call.phase;
    }
}

TEST(Answer, AnUnknownPhaseFallsBackOnTheLines) {
    ChatCall call = call_of("response", 2, "I am sad");
    const std::string reply = answer(call, seed);
    call.phase = "dancing";
    EXPECT_EQ(answer(call, seed), reply);
}

TEST(Answer, TheSameSeedAndTalkGiveTheSameWords) {
    const ChatCall call = call_of("response", 3, "I am sad");
    EXPECT_EQ(answer(call, seed), answer(call, seed));
    std::set<std::string> replies;
    for (std::uint64_t other = 0; other < 32; ++other) replies.insert(answer(call, other));
    EXPECT_GT(replies.size(), 2u) << "the seed must matter";
}

TEST(Answer, LinesThatFollowOneAnotherGetOtherWords) {
    EXPECT_NE(answer(call_of("response", 2, "I am sad"), seed),
              answer(call_of("response", 3, "I am sad"), seed));
}

TEST(Answer, DangerIsAnsweredWithCareWhateverThePhase) {
    ChatCall call = call_of("response", 9, "我想死", Language::zh);
    call.phase = "acting";
    EXPECT_EQ(answer(call, seed),
              std::string(mark(Language::zh)) + std::string(careful_words(Language::zh)));
}

TEST(Answer, CallersWithoutStagesGetProseOrTheJsonThatTheyAskFor) {
    ChatCall call = call_of("", 1, "hello");
    EXPECT_FALSE(is_typed(call));
    call.wants_json = true;
    EXPECT_TRUE(is_typed(call));
    EXPECT_TRUE(Json::parse(answer(call, seed)).is_object());
}

TEST(Answer, EveryLineIsThereShortAndAsksAtMostOneQuestion) {
    for (std::size_t l = 0; l < languages; ++l) {
        const auto language = static_cast<Language>(l);
        for (std::size_t p = 0; p < phases; ++p) {
            std::set<std::string_view> distinct;
            for (std::size_t v = 0; v < variants; ++v) {
                const std::string_view line = move(language, static_cast<Phase>(p), v);
                EXPECT_TRUE(distinct.insert(line).second) << line;
                EXPECT_GT(line.size(), 20u);
                EXPECT_LT(line.size(), 220u);
                EXPECT_LE(std::count(line.begin(), line.end(), '?'), 1) << line;
            }
        }
        for (std::size_t e = 0; e < emotions; ++e) {
            const auto emotion = static_cast<Emotion>(e);
            constexpr std::array<std::string_view, languages> me = {"私は", "我", "I "};
            EXPECT_TRUE(inner_voice(language, emotion).starts_with(me[l]));
            EXPECT_NE(reflection(language, emotion, 0), reflection(language, emotion, 1));
        }
    }
}

TEST(Answer, NoGarbageIsAUsableObject) {
    for (std::uint64_t kind = 0; kind < garbage_kinds; ++kind) {
        const Json parsed = Json::parse(garbage(kind), nullptr, false);
        const bool usable = parsed.is_object() && parsed.value("phase", Json()).is_string();
        EXPECT_FALSE(usable) << kind;
    }
}

}  // namespace
}  // namespace emostage::rehearsal
