#include "bench/gate/messages.hpp"

#include "bench/gate/script.hpp"
#include "bench/gate/words.hpp"
#include "core/codec/hash.hpp"

namespace emostage::gate {
namespace {

constexpr std::string_view remembered = R"({"phase":"exploring","risk":"none"})";

}  // namespace

std::string gateway_id(std::size_t turn) { return "gateway-" + std::to_string(turn % gateways); }

wire::Open an_open(std::size_t turn) {
    const Words& words = words_of(turn);
    wire::Open open;
    open.gateway = gateway_id(turn);
    open.turn = turn_id(turn);
    open.session = session_id(turn);
    open.text = words.text;
    open.locale = words.locale;
    if (brings_history(turn)) open.history = history_of(words);
    return open;
}

wire::Lease a_lease(std::size_t turn, const std::string& pipeline) {
    const Words& words = words_of(turn);
    wire::Lease lease;
    lease.lease = turn + 1;
    lease.turn = turn_id(turn);
    lease.session = session_id(turn);
    lease.pipeline = pipeline;
    lease.locale = words.locale;
    lease.text = words.text;
    lease.history = history_of(words);
    if (!brings_history(turn)) lease.state = packed(remembered);
    lease.left = milliseconds(120'000);
    lease.reply_bytes_max = wire::Limits{}.reply_bytes;
    return lease;
}

wire::Stage a_perspective(std::size_t turn) {
    return {"perspective", wire::StageStatus::done, packed(words_of(turn).perspective), 48, {}};
}

wire::Stage a_phase(std::size_t turn) {
    return {"phase", wire::StageStatus::done, packed(words_of(turn).phase), 50, {}};
}

wire::RunCompleted a_completion(std::string_view text) {
    wire::RunCompleted end;
    end.completed.text_bytes = text.size();
    end.completed.text_hash = codec::text_hash(text);
    end.completed.finish_reason = "stop";
    end.completed.usage = {2'000, 136, 3};
    end.completed.timings_ms = {
        {"perspective", 48}, {"phase", 50}, {"response", 640}, {"first_delta", 60}, {"total", 700}};
    end.state = packed(remembered);
    return end;
}

}  // namespace emostage::gate
