#include "bench/load/reply_script.hpp"

namespace emostage::load {
namespace {

constexpr std::string_view numbered = "w000f w001f w002f w003f";

TEST(ReplyScript, NumberedTokensCountWhenTheirLastByteIsThere) {
    const ReplyScript script(FarEnd::numbered, 6);
    EXPECT_EQ(script.read(0, numbered).tokens, 4u);
    EXPECT_TRUE(script.read(0, numbered).right);
    EXPECT_EQ(script.read(0, numbered.substr(0, 4)).tokens, 0u);
    EXPECT_EQ(script.read(4, numbered.substr(4, 1)).tokens, 1u);
}

TEST(ReplyScript, HoweverAReplyIsCutItsTokensAreTheSame) {
    const ReplyScript script(FarEnd::numbered, 6);
    for (std::size_t cut = 0; cut <= numbered.size(); ++cut) {
        const auto head = script.read(0, numbered.substr(0, cut));
        const auto tail = script.read(cut, numbered.substr(cut));
        EXPECT_EQ(head.tokens + tail.tokens, 4u) << cut;
        EXPECT_TRUE(head.right && tail.right) << cut;
    }
}

TEST(ReplyScript, APieceThatIsMissingDoubledOrSwappedIsNotRight) {
    const ReplyScript script(FarEnd::numbered, 6);
    EXPECT_FALSE(script.read(5, " w002f").right);
    EXPECT_FALSE(script.read(5, "w000f").right);
    EXPECT_FALSE(script.read(0, " w000f").right);
    EXPECT_FALSE(script.read(6 * ReplyScript::numbered_tokens_max - 1, " w1000").right);
}

TEST(ReplyScript, LongerTokensAreFilledUp) {
    const ReplyScript script(FarEnd::numbered, 10);
    EXPECT_TRUE(script.read(0, "w000fghab w001fghab").right);
    EXPECT_EQ(script.read(0, "w000fghab w001fghab").tokens, 2u);
}

TEST(ReplyScript, ARehearsalsTokensAreCountedAsItCutsThem) {
    const ReplyScript script(FarEnd::rehearsal);
    EXPECT_EQ(script.read(0, "This is a rehearsal.").tokens, 5u);
    EXPECT_EQ(script.read(0, "This").tokens + script.read(4, " is a").tokens +
                  script.read(9, " rehearsal.").tokens,
              5u);
}

TEST(ReplyScript, OfAnUnknownModelADeltaIsAToken) {
    EXPECT_EQ(ReplyScript(FarEnd::unknown).read(17, "some more words").tokens, 1u);
}

}  // namespace
}  // namespace emostage::load
