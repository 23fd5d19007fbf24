#include "bench/rehearsal/cues.hpp"

namespace emostage::rehearsal {
namespace {

using testing::Contains;
using testing::ElementsAre;

Emotion first(std::string_view line) { return read_cues(line).feelings.front().emotion; }

TEST(Cues, FeelingsAreFoundInEachLanguage) {
    EXPECT_EQ(first("I cried all night"), Emotion::sadness);
    EXPECT_EQ(first("明日の発表が不安です"), Emotion::anxiety);
    EXPECT_EQ(first("我觉得很孤单"), Emotion::loneliness);
    EXPECT_EQ(first("上司に腹が立つ"), Emotion::anger);
    EXPECT_EQ(first("I feel so ashamed"), Emotion::shame);
    EXPECT_EQ(first("每天加班，太累了"), Emotion::exhaustion);
    EXPECT_EQ(first("話せてほっとしました"), Emotion::relief);
    EXPECT_EQ(first("我想试一试"), Emotion::hope);
}

TEST(Cues, CapitalsDoNotMatter) { EXPECT_EQ(first("SO TIRED"), Emotion::exhaustion); }

TEST(Cues, AnEnglishCueBeginsAWord) { EXPECT_EQ(first("The ambassador came"), Emotion::calm); }

TEST(Cues, SeveralCuesAndAStrongWordMakeAFeelingStronger) {
    EXPECT_THAT(read_cues("I am sad").feelings, ElementsAre(Feeling{Emotion::sadness, 1}));
    EXPECT_THAT(read_cues("I am very sad").feelings, ElementsAre(Feeling{Emotion::sadness, 2}));
    EXPECT_THAT(read_cues("Very sad, I cry and cried over my grief").feelings,
                ElementsAre(Feeling{Emotion::sadness, 3}));
}

TEST(Cues, TheStrongestFeelingComesFirstAndThreeAreEnough) {
    const Reading reading =
        read_cues("tired and exhausted and drained, alone, angry, ashamed, anxious");
    ASSERT_EQ(reading.feelings.size(), readings_max);
    EXPECT_EQ(reading.feelings.front(), (Feeling{Emotion::exhaustion, 3}));
    EXPECT_LE(reading.needs.size(), readings_max);
}

TEST(Cues, ALineWithoutCuesWantsToBeHeard) {
    const Reading reading = read_cues("うん");
    EXPECT_THAT(reading.feelings, ElementsAre(Feeling{Emotion::calm, 1}));
    EXPECT_THAT(reading.needs, ElementsAre(Need::heard));
    EXPECT_EQ(reading.risk, Risk::none);
}

TEST(Cues, AskingWhatToDoNeedsAWayForward) {
    for (const auto* line : {"What should I do?", "どうすればいいですか", "我该怎么办"}) {
        EXPECT_THAT(read_cues(line).needs, Contains(Need::way_forward)) << line;
    }
}

TEST(Cues, DangerIsSeenInEachLanguage) {
    for (const auto* line : {"I want to die", "もう死にたい", "我不想活了"}) {
        const Reading reading = read_cues(line);
        EXPECT_EQ(reading.risk, Risk::alert) << line;
        EXPECT_THAT(reading.needs, Contains(Need::safety)) << line;
    }
    for (const auto* line : {"It is hopeless", "消えたい", "我撑不住，活不下去"}) {
        EXPECT_EQ(read_cues(line).risk, Risk::concern) << line;
    }
}

TEST(Cues, LeaveTakingIsSeenInEachLanguage) {
    for (const auto* line : {"ok, bye!", "今日はありがとうございました", "那再见啦"}) {
        EXPECT_TRUE(read_cues(line).farewell) << line;
    }
    EXPECT_FALSE(read_cues("I will stay").farewell);
}

}  // namespace
}  // namespace emostage::rehearsal
