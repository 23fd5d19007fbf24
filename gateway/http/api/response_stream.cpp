// Responses, streamed: https://platform.openai.com/docs/api-reference/responses-streaming
#include <algorithm>
#include <cassert>
#include <nlohmann/json.hpp>
#include <optional>
#include <variant>

#include "core/llm/json_text.hpp"
#include "gateway/client/event_json.hpp"
#include "gateway/http/api/answer_parts.hpp"
#include "gateway/http/api/dialect.hpp"
#include "gateway/http/api/response_object.hpp"
#include "gateway/http/api/turn_record.hpp"

namespace emostage::http {

namespace {

// `accepted` and `started` come before: no part of a reply has a smaller number.
constexpr std::uint64_t first_delta = 3;
constexpr std::uint64_t first_started = 2;

// Where one of our events becomes several of theirs, the last one has its number and those before
// it the number before: whoever resumes after any of them misses none.
class ResponseStream final : public Dialect {
public:
    ResponseStream(AnswerHead head, bool background, bool include_stages, std::uint64_t after)
        : head_(std::move(head)),
          background_(background),
          include_stages_(include_stages),
          after_(after),
          told_(after),
          created_(after > 0),
          begun_(after >= first_started),
          words_(after >= first_delta),
          text_known_(after < first_delta) {
        of_item_ = ",\"item_id\":";
        llm::append_json_string(of_item_, "msg_" + head_.turn);
        of_item_ += ",\"output_index\":0,\"content_index\":0";
        delta_text_ = of_item_ + ",\"delta\":";
    }

    void on_event(const wire::Event& event, std::string& out) override {
        if (event.seq == 0 || event.seq > after_) return tell(event, out);
        // A reader that begins before `after`.
        if (event.seq == 1) {
            words_ = false;
            text_known_ = true;
        }
        if (const auto* delta = std::get_if<wire::Delta>(&event.body)) {
            words_ = true;
            if (text_known_) text_ += delta->text;
        } else if (std::holds_alternative<wire::Reset>(event.body)) {
            text_.clear();
        } else if (wire::is_end(event.body)) {
            over_ = true;
        }
    }

    void fail(const ApiError& error, std::string& out) override { fail("failed", error, out); }

    bool over() const override { return over_; }

    bool needs_record() const override { return end_.has_value() && !over_; }

    void finish(const TurnRecord& whole, std::string& out) override {
        assert(needs_record());
        complete(*end_, whole.text(), out);
    }

private:
    void tell(const wire::Event& event, std::string& out) {
        if (const auto* delta = std::get_if<wire::Delta>(&event.body)) {
            tell_delta(event, *delta, out);
        } else if (std::holds_alternative<wire::Accepted>(event.body)) {
            create(event.seq, out);
        } else if (std::holds_alternative<wire::Started>(event.body)) {
            begin(event.seq, out);
        } else if (const auto* stage = std::get_if<wire::Stage>(&event.body)) {
            if (include_stages_) tell_stage(event.seq, *stage, out);
        } else if (std::holds_alternative<wire::Reset>(event.body)) {
            if (words_) return fail(reply_restarted(), out);
            if (event.seq == 0) after_ = 0;  // what follows is told from the first number on
        } else if (std::holds_alternative<wire::Completed>(event.body)) {
            if (text_known_) return complete(event, text_, out);
            end_ = event;
        } else if (wire::is_end(event.body)) {
            told_ = std::max(told_, event.seq);
            const bool cancelled = std::holds_alternative<wire::Cancelled>(event.body);
            fail(cancelled ? "cancelled" : "failed", error_of(event), out);
        }
    }

    void tell_delta(const wire::Event& event, const wire::Delta& delta, std::string& out) {
        // Told in part: where that part ends is not known.
        if (wire::first_number(event) <= after_) return fail(reply_restarted(), out);
        if (delta.text.empty()) return;
        begin(wire::first_number(event) - 1, out);
        words_ = true;
        if (text_known_) text_ += delta.text;
        open("response.output_text.delta", number(event.seq), out);
        out += delta_text_;
        llm::append_json_string(out, delta.text);
        out += ",\"logprobs\":[]}\n\n";
    }

    void create(std::uint64_t seq, std::string& out) {
        if (std::exchange(created_, true)) return;
        tell_response("response.created", number(seq), {background_ ? "queued" : "in_progress"},
                      out);
    }

    void begin(std::uint64_t seq, std::string& out) {
        if (std::exchange(begun_, true)) return;
        create(before(seq), out);
        tell_response("response.in_progress", before(seq), {"in_progress"}, out);
        open("response.output_item.added", told_, out);
        out += ",\"output_index\":0,\"item\":";
        append_message(out, head_.turn, "in_progress");
        out += "}\n\n";
        open("response.content_part.added", number(seq), out);
        out += of_item_ + ",\"part\":";
        append_text_part(out, "");
        out += "}\n\n";
    }

    // No type of our own: OpenAI's library refuses a stream with one that it does not know.
    void tell_stage(std::uint64_t seq, const wire::Stage& stage, std::string& out) {
        open("response.in_progress", number(seq), out);
        out += ",\"response\":";
        append_response(out, head_, background_, {"in_progress", text_, nullptr, nullptr, begun_});
        out += ",\"emostage\":{\"stage\":";
        out += gateway::one_line(gateway::stage_json(stage)) + "}}\n\n";
    }

    void complete(const wire::Event& end, std::string_view text, std::string& out) {
        const auto& completed = std::get<wire::Completed>(end.body);
        begin(before(end.seq), out);
        const auto status = final_status(completed);
        open("response.output_text.done", before(end.seq), out);
        out += of_item_ + ",\"text\":";
        llm::append_json_string(out, text);
        out += ",\"logprobs\":[]}\n\n";
        open("response.content_part.done", told_, out);
        out += of_item_ + ",\"part\":";
        append_text_part(out, text);
        out += "}\n\n";
        open("response.output_item.done", told_, out);
        out += ",\"output_index\":0,\"item\":";
        append_message(out, head_.turn, status, text);
        out += "}\n\n";
        const std::string type = "response." + std::string(status);
        tell_response(type, number(end.seq), {status, text, &completed}, out);
        over_ = true;
    }

    void fail(std::string_view status, const ApiError& error, std::string& out) {
        if (over_) return;
        over_ = true;
        if (created_) {
            return tell_response("response.failed", told_, {status, text_, nullptr, &error}, out);
        }
        // There is no response yet. The error's fields stand as documented, and nested as they are
        // sent in fact.
        open("error", told_, out);
        const std::string nested = to_json(error);
        out += ",\"code\":";
        llm::append_json_string(out, error.code);
        out += ",\"message\":";
        llm::append_json_string(out, error.message);
        out += ",\"param\":null,";
        out.append(nested, 1, nested.size() - 2).append("}\n\n");
    }

    void tell_response(std::string_view type, std::uint64_t sequence_number,
                       const ResponseState& state, std::string& out) {
        open(type, sequence_number, out);
        out += ",\"response\":";
        append_response(out, head_, background_, state);
        out += "}\n\n";
    }

    static void open(std::string_view type, std::uint64_t sequence_number, std::string& out) {
        out.append("event: ").append(type).append("\ndata: {\"type\":\"").append(type);
        out += "\",\"sequence_number\":";
        gateway::append_number(out, sequence_number);
    }

    // Numbers never go down, whatever the event says that the client library made.
    std::uint64_t number(std::uint64_t seq) { return told_ = std::max(told_, seq); }
    std::uint64_t before(std::uint64_t seq) { return number(seq > 0 ? seq - 1 : 0); }

    const AnswerHead head_;
    const bool background_, include_stages_;
    std::uint64_t after_;
    std::uint64_t told_;    // the last number
    bool created_, begun_;  // the response is told of, and its message
    bool words_;            // words of the reply are told, as far as one knows
    bool text_known_;       // `text_` is all of it
    bool over_ = false;
    std::string text_;
    std::string of_item_, delta_text_;  // what is the same in each
    std::optional<wire::Event> end_;    // `completed`, which waits for the record
};

}  // namespace

std::unique_ptr<Dialect> make_response_stream(AnswerHead head, bool background, bool include_stages,
                                              std::uint64_t after) {
    return std::make_unique<ResponseStream>(std::move(head), background, include_stages, after);
}

}  // namespace emostage::http
