#include "gateway/client/delta_marks.hpp"

#include <algorithm>

namespace emostage::gateway {

void DeltaMarks::add(std::uint64_t seq, std::uint64_t bytes, bool delta) {
    if (!delta) {
        ends_.clear();
        run_ = Mark{seq, bytes};
        return;
    }
    if (!run_) run_ = Mark{0, 0};
    if (ends_.size() == marks_max) ends_.pop_front();
    ends_.push_back({seq, bytes});
}

void DeltaMarks::clear() {
    run_.reset();
    ends_.clear();
}

std::optional<std::uint64_t> DeltaMarks::bytes_before(std::uint64_t seq) const {
    if (run_ && run_->seq + 1 == seq) return run_->bytes;
    const auto found =
        std::lower_bound(ends_.begin(), ends_.end(), seq - 1,
                         [](const Mark& mark, auto wanted) { return mark.seq < wanted; });
    if (found == ends_.end() || found->seq != seq - 1) return std::nullopt;
    return found->bytes;
}

}  // namespace emostage::gateway
