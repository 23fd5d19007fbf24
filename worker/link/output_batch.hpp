// What several runs have to tell at once, packed into as few messages as it fits in.
//
// Bounded by the owner's flush at the end of each loop turn and by `message_bytes_max`. Keeps its
// buffer. One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "schemas/link.hpp"

namespace emostage::worker {

class OutputBatch {
public:
    // Of a message with several; one that is larger by itself goes alone (Unkept bounds it).
    static constexpr std::size_t message_bytes_max = 512u * 1024;

    using Sink = std::function<void(std::string_view message)>;

    explicit OutputBatch(Sink sink) : sink_(std::move(sink)) {}

    void add(const wire::Output& output);
    void flush();

private:
    Sink sink_;
    std::size_t outputs_ = 0;
    std::string packed_;
};

}  // namespace emostage::worker
