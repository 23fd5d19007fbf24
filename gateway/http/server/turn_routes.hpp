// The paths of /v1 that are about turns: what is asked for, how it is told.
//
// One thread: the loop's.
#pragma once

#include <memory>
#include <string>

#include "core/clock.hpp"
#include "gateway/client/client.hpp"
#include "gateway/http/api/dialect.hpp"
#include "gateway/http/server/exchanges.hpp"
#include "gateway/http/server/request.hpp"
#include "gateway/http/server/stream_turn.hpp"
#include "gateway/http/server/whole_turn.hpp"

namespace emostage::http {

struct TurnRouteLimits {
    StreamLimits stream;
    WholeLimits whole;
};

class TurnRoutes {
public:
    TurnRoutes(gateway::Client& client, Exchanges& exchanges, TurnRouteLimits limits,
               gateway::RandomBits random)
        : client_(client), exchanges_(exchanges), limits_(limits), random_(std::move(random)) {}

    // An error: nothing was begun, and `outlet` is as it was. Else it is taken.
    ApiResult<void> handle(const Request& request, const Match& match, const Asked& asked,
                           std::unique_ptr<Outlet>& outlet);

    // The pipeline that is used where none is named; empty: the broker has not said.
    std::string default_model() const;

private:
    using Outlets = std::unique_ptr<Outlet>&;

    ApiResult<void> open(const Request& request, const Asked& asked, Outlets outlet);
    ApiResult<void> read_response(const Request& request, const std::string& id, const Asked& asked,
                                  Outlets outlet);
    ApiResult<void> cancel_response(const std::string& id, const Asked& asked, Outlets outlet);
    ApiResult<void> read_events(const Request& request, const std::string& id, const Asked& asked,
                                Outlets outlet);
    void read_turn(const std::string& id, const std::string& turn, const Asked& asked,
                   Outlets outlet);
    void cancel_turn(const std::string& turn, const Asked& asked, Outlets outlet);

    Exchange& add(const Asked& asked, std::string_view shown_turn, Outlets outlet);
    std::unique_ptr<HttpTurn> told(const TurnRequest& wanted, const AnswerHead& head,
                                   const Asked& asked, Exchange& exchange);
    std::unique_ptr<HttpTurn> stream(std::unique_ptr<Dialect> dialect, Exchange& exchange,
                                     std::optional<StreamTurn::Resume> resume = {});
    std::unique_ptr<HttpTurn> whole(WholeTurn::When when, WholeTurn::Render render,
                                    Exchange& exchange);
    AnswerHead head_of(const std::string& shown_turn, std::string model) const;

    gateway::Client& client_;
    Exchanges& exchanges_;
    TurnRouteLimits limits_;
    gateway::RandomBits random_;
};

}  // namespace emostage::http
