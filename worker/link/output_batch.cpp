#include "worker/link/output_batch.hpp"

#include "core/codec/codec.hpp"

namespace emostage::worker {

void OutputBatch::add(const wire::Output& output) {
    const auto before = packed_.size();
    codec::append_output(packed_, output);
    if (outputs_ > 0 && packed_.size() > message_bytes_max) {
        const std::string last = packed_.substr(before);
        packed_.resize(before);
        flush();
        packed_ = last;
    }
    if (++outputs_ == wire::outputs_per_message_max) flush();
}

void OutputBatch::flush() {
    if (outputs_ == 0) return;
    sink_(codec::encode_outputs(outputs_, packed_));
    packed_.clear();
    outputs_ = 0;
}

}  // namespace emostage::worker
