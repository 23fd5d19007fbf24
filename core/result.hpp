// Expected outcomes are values: a T, or an Error that says what, where and what to do.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "schemas/errc.hpp"

namespace emostage {

struct Error {
    Errc code = Errc::internal;
    std::string message;  // for a person; never message text of a turn

    bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Errc code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace emostage
