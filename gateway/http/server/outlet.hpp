// Where the answer to one request goes.
//
// Either answer(), or begin(), any number of write() and then end(); cut() at any time. After
// answer(), end() or cut() nothing more may be asked of it. One that is destroyed before is cut.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/api/api_error.hpp"

namespace emostage::http {

struct Head {
    int status = 200;
    std::string type = "application/json";  // empty: an answer without a body
    std::vector<std::pair<std::string, std::string>> fields = {};
};

class Outlet {
public:
    virtual ~Outlet() = default;

    // A field that the head has, whatever becomes of the request.
    void add_field(std::string name, std::string value) {
        fields_.emplace_back(std::move(name), std::move(value));
    }
    // Called, from the loop, when the bytes of a write() are with the system, or will never be.
    void on_written(std::function<void()> written) { written_ = std::move(written); }

    virtual void answer(const Head& head, std::string_view body) = 0;

    virtual void begin(const Head& head) = 0;  // it goes with the first bytes
    // Not again before on_written().
    virtual void write(std::string_view bytes) = 0;
    virtual void end(std::string_view last_bytes) = 0;

    // The connection ends, and nobody can take what was sent for a whole answer.
    virtual void cut() = 0;

protected:
    std::vector<std::pair<std::string, std::string>> fields_;
    std::function<void()> written_;
};

// With `Retry-After` where the error says when.
void answer_error(Outlet& outlet, const ApiError& error);

}  // namespace emostage::http
