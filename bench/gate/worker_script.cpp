#include "bench/gate/worker_script.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bench/gate/messages.hpp"
#include "bench/gate/response.hpp"
#include "bench/gate/words.hpp"
#include "bench/gate/worker_host.hpp"
#include "core/codec/codec.hpp"
#include "core/codec/hash.hpp"

namespace emostage::gate {
namespace {

constexpr std::size_t perspective_tokens = 60, phase_tokens = 12;
constexpr std::size_t kept_every = 20;  // rounds of deltas

wire::LeaseId lease_of(std::size_t turn) { return turn + 1; }
std::size_t turn_of(wire::LeaseId lease) { return lease - 1; }

class WorkerScript {
public:
    WorkerScript(const Script& script, std::shared_ptr<const worker::Pipeline> pipeline)
        : script_(script), pipeline_(pipeline), host_(std::move(pipeline), in_flight) {}

    Result<Counts> run() {
        host_.start();
        deliver();
        for (std::size_t wave = 0; wave < waves; ++wave) {
            lease(wave * in_flight);
            analyse();
            if (replies_.size() != in_flight)
                return fail(Errc::internal, "replies were not asked for");
            reply();
            host_.advance(between_waves);
            deliver();
            keep();
            if (host_.calls() > 0 || host_.runs() > 0 || !said_.empty())
                return fail(Errc::internal, "runs are not over at the end of their wave");
        }
        if (!wrong_.empty()) return fail(Errc::internal, wrong_);
        return counts_;
    }

private:
    struct Said {  // by a run
        std::uint64_t events = 0;
        std::string text;
        bool ended = false;
    };
    struct Reply {  // that a model server gives
        llm::CallId call = 0;
        std::size_t turn = 0;
        std::vector<std::string> pieces;
    };

    // --- what happens in a wave ---

    void lease(std::size_t first) {
        for (auto turn = first; turn < first + in_flight; ++turn) {
            host_.received(codec::encode_to_worker(a_lease(turn, pipeline_->name)));
            deliver();
        }
    }

    void analyse() {
        auto requests = host_.take_requests();
        std::shuffle(requests.begin(), requests.end(), random_);
        for (const auto& request : requests) host_.answers(request.call, 200);
        host_.advance(analysis);
        for (const auto& request : requests) answer(request);
        replies_.clear();
        for (const auto& request : host_.take_requests()) {
            const auto turn = turn_of(request.lease);
            host_.answers(request.call, 200);
            replies_.push_back({request.call, turn,
                                streamed_response(reply_of(turn, script_.tokens), script_.merged)});
        }
    }

    void answer(const WorkerHost::Request& request) {
        const Words& words = words_of(turn_of(request.lease));
        const bool phase = pipeline_->stages[request.stage].name == "phase";
        const auto body = phase ? whole_response(words.phase, phase_tokens)
                                : whole_response(words.perspective, perspective_tokens);
        host_.pieces({{request.call, body}});
        host_.response_ended(request.call);
        deliver();
    }

    void reply() {
        const auto rounds = replies_.front().pieces.size();
        for (std::size_t round = 0; round < rounds; ++round) {
            host_.advance(gap);
            deliver();
            std::shuffle(replies_.begin(), replies_.end(), random_);
            std::vector<WorkerHost::Piece> ready;
            for (const Reply& reply : replies_) {
                ready.push_back({reply.call, reply.pieces[round]});
                if (round + 1 < rounds) counts_.tokens += script_.merged;
                if (script_.merged == 1) read(ready);
            }
            if (!ready.empty()) read(ready);
            if (round + 1 == disturbed_after / script_.merged) cancel_some();
            if (round % kept_every == kept_every - 1) keep();
        }
    }

    void read(std::vector<WorkerHost::Piece>& ready) {
        host_.pieces(ready);
        ready.clear();
        deliver();
    }

    void cancel_some() {
        for (const Reply& reply : replies_) {
            if (!is_cancelled(reply.turn)) continue;
            host_.received(
                codec::encode_to_worker(wire::Stop{lease_of(reply.turn), false, "asked"}));
            deliver();
            if (host_.reads(reply.call)) blame(reply.turn, "its call goes on after the cancel");
        }
        std::erase_if(replies_, [](const Reply& reply) { return is_cancelled(reply.turn); });
    }

    // --- the broker ---

    void keep() {
        wire::Kept kept;
        for (const auto& [lease, said] : said_) kept.leases.emplace_back(lease, said.events);
        std::erase_if(said_, [](const auto& one) { return one.second.ended; });
        host_.received(codec::encode_to_worker(kept));
        deliver();
    }

    void deliver() {
        std::vector<wire::ToWorker> answers;
        host_.to_broker.take([&](std::string_view, std::string_view bytes) {
            auto message = codec::decode_from_worker(bytes);
            if (!message) {
                wrong_ = "a worker's message cannot be read";
            } else if (const auto* outputs = std::get_if<wire::Outputs>(&*message)) {
                for (const auto& output : outputs->all) hear(output);
            } else if (const auto* beat = std::get_if<wire::Beat>(&*message)) {
                answers.push_back(wire::BeatAck{beat->number});
            } else if (std::holds_alternative<wire::Ready>(*message)) {
                wire::Welcome welcome;
                welcome.broker = "0123456789abcdef";
                welcome.number = 1;
                answers.push_back(std::move(welcome));
            } else {
                wrong_ = "a turn was returned";
            }
        });
        for (const auto& answer : answers) host_.received(codec::encode_to_worker(answer));
        if (!answers.empty()) deliver();
    }

    void hear(const wire::Output& output) {
        const auto turn = turn_of(output.lease);
        Said& said = said_[output.lease];
        if (output.ordinal != said.events + 1) return blame(turn, "a hole in what it says");
        said.events += output.events.size();
        for (const auto& event : output.events) hear(turn, said, event);
    }

    void hear(std::size_t turn, Said& said, const wire::RunEvent& event) {
        if (said.ended) return blame(turn, "it goes on after its end");
        if (std::holds_alternative<wire::Started>(event)) {
            ++counts_.turns;
        } else if (const auto* stage = std::get_if<wire::Stage>(&event)) {
            if (stage->status != wire::StageStatus::done || !stage->defaulted.empty())
                blame(turn, "its " + stage->stage + " is not whole");
        } else if (const auto* delta = std::get_if<wire::Delta>(&event)) {
            ++counts_.deltas;
            said.text += delta->text;
        } else if (const auto* run = std::get_if<wire::RunCompleted>(&event)) {
            said.ended = true;
            ++counts_.completed;
            const auto& text = reply_of(turn, script_.tokens).text;
            if (said.text != text || run->completed.text_hash != codec::text_hash(text))
                blame(turn, "its reply is another one");
        } else if (std::holds_alternative<wire::Cancelled>(event)) {
            said.ended = true;
            ++counts_.cancelled;
        } else {
            blame(turn, "it says what it should not");
        }
    }

    void blame(std::size_t turn, const std::string& what) {
        if (wrong_.empty()) wrong_ = "turn " + std::to_string(turn) + ": " + what;
    }

    const Script script_;
    const std::shared_ptr<const worker::Pipeline> pipeline_;
    WorkerHost host_;
    std::mt19937_64 random_{seed};
    std::map<wire::LeaseId, Said> said_;
    std::vector<Reply> replies_;
    Counts counts_;
    std::string wrong_;
};

}  // namespace

Result<Counts> run_worker_script(const Script& script,
                                 std::shared_ptr<const worker::Pipeline> pipeline) {
    return WorkerScript(script, std::move(pipeline)).run();
}

}  // namespace emostage::gate
