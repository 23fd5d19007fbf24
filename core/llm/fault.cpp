#include "core/llm/fault.hpp"

#include <utility>

namespace emostage::llm {
namespace {

std::string with_detail(std::string what, std::string_view detail) {
    if (detail.empty()) return what;
    return std::move(what) + " (" + std::string(detail) + ")";
}

}  // namespace

Fault status_fault(int status, std::string_view detail) {
    std::string what = with_detail("HTTP " + std::to_string(status), detail);
    if (status == 429) return {Errc::model_busy, std::move(what), true, Blame::nobody};
    if (status == 503) return {Errc::model_busy, std::move(what), true, Blame::endpoint};
    if (status == 408) return {Errc::model_timeout, std::move(what), true, Blame::endpoint};
    if (status >= 500 && status < 600) {
        return {Errc::model_failed, std::move(what), true, Blame::endpoint};
    }
    return {Errc::model_refused, std::move(what), false, Blame::nobody};
}

Fault error_fault(int status, std::string_view detail) {
    if (status >= 400 && status < 600) {
        Fault fault = status_fault(status, detail);
        fault.what =
            with_detail("error in the answer", detail.empty() ? std::to_string(status) : detail);
        return fault;
    }
    return {Errc::model_failed, with_detail("error in the answer", detail), true, Blame::endpoint};
}

Fault cut_fault(std::string what) {
    return {Errc::model_cut, std::move(what), true, Blame::endpoint};
}

Fault malformed_fault(std::string what) {
    return {Errc::model_failed, std::move(what), true, Blame::endpoint};
}

Fault timeout_fault(std::string what, Blame blame) {
    return {Errc::model_timeout, std::move(what), true, blame};
}

Fault unreachable_fault(std::string what) {
    return {Errc::model_unreachable, std::move(what), true, Blame::endpoint};
}

Fault empty_fault() { return {Errc::model_output, "an empty answer", false, Blame::nobody}; }

}  // namespace emostage::llm
