// What a client asks for, whichever interface it speaks, as a turn.
//
// Pure functions of a body and a few headers: no socket, no clock. Bodies are bounded by the server
// before they come here; depth and counts are bounded here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "gateway/client/client.hpp"
#include "gateway/http/api/api_error.hpp"

namespace emostage::http {

template <class T>
using ApiResult = tl::expected<T, ApiError>;

enum class OnDisconnect : std::uint8_t { cancel, go_on };

// Of a request, beside its body.
struct RequestContext {
    std::string scope;            // the key's name; empty: no keys are asked for
    std::string session;          // X-Session-Id, raw; empty: none
    std::string idempotency_key;  // checked to be one, or empty
    std::string traceparent;      // raw; what is none is dropped
};

struct TurnRequest {
    // `turn` is set only with an idempotency key (scoped). `session` is empty where nothing names
    // one: it gets a name of its own, the turn's (with an idempotency key it has that already).
    gateway::OpenRequest open;
    std::string model;  // as asked for; empty: the broker's default (turns only)
    OnDisconnect on_disconnect = OnDisconnect::cancel;
    bool stream = false;
    bool background = false;
    bool include_usage = false;
    bool include_stages = false;
    std::vector<std::string> ignored;  // names for x-emostage-ignored
};

inline constexpr std::size_t client_id_bytes_max = 40;  // of an Idempotency-Key or a turn in a path

ApiResult<TurnRequest> read_chat_request(std::string_view body, const RequestContext& context);
ApiResult<TurnRequest> read_responses_request(std::string_view body, const RequestContext& context);
ApiResult<TurnRequest> read_turns_request(std::string_view body, const RequestContext& context);

// The broker's name of a client's turn, and back: with a scope `scope:id`, without one `id`.
ApiResult<std::string> scoped_turn(std::string_view scope, std::string_view id);
std::string_view client_turn(std::string_view scope, std::string_view turn);

// An id for a session of that name in that scope: the name itself where it is one and fits, else a
// hash (SHA-256, 128 bits of it, so that two people never share one).
std::string session_id(std::string_view scope, std::string_view name);

}  // namespace emostage::http
