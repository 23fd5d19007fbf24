#include "gateway/http/server/outlet.hpp"

#include <algorithm>

namespace emostage::http {

void answer_error(Outlet& outlet, const ApiError& error) {
    Head head{error.status};
    if (error.retry_after) {
        const auto ms = std::max<std::int64_t>(error.retry_after->count(), 1);
        head.fields.emplace_back("Retry-After", std::to_string((ms + 999) / 1000));
        head.fields.emplace_back("retry-after-ms", std::to_string(ms));
    }
    outlet.answer(head, to_json(error) + "\n");
}

}  // namespace emostage::http
