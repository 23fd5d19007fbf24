// The door: every request of the HTTP gateway comes here. Who may come in, what is meant, and the
// answers that need no turn.
//
// One thread: the loop's.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/client/client.hpp"
#include "gateway/http/server/api_keys.hpp"
#include "gateway/http/server/exchanges.hpp"
#include "gateway/http/server/gateway_options.hpp"
#include "gateway/http/server/http_server.hpp"
#include "gateway/http/server/tally.hpp"
#include "gateway/http/server/turn_routes.hpp"

namespace emostage::http {

struct PageFile;

class Front final : public Handler {
public:
    Front(asio::io_context& loop, gateway::Client& client, const GatewayOptions& options,
          std::optional<ApiKeys> keys, gateway::RandomBits random);

    void on_request(const Request& request, std::unique_ptr<Outlet> outlet) override;
    void on_closed(std::uint64_t connection) override { exchanges_.gone(connection); }

    // Streams go on, nothing new begins, and /readyz says so.
    void drain() { draining_ = true; }
    bool drained() const { return exchanges_.size() == 0; }
    // What is left ends now: with an error where one can still be told.
    void end_all();

    void use(ApiKeys keys) { keys_ = std::move(keys); }

private:
    using Outlets = std::unique_ptr<Outlet>&;

    std::string request_id(const Request& request);
    ApiResult<void> handle(const Request& request, const Match& match, Asked& asked,
                           Outlets outlet);
    ApiResult<void> check_door(const Request& request, const Match& match, Asked& asked,
                               Outlet& outlet);
    ApiResult<void> check_place(const Asked& asked) const;
    ApiResult<void> serve(const Request& request, const Match& match, Outlets outlet);
    void serve_page(const Request& request, const PageFile& file, Outlets outlet);
    ApiResult<void> serve_model(const std::string& id, Outlets outlet);
    void serve_ready(Outlets outlet);
    std::string page_json() const;
    void answer(Outlets outlet, int status, const std::string& json);
    void note(const Asked& asked, int status);

    gateway::Client& client_;
    const GatewayOptions& options_;
    std::optional<ApiKeys> keys_;
    gateway::RandomBits random_;
    Tally tally_;
    Exchanges exchanges_;
    TurnRoutes turns_;
    int status_ = 0;  // of the answer that is being given
    bool draining_ = false;
};

}  // namespace emostage::http
