// Chat completions, streamed: https://platform.openai.com/docs/api-reference/chat-streaming
#include <nlohmann/json.hpp>
#include <variant>

#include "core/llm/json_text.hpp"
#include "gateway/client/event_json.hpp"
#include "gateway/http/api/answer_parts.hpp"
#include "gateway/http/api/dialect.hpp"

namespace emostage::http {

namespace {

// A delta is told as head, text, tail; the two never change.
class ChatStream final : public Dialect {
public:
    ChatStream(const AnswerHead& head, bool include_usage, bool include_stages)
        : include_usage_(include_usage),
          include_stages_(include_stages),
          no_usage_(include_usage ? ",\"usage\":null" : "") {
        head_ = "data: ";
        append_chat_head(head_, head.turn, "chat.completion.chunk", head.created_unix_s,
                         head.model);
        delta_head_ = head_ + "{\"index\":0,\"delta\":{\"content\":";
        delta_tail_ = "},\"logprobs\":null,\"finish_reason\":null}]" + no_usage_ + "}\n\n";
    }

    void on_event(const wire::Event& event, std::string& out) override {
        if (const auto* delta = std::get_if<wire::Delta>(&event.body)) {
            if (delta->text.empty()) return;
            begin(out);
            words_ = true;
            out += delta_head_;
            llm::append_json_string(out, delta->text);
            out += delta_tail_;
        } else if (std::holds_alternative<wire::Accepted>(event.body)) {
            begin(out);
        } else if (const auto* stage = std::get_if<wire::Stage>(&event.body)) {
            if (include_stages_) tell_stage(*stage, out);
        } else if (std::holds_alternative<wire::Reset>(event.body)) {
            if (words_) fail(reply_restarted(), out);
        } else if (const auto* completed = std::get_if<wire::Completed>(&event.body)) {
            complete(*completed, out);
        } else if (wire::is_end(event.body)) {
            fail(error_of(event), out);
        }
    }

    void fail(const ApiError& error, std::string& out) override {
        if (over_) return;
        over_ = true;
        out += "data: " + to_json(error) + "\n\n";
    }

    bool over() const override { return over_; }

private:
    void begin(std::string& out) {
        if (std::exchange(begun_, true)) return;
        out += head_;
        out += "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null";
        out += delta_tail_;
    }

    void tell_stage(const wire::Stage& stage, std::string& out) {
        out += head_ + "]" + no_usage_ + ",\"emostage\":{\"stage\":";
        out += gateway::one_line(gateway::stage_json(stage)) + "}}\n\n";
    }

    void complete(const wire::Completed& completed, std::string& out) {
        begin(out);
        out += head_ + "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"";
        out.append(finish_reason(completed)).append("\"}]").append(no_usage_);
        if (include_stages_) out += ",\"emostage\":" + gateway::one_line(end_facts(completed));
        out += "}\n\n";
        if (include_usage_) {
            out += head_ + "],\"usage\":";
            append_chat_usage(out, completed.usage);
            out += "}\n\n";
        }
        out += "data: [DONE]\n\n";
        over_ = true;
    }

    const bool include_usage_, include_stages_;
    const std::string no_usage_;
    std::string head_, delta_head_, delta_tail_;
    bool begun_ = false;  // the role is told
    bool words_ = false;  // words of the reply are
    bool over_ = false;
};

}  // namespace

std::unique_ptr<Dialect> make_chat_stream(AnswerHead head, bool include_usage,
                                          bool include_stages) {
    return std::make_unique<ChatStream>(head, include_usage, include_stages);
}

}  // namespace emostage::http
