// What the requests to one model server came to, as its callers see it: how long, how they ended,
// how soon the first token came.
//
// A request is one HTTP exchange: a call that is tried again, or hedged, makes several. Kept by
// EndpointPool, of one shard; those of several shards are merged. Allocates once for each kind of
// failure that occurs.
#pragma once

#include <cstdint>
#include <map>

#include "core/clock.hpp"
#include "core/metrics/bounds.hpp"
#include "core/metrics/histogram.hpp"
#include "schemas/errc.hpp"

namespace emostage::llm {

struct EndpointMeter {
    using Histogram = metrics::Histogram;

    Histogram answered{metrics::gen_ai_operation_seconds};  // whole ones
    std::map<Errc, Histogram> failed;                       // Errc::model_*
    std::uint64_t stopped = 0;  // closed by us: cancelled, out of time, or a rival was first
    std::uint64_t retried = 0;  // failed ones after which the call was tried again

    // Of streamed requests.
    Histogram first_token{metrics::gen_ai_first_token_seconds};
    Histogram output_token{metrics::gen_ai_output_token_seconds};  // each one after the first

    // Of those that said so.
    Histogram prompt_tokens{metrics::gen_ai_tokens};
    Histogram completion_tokens{metrics::gen_ai_tokens};

    void fail(Errc code, Duration took) {
        failed.try_emplace(code, metrics::gen_ai_operation_seconds).first->second.observe(took);
    }

    void merge(const EndpointMeter& other) {
        answered.merge(other.answered);
        for (const auto& [code, took] : other.failed) {
            failed.try_emplace(code, took.bounds()).first->second.merge(took);
        }
        stopped += other.stopped;
        retried += other.retried;
        first_token.merge(other.first_token);
        output_token.merge(other.output_token);
        prompt_tokens.merge(other.prompt_tokens);
        completion_tokens.merge(other.completion_tokens);
    }
};

}  // namespace emostage::llm
