#include "core/admin/admin_setting.hpp"

#include <utility>

namespace emostage::admin {

void add_address(config::Settings& settings, std::optional<config::Address>& into,
                 std::string_view more, std::string variable) {
    settings.value(
        "admin", into ? config::to_string(*into) : "off",
        "HOST:PORT of the admin HTTP server, or off" + std::string(more),
        [&into](std::string_view text) -> Result<void> {
            if (text.empty() || text == "off") {
                into.reset();
                return {};
            }
            return config::parse_listen_address(text).map(
                [&into](config::Address address) { into = std::move(address); });
        },
        std::move(variable));
}

}  // namespace emostage::admin
