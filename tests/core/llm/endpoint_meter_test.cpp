#include "core/llm/endpoint_meter.hpp"

#include <gtest/gtest.h>

namespace emostage::llm {
namespace {

TEST(EndpointMeter, IsTheSumOfThoseOfTwoShards) {
    EndpointMeter one, other;
    one.fail(Errc::model_busy, milliseconds(10));
    other.fail(Errc::model_busy, milliseconds(20));
    other.fail(Errc::model_cut, milliseconds(30));
    other.answered.observe(milliseconds(500));
    other.first_token.observe(milliseconds(100));
    other.output_token.observe(milliseconds(20));
    other.prompt_tokens.observe(100.0);
    other.completion_tokens.observe(10.0);
    other.stopped = 2;
    other.retried = 3;
    one.merge(other);
    EXPECT_EQ(one.failed.at(Errc::model_busy).count(), 2u);
    EXPECT_EQ(one.failed.at(Errc::model_cut).count(), 1u);
    EXPECT_EQ(one.answered.count(), 1u);
    EXPECT_EQ(one.first_token.count(), 1u);
    EXPECT_EQ(one.output_token.count(), 1u);
    EXPECT_EQ(one.prompt_tokens.sum(), 100.0);
    EXPECT_EQ(one.completion_tokens.sum(), 10.0);
    EXPECT_EQ(one.stopped, 2u);
    EXPECT_EQ(one.retried, 3u);
}

}  // namespace
}  // namespace emostage::llm
