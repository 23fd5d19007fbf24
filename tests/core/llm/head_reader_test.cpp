#include "core/llm/head_reader.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace emostage::llm {
namespace {

bool read(HeadReader& reader, std::initializer_list<std::string_view> lines) {
    for (auto line : lines) {
        if (!reader.on_line(std::string(line) + "\r\n")) return false;
    }
    return true;
}

TEST(HeadReader, StatusAndRetryTimesAreRead) {
    HeadReader reader;
    ASSERT_TRUE(
        read(reader, {"HTTP/1.1 429 Too Many Requests", "RETRY-after:  7 ", "Retry-After-Ms: 5"}));
    EXPECT_FALSE(reader.complete());
    ASSERT_TRUE(read(reader, {""}));
    ASSERT_TRUE(reader.complete());
    EXPECT_EQ(reader.head().status, 429);
    EXPECT_EQ(reader.head().retry_after, "7");
    EXPECT_EQ(reader.head().retry_after_ms, "5");
}

TEST(HeadReader, InformationalResponsesAndTrailersAreReadPast) {
    HeadReader reader;
    ASSERT_TRUE(read(reader, {"HTTP/1.1 103 Early Hints", "Retry-After: 9", ""}));
    EXPECT_FALSE(reader.complete());
    ASSERT_TRUE(read(reader, {"HTTP/1.1 200 OK", ""}));
    ASSERT_TRUE(reader.complete());
    ASSERT_TRUE(read(reader, {"Retry-After: 9", ""}));
    EXPECT_EQ(reader.head().status, 200);
    EXPECT_EQ(reader.head().retry_after, "");
}

TEST(HeadReader, AStatusLineWithoutANumberNeverCompletes) {
    HeadReader reader;
    ASSERT_TRUE(read(reader, {"HTTP/1.1", ""}));
    EXPECT_FALSE(reader.complete());
}

TEST(HeadReader, EndlessHeadersAndLongValuesAreBounded) {
    HeadReader reader;
    ASSERT_TRUE(read(reader, {"HTTP/1.1 200 OK", "Retry-After: " + std::string(1000, '1')}));
    EXPECT_EQ(reader.head().retry_after.size(), HeadReader::value_bytes_max);
    bool good = true;
    for (std::size_t bytes = 0; good && bytes <= HeadReader::bytes_max; bytes += 1002) {
        good = read(reader, {std::string(1000, 'x')});
    }
    EXPECT_FALSE(good);
}

}  // namespace
}  // namespace emostage::llm
