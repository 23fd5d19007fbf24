#include "bench/load/close_times.hpp"

#include <sstream>

namespace emostage::load {
namespace {

TEST(CloseTimes, AreToldByTraceAsTheMostThatTheyCanHaveBeen) {
    std::istringstream log(R"({"at_ms": 1004, "stage": "response", "trace": "aa"}
{"at_ms": 1002, "stage": "response"}
{"at_ms": 1001, "stage": "response", "trace": "zz"}
{"at_ms": 1010, "stage": "response", "trace": "bb"}
)");
    const auto times = close_times({{"aa", 1'002'400}, {"bb", 1'002'400}, {"cc", 1'003'000}}, log);
    EXPECT_EQ(times.count(), 2u);
    EXPECT_EQ(times.percentile(100), std::chrono::microseconds(8'600));
}

TEST(CloseTimes, LinesThatAreNoneAreSkipped) {
    std::istringstream log(
        "no json\n[1]\n{\"trace\": 5, \"at_ms\": 1}\n{\"trace\": \"aa\"}\n"
        "{\"trace\": \"aa\", \"at_ms\": \"1\"}\n");
    const auto times = close_times({{"aa", 0}}, log);
    EXPECT_EQ(times.count(), 0u);
}

}  // namespace
}  // namespace emostage::load
