// emostage-micro: how long the parts of the hot path take, each alone (--help: Google Benchmark's
// options; --benchmark_out=FILE writes JSON).
//
// Exits with 1 where a benchmark did not do what it measures, or there was none.
#include <benchmark/benchmark.h>

#include <unistd.h>

#include <iostream>

namespace {

class Reporter final : public benchmark::ConsoleReporter {
public:
    Reporter() : ConsoleReporter(isatty(STDOUT_FILENO) != 0 ? OO_Color : OO_None) {}

    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) failed_ = failed_ || run.error_occurred;
        ConsoleReporter::ReportRuns(runs);
    }
    bool failed() const { return failed_; }

private:
    bool failed_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    Reporter reporter;
    const auto benchmarks = benchmark::RunSpecifiedBenchmarks(&reporter);
    if (benchmarks == 0) std::cerr << "emostage-micro: no benchmark has that name\n";
    return benchmarks == 0 || reporter.failed() ? 1 : 0;
}
