#include "broker/shell/ipc_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace emostage::broker {

IpcLock::~IpcLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> IpcLock::acquire(const std::string& endpoint) {
    const std::string scheme = "ipc://";
    if (!endpoint.starts_with(scheme) || endpoint.starts_with(scheme + "@")) return {};
    const std::string path = endpoint.substr(scheme.size()) + ".lock";
    descriptor_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor_ < 0 || ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        const std::string words = reason == EWOULDBLOCK
                                      ? "Address already in use"
                                      : std::generic_category().message(reason) + " (" + path + ")";
        return fail(Errc::io, "cannot listen on " + endpoint + ": " + words);
    }
    return {};
}

}  // namespace emostage::broker
