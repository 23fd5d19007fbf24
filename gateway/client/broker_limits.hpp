// The broker's limits as it told them.
#pragma once

#include "schemas/limits.hpp"

namespace emostage::gateway {

// Zero: the broker did not name it, and what was known holds.
inline void adopt(wire::Limits& limits, const wire::Limits& told) {
    if (told.text_bytes != 0) limits.text_bytes = told.text_bytes;
    if (told.history_utterances != 0) limits.history_utterances = told.history_utterances;
    if (told.history_bytes != 0) limits.history_bytes = told.history_bytes;
    if (told.reply_bytes != 0) limits.reply_bytes = told.reply_bytes;
    if (told.deadline_ms != 0) limits.deadline_ms = told.deadline_ms;
    if (told.retention_ms != 0) limits.retention_ms = told.retention_ms;
}

}  // namespace emostage::gateway
