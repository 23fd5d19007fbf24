#include "core/log/log.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>

#include <array>
#include <atomic>
#include <cassert>
#include <shared_mutex>
#include <thread>

#include "core/log/descriptor_sink.hpp"
#include "core/log/line.hpp"

namespace emostage::log {
namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> format_names{"text", "json"};
constexpr int level_none = 255;

// The one Writer that lives, or null. The level is read without the lock.
std::shared_mutex writer_mutex;
Writer* writer = nullptr;
std::atomic<int> level_in_force = level_none;

template <class E, std::size_t size>
std::optional<E> named(const std::array<std::string_view, size>& names, std::string_view name) {
    for (std::size_t i = 0; i < size; ++i) {
        if (names[i] == name) return static_cast<E>(i);
    }
    return std::nullopt;
}

}  // namespace

std::string_view name(Level level) { return level_names[static_cast<std::size_t>(level)]; }
std::string_view name(Format format) { return format_names[static_cast<std::size_t>(format)]; }
std::optional<Level> level_named(std::string_view name) { return named<Level>(level_names, name); }
std::optional<Format> format_named(std::string_view name) {
    return named<Format>(format_names, name);
}

struct Writer::Impl {
    explicit Impl(Config chosen)
        : config(std::move(chosen)),
          sink(std::make_shared<DescriptorSink>(config.descriptor, stall_max)),
          pool(std::make_shared<spdlog::details::thread_pool>(queue_lines_max, 1)),
          logger(std::make_shared<spdlog::async_logger>(
              "emostage", sink, pool, spdlog::async_overflow_policy::overrun_oldest)) {
        const char* pattern = config.format == Format::json
                                  ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v}"
                                  : "%Y-%m-%dT%H:%M:%S.%eZ %v";
        logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
            pattern, spdlog::pattern_time_type::utc, "\n"));
        logger->set_level(spdlog::level::trace);
        logger->set_error_handler([](const std::string&) {});
    }

    Config config;
    std::shared_ptr<DescriptorSink> sink;
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
};

Writer::Writer(Config config) : impl_(std::make_unique<Impl>(std::move(config))) {
    const std::unique_lock lock(writer_mutex);
    assert(writer == nullptr && "one Writer at a time");
    writer = this;
    level_in_force = static_cast<int>(impl_->config.level);
}

Writer::~Writer() {
    {
        const std::unique_lock lock(writer_mutex);
        level_in_force = level_none;
        writer = nullptr;
    }
    // The pool's destructor writes what is queued and waits for its thread. A reader that trickles
    // would hold it for long: after a while lines no longer wait for it.
    const auto patience = std::chrono::steady_clock::now() + stall_max;
    while (impl_->pool->queue_size() > 0 && std::chrono::steady_clock::now() < patience) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (impl_->pool->queue_size() > 0) impl_->sink->stop_waiting();
    impl_->pool.reset();
}

bool enabled(Level level) { return static_cast<int>(level) >= level_in_force; }

void write(Level level, Literal event, Fields fields) {
    if (!enabled(level)) return;
    const std::shared_lock lock(writer_mutex);
    if (writer == nullptr) return;
    const Config& config = writer->impl_->config;
    const std::string content = line(config.format, level, config.program, event.text, fields);
    writer->impl_->logger->log(spdlog::level::info,
                               spdlog::string_view_t(content.data(), content.size()));
}

std::uint64_t lines_lost() {
    const std::shared_lock lock(writer_mutex);
    if (writer == nullptr) return 0;
    return writer->impl_->pool->overrun_counter() + writer->impl_->sink->lines_lost();
}

}  // namespace emostage::log
