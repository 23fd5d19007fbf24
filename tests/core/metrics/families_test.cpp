#include "core/metrics/families.hpp"

#include <gtest/gtest.h>

namespace emostage::metrics {
namespace {

constexpr std::array bounds{0.005, 0.1, 1.0};

TEST(Families, AreWrittenAsPrometheusReadsThem) {
    Families families;
    families.counter("things_total", "Things.", 3);
    families.gauge("level", "The level.", -1.5);
    families.begin("workers", "Workers, by state.", Kind::gauge);
    families.add({{"state", "ready"}}, 2);
    families.add({{"state", "draining"}, {"zone", "a"}}, 1);
    EXPECT_EQ(families.text(),
              "# HELP things_total Things.\n"
              "# TYPE things_total counter\n"
              "things_total 3\n"
              "# HELP level The level.\n"
              "# TYPE level gauge\n"
              "level -1.5\n"
              "# HELP workers Workers, by state.\n"
              "# TYPE workers gauge\n"
              "workers{state=\"ready\"} 2\n"
              "workers{state=\"draining\",zone=\"a\"} 1\n");
}

TEST(Families, ShowAHistogramWithRangesThatHoldTheSmallerOnes) {
    Histogram histogram(bounds);
    histogram.observe(1.0 / 1024);
    histogram.observe(0.5);
    histogram.observe(0.75);
    histogram.observe(8.0);
    Families families;
    families.begin("wait_seconds", "Waiting.", Kind::histogram);
    families.add({{"pipeline", "p"}}, histogram);
    EXPECT_EQ(families.text(),
              "# HELP wait_seconds Waiting.\n"
              "# TYPE wait_seconds histogram\n"
              "wait_seconds_count{pipeline=\"p\"} 4\n"
              "wait_seconds_sum{pipeline=\"p\"} 9.2509765625\n"
              "wait_seconds_bucket{pipeline=\"p\",le=\"0.005\"} 1\n"
              "wait_seconds_bucket{pipeline=\"p\",le=\"0.1\"} 1\n"
              "wait_seconds_bucket{pipeline=\"p\",le=\"1\"} 3\n"
              "wait_seconds_bucket{pipeline=\"p\",le=\"+Inf\"} 4\n");
}

TEST(Families, NameAFamilyThatHasNothingYet) {
    Families families;
    families.begin("faults_total", "Faults, by code.", Kind::counter);
    EXPECT_EQ(families.text(),
              "# HELP faults_total Faults, by code.\n# TYPE faults_total counter\n");
}

TEST(Families, EscapeWhatALabelHolds) {
    Families families;
    families.begin("x", "X.", Kind::gauge);
    families.add({{"name", "a\"b\\c\nd"}}, 1);
    EXPECT_THAT(families.text(), testing::HasSubstr("x{name=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

}  // namespace
}  // namespace emostage::metrics
