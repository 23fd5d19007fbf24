#include "gateway/http/server/api_keys.hpp"

#include <gtest/gtest.h>

namespace emostage::http {
namespace {

using testing::HasSubstr;
using testing::Not;

// SHA-256 of "secret"
const std::string hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

std::string problem(const std::string& text) {
    const auto keys = ApiKeys::parse("keys", text);
    EXPECT_FALSE(keys);
    return keys ? "" : keys.error().message;
}

TEST(ApiKeys, KnowTheirOwners) {
    const auto other = make_key("other");
    const auto keys =
        ApiKeys::parse("keys", "# who\n\nfirst " + hash + "  # a note\n" + other.line + "\r\n");
    ASSERT_TRUE(keys) << keys.error().message;
    EXPECT_EQ(keys->size(), 2u);
    EXPECT_EQ(keys->owner("secret"), "first");
    EXPECT_EQ(keys->owner(other.key), "other");
}

TEST(ApiKeys, KnowNobodyElse) {
    const auto keys = ApiKeys::parse("keys", "first " + hash);
    ASSERT_TRUE(keys);
    for (const std::string& key : {std::string(), std::string("Secret"), std::string("secret "),
                                   hash, std::string(ApiKeys::key_bytes_max + 1, 'a')}) {
        EXPECT_FALSE(keys->owner(key)) << key;
    }
}

TEST(ApiKeys, ThatAreMadeAreNewEachTime) {
    const auto one = make_key("a"), two = make_key("a");
    EXPECT_NE(one.key, two.key);
    EXPECT_NE(one.line, two.line);
    EXPECT_EQ(one.key.size(), 67u);
    EXPECT_THAT(one.line, Not(HasSubstr(one.key.substr(3))));
}

TEST(ApiKeys, OfAFileThatIsWrongAreRefusedWithItsLineAndNeverRepeated) {
    EXPECT_THAT(problem("first " + hash + "\nes-0123456789abcdef0123 x"), HasSubstr("keys:2: "));
    EXPECT_THAT(problem("a\n"), HasSubstr("64 hex digits"));
    EXPECT_THAT(problem("a 12ab"), HasSubstr("64 hex digits"));
    EXPECT_THAT(problem("a " + hash + "0"), HasSubstr("64 hex digits"));
    EXPECT_THAT(problem("a " + hash + " b"), HasSubstr("more than"));
    EXPECT_THAT(problem("a " + hash + "\na " + hash), HasSubstr("twice"));
    EXPECT_THAT(problem("# only a comment\n"), HasSubstr("no key"));
    EXPECT_THAT(problem("es-secretsecretsecret " + hash), Not(HasSubstr("secret")));
}

TEST(ApiKeys, AreShownAsBearers) {
    EXPECT_EQ(bearer("Bearer es-1"), "es-1");
    EXPECT_EQ(bearer("bearer   es-1 "), "es-1");
    EXPECT_EQ(bearer("Basic es-1"), "");
    EXPECT_EQ(bearer("Bearer"), "");
    EXPECT_EQ(bearer("Bearer  "), "");
    EXPECT_EQ(bearer(""), "");
}

}  // namespace
}  // namespace emostage::http
