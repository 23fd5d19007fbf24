// A turn as one answer: when it has ended, when it is accepted, or as it stands now.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "gateway/http/api/turn_record.hpp"
#include "gateway/http/api/turn_request.hpp"
#include "gateway/http/server/http_turn.hpp"

namespace emostage::http {

struct WholeLimits {
    milliseconds length{660'000};  // the longest deadline, and a minute
    // A running turn's events are all there when none has come for so long …
    milliseconds settle{40};
    // … and one that never falls silent is told as it is after so long.
    milliseconds settle_most{250};
};

class WholeTurn final : public HttpTurn {
public:
    enum class When : std::uint8_t { accepted, settled, ended };
    struct Answer {
        int status = 200;
        std::string body;
    };
    // The answer, or the error that it is. A turn that was rejected, or of which nothing is heard
    // any more, is not asked for.
    using Render = std::function<ApiResult<Answer>(const TurnRecord&)>;

    WholeTurn(When when, Render render, Outlet& outlet, WholeLimits limits, TimePoint now);

    void on_event(const wire::Event& event) override;
    void flush(TimePoint now) override;
    void on_written(TimePoint) override {}
    void on_time(TimePoint now) override;
    TimePoint next_time() const override;
    void refuse(const ApiError& error, TimePoint now) override;

private:
    void render();

    When when_;
    Render render_;
    WholeLimits limits_;
    TimePoint started_;
    std::optional<TimePoint> first_at_, last_at_;  // of the events
    TurnRecord record_;
    bool fresh_ = false;  // an event came since the last flush()
};

}  // namespace emostage::http
