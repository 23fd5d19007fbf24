// The ranges of our histograms: as fine as what they measure needs, no finer, for each range is a
// time series. Those of `gen_ai_*` are the ones that OpenTelemetry advises.
// https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
#pragma once

#include <array>

namespace emostage::metrics {

// --- seconds -----------------------------------------------------------------------------------

// Our own work on a turn.
inline constexpr std::array own_seconds{20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3,
                                        5e-3,  10e-3, 20e-3,  50e-3,  100e-3, 0.5};
// What is promised in milliseconds: a cancel, the loop's lateness, a commit.
inline constexpr std::array short_seconds{200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3,
                                          50e-3,  100e-3, 0.2,  0.5,  1.0,  5.0};
// What people wait for before the first word.
inline constexpr std::array wait_seconds{0.001, 0.005, 0.01, 0.025, 0.05, 0.1,  0.25, 0.5,
                                         0.75,  1.0,   1.5,  2.5,   5.0,  10.0, 30.0, 60.0};
// Turns and their stages.
inline constexpr std::array turn_seconds{0.05, 0.1,  0.25, 0.5,  1.0,  2.0,   3.0,
                                         5.0,  10.0, 20.0, 30.0, 60.0, 120.0, 300.0};

inline constexpr std::array gen_ai_operation_seconds{0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                                     1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
inline constexpr std::array gen_ai_first_token_seconds{
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0};
inline constexpr std::array gen_ai_output_token_seconds{0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2,
                                                        0.3,  0.4,   0.5,  0.75,  1.0, 2.5};

// --- others ------------------------------------------------------------------------------------

inline constexpr std::array commit_bytes{256.0,   1024.0,   4096.0,    16384.0,
                                         65536.0, 262144.0, 1048576.0, 4194304.0};
inline constexpr std::array commit_turns{0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 1024.0};
inline constexpr std::array gen_ai_tokens{1.0,    4.0,    16.0,    64.0,    256.0,
                                          1024.0, 4096.0, 16384.0, 65536.0, 262144.0};

}  // namespace emostage::metrics
