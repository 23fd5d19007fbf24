#include "bench/rehearsal/close_log.hpp"

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

namespace emostage::rehearsal {

Result<CloseLog> CloseLog::open(const std::string& path) {
    CloseLog log;
    log.file_.reset(std::fopen(path.c_str(), "ae"));
    if (!log.file_) {
        const std::error_code error(errno, std::generic_category());
        return fail(Errc::io, "close log " + path + ": " + error.message());
    }
    return log;
}

void CloseLog::write(const ClientClosed& closed) {
    nlohmann::ordered_json object{{"at_ms", closed.at_ms},
                                  {"request", closed.request},
                                  {"stage", closed.stage},
                                  {"phase_of_answer", closed.phase},
                                  {"after_ms", closed.after_ms}};
    if (!closed.trace.empty()) object["trace"] = closed.trace;
    const std::string line = object.dump() + "\n";
    std::fwrite(line.data(), 1, line.size(), file_.get());
    std::fflush(file_.get());
}

}  // namespace emostage::rehearsal
