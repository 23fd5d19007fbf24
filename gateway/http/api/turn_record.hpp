// All of a turn, for answers that are not streamed. Bounded by the broker's limits on a reply and
// its results.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/http/api/dialect.hpp"
#include "schemas/event.hpp"

namespace emostage::http {

class TurnRecord {
public:
    enum class Status : std::uint8_t { queued, running, completed, failed, cancelled };

    void on_event(const wire::Event& event);  // in order; a reset forgets the text

    Status status() const { return status_; }
    const std::string& text() const { return text_; }
    std::uint64_t seq() const { return seq_; }
    const std::vector<wire::Stage>& stages() const { return stages_; }
    const std::optional<wire::Event>& end() const { return end_; }

private:
    Status status_ = Status::queued;
    std::string turn_, session_, text_;
    std::uint64_t seq_ = 0;
    std::vector<wire::Stage> stages_;
    std::optional<wire::Event> end_;
    friend std::string turn_json(const TurnRecord&, const std::string& turn);
};

// Requires: record.end() is `completed`. Else error_of(*record.end()) is the answer.
std::string chat_json(const TurnRecord& record, const AnswerHead& head, bool include_stages);
// The response as it is now, whatever became of the turn.
std::string response_json(const TurnRecord& record, const AnswerHead& head, bool background);
std::string turn_json(const TurnRecord& record, const std::string& turn);
// {"id", "object": "model", "created", "owned_by": "emostage"}, and {"object": "list", "data": [it,
// …]}
std::string model_json(const std::string& pipeline);
std::string models_json(const std::vector<std::string>& pipelines);

}  // namespace emostage::http
