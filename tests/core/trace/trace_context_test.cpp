#include "core/trace/trace_context.hpp"

#include <gtest/gtest.h>

namespace emostage::trace {
namespace {

const std::string sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContext, NamesItsTrace) { EXPECT_EQ(trace_id(sent), "0af7651916cd43dd8448eb211c80319c"); }

TEST(TraceContext, GivesACallASpanOfItsOwnInTheSameTrace) {
    EXPECT_EQ(child(sent, 0x1234), "00-0af7651916cd43dd8448eb211c80319c-0000000000001234-01");
    EXPECT_EQ(child(sent, ~0ull), "00-0af7651916cd43dd8448eb211c80319c-ffffffffffffffff-01");
}

TEST(TraceContext, NeverSendsTheSpanThatMayNotBeSent) {
    EXPECT_EQ(child(sent, 0), "00-0af7651916cd43dd8448eb211c80319c-0000000000000001-01");
}

TEST(TraceContext, IsNoneWhereAnythingIsWrong) {
    for (const std::string& text :
         {std::string(), std::string("00-trace"), sent + "0", sent.substr(1), "01" + sent.substr(2),
          std::string("00-00000000000000000000000000000000-b7ad6b7169203331-01"),
          std::string("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"),
          std::string("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"),
          std::string("00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01"),
          std::string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-\r\n"),
          std::string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g")}) {
        EXPECT_EQ(trace_id(text), "") << text;
        EXPECT_EQ(child(text, 7), "") << text;
    }
}

}  // namespace
}  // namespace emostage::trace
