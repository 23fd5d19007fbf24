#include "core/config/log_settings.hpp"

#include "core/config/nearest.hpp"

namespace emostage::config {
namespace {

Error not_one_of(const std::vector<std::string>& names, std::string_view text) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    return Error{Errc::config, "must be one of " + all + ", not \"" +
                                   std::string(text.substr(0, 64)) + "\"" +
                                   did_you_mean(text, names)};
}

}  // namespace

void add_log(Settings& settings, log::Config& into) {
    settings.value(
        "log_level", std::string(log::name(into.level)),
        "least of debug, info, warn, error that is logged",
        [&into](std::string_view text) -> Result<void> {
            const auto level = log::level_named(text);
            if (!level) {
                return tl::unexpected(not_one_of({"debug", "info", "warn", "error"}, text));
            }
            into.level = *level;
            return {};
        });
    settings.value("log_format", std::string(log::name(into.format)), "text or json lines",
                   [&into](std::string_view text) -> Result<void> {
                       const auto format = log::format_named(text);
                       if (!format) return tl::unexpected(not_one_of({"text", "json"}, text));
                       into.format = *format;
                       return {};
                   });
}

}  // namespace emostage::config
