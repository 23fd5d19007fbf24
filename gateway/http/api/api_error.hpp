// What a client of the HTTP interfaces is told when something goes wrong: schemas/HTTP.md,
// "Errors".
//
// Messages name fields, limits and codes, never what was said.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "schemas/errc.hpp"
#include "schemas/event.hpp"

namespace emostage::http {

struct ApiError {
    int status = 500;
    std::string type = "server_error";
    std::string code = "internal";
    std::string message;
    std::string param = {};                        // the field; empty: null
    std::optional<milliseconds> retry_after = {};  // 429 and 503

    bool operator==(const ApiError&) const = default;
};

ApiError invalid(std::string code, std::string message, std::string param = {});  // 400

// An error of the client library or the broker. `retry_after` is used with 429 and 503 only.
ApiError api_error(Errc code, std::string message, std::optional<milliseconds> retry_after = {});

// Of an end that is no `completed`. Requires: wire::is_end(end.body).
ApiError error_of(const wire::Event& end);

// `{"error": {...}}`, one line without its end.
std::string to_json(const ApiError& error);

}  // namespace emostage::http
