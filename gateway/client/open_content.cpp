#include "gateway/client/open_content.hpp"

#include <tuple>
#include <variant>

#include "core/codec/codec.hpp"

namespace emostage::gateway {

bool same_content(const wire::Open& open, std::string_view encoded, const wire::Limits& limits) {
    const auto content = [](const wire::Open& of) {
        return std::tie(of.session, of.text, of.history, of.locale, of.pipeline);
    };
    const auto command = codec::decode_command(encoded, limits);
    const auto* other = command ? std::get_if<wire::Open>(&*command) : nullptr;
    return other != nullptr && content(open) == content(*other);
}

}  // namespace emostage::gateway
