// The work that callgrind counts: what is called through here and nothing beside it, so that the
// script's own work, loading and the start of libc stay out.
//
// ops/gate names this function to callgrind (--toggle-collect). It must not nest: the inner end
// would stop the counting.
// https://valgrind.org/docs/manual/cl-manual.html#cl-manual.options
#pragma once

#include <type_traits>

extern "C" void emostage_counted(void (*work)(void*), void* of);

namespace emostage::gate {

template <class Work>
void counted(Work&& work) {
    using Plain = std::remove_reference_t<Work>;
    emostage_counted([](void* of) { (*static_cast<Plain*>(of))(); }, &work);
}

}  // namespace emostage::gate
