// What a fuzz target promises: a broken promise ends the process, with the line that says which.
#pragma once

#include <cstdio>
#include <cstdlib>

#define CHECK(promise)                                                                 \
    do {                                                                               \
        if (!(promise)) {                                                              \
            std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise); \
            std::abort();                                                              \
        }                                                                              \
    } while (false)
