// The directory in which a broker keeps its state: made for its user alone, held by one broker.
//
// Holds `DIR/lock` as long as it lives; a killed broker leaves nothing that must be removed by
// hand. The lock is fcntl(2)'s of an open file description: unlike flock(2)'s it can be asked for
// without being taken, so that an inspection never keeps a broker from starting. Local file systems
// only.
#pragma once

#include <string>

#include "core/result.hpp"

namespace emostage::broker {

class StateDirectory {
public:
    // Makes it (not its parents) where it is not there. Errc::io: cannot be made or written, is no
    // directory, or another broker holds it.
    static Result<StateDirectory> open(const std::string& path);

    // Whether a broker that runs holds the directory. Changes nothing.
    static bool held(const std::string& path);

    ~StateDirectory();
    StateDirectory(StateDirectory&& other) noexcept;
    StateDirectory& operator=(StateDirectory&&) = delete;

    const std::string& path() const { return path_; }
    std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

    // Makes names that were made or removed in it durable.
    Result<void> sync() const;

private:
    StateDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

    std::string path_;
    int lock_;
};

}  // namespace emostage::broker
