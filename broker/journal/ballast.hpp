// Room that is kept for when a disk is full: a file that is thrown overboard then, so that the
// turns that run can still end.
//
// One thread, the writer's.
#pragma once

#include <cstdint>
#include <string>

namespace emostage::broker {

class Ballast {
public:
    static constexpr std::int64_t bytes = 16 * 1024 * 1024;
    // Free beside it before it is made again; else it would fill the disk by itself.
    static constexpr std::int64_t room_min = 2 * bytes;

    explicit Ballast(std::string path);  // takes over a file that is there

    // Allocates the file where it is not there and there is room; true: it is there.
    bool keep();
    // Frees its room.
    void drop();
    bool kept() const { return kept_; }

private:
    bool room() const;

    std::string path_;
    bool kept_ = false;
};

}  // namespace emostage::broker
