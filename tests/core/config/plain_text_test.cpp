#include "core/config/plain_text.hpp"

#include <gtest/gtest.h>

namespace emostage::config {
namespace {

TEST(PlainText, WordsInAnyLanguageAreTakenUpToTheirBytes) {
    EXPECT_TRUE(check_text("いのちの電話", 18, false));
    EXPECT_EQ(check_text("いのちの電話", 17, false).error().message, "is longer than 17 bytes");
    EXPECT_TRUE(check_text("", 0, false));
}

TEST(PlainText, ControlCharactersAreRefusedAndLineBreaksWhereThereIsOneLine) {
    EXPECT_TRUE(check_text("one\ntwo", 16, true));
    EXPECT_EQ(check_text("one\ntwo", 16, false).error().code, Errc::config);
    for (const char* text : {"a\tb", "\x1b[2J", "a\rb", "\x7f"}) {
        EXPECT_FALSE(check_text(text, 16, true)) << text;
    }
}

}  // namespace
}  // namespace emostage::config
