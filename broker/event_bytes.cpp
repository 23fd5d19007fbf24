#include "broker/event_bytes.hpp"

#include <variant>

namespace emostage::broker {
namespace {

constexpr std::size_t event_overhead = 96;  // keys and numbers

struct BodyBytes {
    static constexpr std::size_t small = 64;  // of a body without texts
    std::size_t operator()(const auto&) const { return small; }
    std::size_t operator()(const wire::Beacon& beacon) const {
        std::size_t bytes = 0;
        for (const auto& [turn, seq] : beacon.live) bytes += turn.size() + 12;
        return bytes;
    }
    std::size_t operator()(const wire::Started& started) const { return started.worker.size(); }
    std::size_t operator()(const wire::Stage& stage) const {
        std::size_t bytes = stage.stage.size() + stage.result.bytes.size();
        for (const auto& field : stage.defaulted) bytes += field.size() + 3;
        return bytes;
    }
    std::size_t operator()(const wire::Alert& alert) const {
        return alert.stage.size() + alert.field.size() + alert.value.size() + small;
    }
    std::size_t operator()(const wire::Delta& delta) const { return delta.text.size(); }
    std::size_t operator()(const wire::Reset& reset) const { return reset.reason.size(); }
    std::size_t operator()(const wire::Completed& completed) const {
        std::size_t bytes = 192;
        for (const auto& [name, ms] : completed.timings_ms) bytes += name.size() + 12;
        for (const auto& name : completed.degraded) bytes += name.size() + 3;
        return bytes;
    }
    std::size_t operator()(const wire::Failed& failed) const { return failed.message.size(); }
    std::size_t operator()(const wire::Cancelled& cancelled) const {
        return cancelled.reason.size();
    }
    std::size_t operator()(const wire::Rejected& rejected) const { return rejected.message.size(); }
};

}  // namespace

std::size_t event_bytes(const wire::Event& event) {
    return event_overhead + event.turn.size() + event.session.size() +
           std::visit(BodyBytes{}, event.body);
}

}  // namespace emostage::broker
