// Keeps two brokers from listening on one ipc:// path: libzmq lets the second take it over without
// a word (https://github.com/zeromq/libzmq/issues/2059).
//
// Holds `PATH.lock` by flock(2) as long as it lives, so a killed broker leaves nothing that must be
// removed by hand. Other endpoints need no lock.
#pragma once

#include <string>

#include "core/result.hpp"

namespace emostage::broker {

class IpcLock {
public:
    IpcLock() = default;
    ~IpcLock();
    IpcLock(const IpcLock&) = delete;
    IpcLock& operator=(const IpcLock&) = delete;

    // Errc::io when another process holds it or the file cannot be made. At most once.
    Result<void> acquire(const std::string& endpoint);

private:
    int descriptor_ = -1;
};

}  // namespace emostage::broker
