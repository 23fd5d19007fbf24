#include "tests/sim/sim_model.hpp"

#include <array>

#include "tests/sim/script.hpp"

namespace emostage::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::array failures{Errc::model_unreachable, Errc::model_busy, Errc::model_failed,
                              Errc::model_refused};
constexpr int alerts = 60;  // in thousandths of the analyses

}  // namespace

llm::CallId SimModel::start(const std::string& turn, llm::ChatRequest request,
                            llm::ChatSink& sink) {
    const auto id = ++ids_;
    auto& call = calls_[id];
    call.turn = turn;
    call.sink = &sink;
    call.ends_at = context_.timeline.now() + request.timeouts.total;
    call.request = std::move(request);
    const auto& faults = context_.faults;
    if (chance(faults.model_refuses)) {
        const auto code = failures[context_.random.below(failures.size())];
        later(id, context_.random.between(1ms, 400ms), [this, id, code] { fail(id, code); });
    } else if (chance(faults.model_stalls)) {
        stall(id, call, call.request.timeouts.first_token);
    } else if (call.request.stream) {
        begin_reply(id);
    } else {
        later(id, context_.random.between(5ms, 250ms), [this, id] { answer(id); });
    }
    return id;
}

void SimModel::stop(llm::CallId call) { calls_.erase(call); }
void SimModel::forget_all() { calls_.clear(); }

bool SimModel::calls_for(std::string_view turn) const {
    for (const auto& [id, call] : calls_) {
        if (call.turn == turn) return true;
    }
    return false;
}

template <class Act>
void SimModel::later(llm::CallId id, milliseconds delay, Act act) {
    context_.timeline.after(delay, [this, id, act, life = worker_.life()] {
        if (life != worker_.life()) return;
        worker_.deliver([this, id, act] {
            if (calls_.contains(id)) act();
        });
    });
}

void SimModel::stall(llm::CallId id, Call& call, milliseconds noticed_after) {
    const auto total =
        std::chrono::duration_cast<milliseconds>(call.ends_at - context_.timeline.now());
    later(id, std::min(noticed_after, total), [this, id] { fail(id, Errc::model_timeout); });
}

// --- analyses ------------------------------------------------------------------------------------

void SimModel::answer(llm::CallId id) {
    if (chance(context_.faults.answer_is_nonsense)) return end(id, "I would rather not say.");
    const auto& shape = calls_.at(id).request.shape;
    if (shape && shape->name.find("phase") != std::string::npos) {
        return end(id, R"({"phase":"exploring","confidence":"high"})");
    }
    const auto* risk = chance(alerts) ? "alert" : "none";
    end(id, std::string(R"({"state":"tired","emotions":[{"name":"sadness","strength":2}],)"
                        R"("needs":["heard"],"risk":")") +
                risk + "\"}");
}

void SimModel::end(llm::CallId id, std::string text) {
    auto node = calls_.extract(id);
    llm::ChatAnswer answer;
    answer.text = std::move(text);
    answer.finish_reason = node.mapped().finish_reason;
    answer.endpoint = "simulated";
    node.mapped().sink->on_answer(id, std::move(answer));
}

void SimModel::fail(llm::CallId id, Errc code) {
    auto node = calls_.extract(id);
    llm::ChatFailure failure;
    failure.error = {code, "endpoint simulated: it happened"};
    failure.delivered = node.mapped().said > 0;
    failure.tries = 1;
    failure.endpoint = "simulated";
    node.mapped().sink->on_failure(id, std::move(failure));
}

// --- replies -------------------------------------------------------------------------------------

void SimModel::begin_reply(llm::CallId id) {
    auto& call = calls_.at(id);
    const auto& begun = call.request.continue_from;
    if (begun.empty()) {
        call.text = reply_script(call.turn, variants_[call.turn]++);
        if (chance(context_.faults.reply_empty)) call.text.clear();
    } else if (const auto variant = variant_of(call.turn, begun)) {
        call.text = reply_script(call.turn, *variant).substr(begun.size());
    } else {
        context_.checker.violated(call.turn + ": asked to go on from words that no model said");
    }
    call.pace_most = milliseconds(chance(context_.faults.reply_slow) ? 800 : 50);
    if (const auto most = call.request.answer_bytes_max; call.text.size() > most) {
        std::size_t whole = 0;
        while (whole + character_bytes(call.text, whole) <= most)
            whole += character_bytes(call.text, whole);
        call.text.resize(whole);
        call.finish_reason = "length";
    }
    if (chance(context_.faults.reply_cut) && !call.text.empty())
        call.cut_at = context_.random.below(call.text.size());
    later(id, context_.random.between(5ms, 200ms), [this, id] { go_on(id); });
}

// One to some characters at a time; the first piece names the variant whole.
void SimModel::go_on(llm::CallId id) {
    auto& call = calls_.at(id);
    if (call.said >= call.cut_at) {
        if (chance(300)) return stall(id, call, call.request.timeouts.silence);
        return fail(id, Errc::model_cut);
    }
    if (call.said == call.text.size()) return end(id, "");
    const bool names_its_variant = call.said == 0 && call.request.continue_from.empty();
    auto until = names_its_variant ? call.text.find(' ') + 1 : call.said;
    for (auto characters = 1 + context_.random.below(12);
         characters > 0 && until < call.text.size(); --characters)
        until += character_bytes(call.text, until);
    const auto piece = call.text.substr(call.said, until - call.said);
    call.said = until;
    // Set before the words are handed on: their receiver may stop the call.
    later(id, context_.random.chance(300) ? 0ms : context_.random.between(1ms, call.pace_most),
          [this, id] { go_on(id); });
    call.sink->on_content(id, piece);
}

}  // namespace emostage::sim
