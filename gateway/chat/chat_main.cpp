// emostage-chat: a gateway for one person at a terminal, or for lines from a pipe.
#include <sys/ioctl.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <string>
#include <zmq.hpp>

#include "gateway/chat/conversation.hpp"
#include "gateway/chat/descriptors.hpp"
#include "gateway/chat/options.hpp"
#include "gateway/client/client.hpp"

namespace emostage::chat {
namespace {

// Longer than any turn may take: a person decides when it is enough.
constexpr milliseconds patience_of_a_person{3'600'000};

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view{} : std::string_view(value);
}

std::string_view own_locale(const Options& options) {
    if (!options.locale.empty()) return options.locale;
    for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        if (const auto value = environment(name); !value.empty()) return value;
    }
    return {};
}

Manner manner_of(const Options& options) {
    Manner manner;
    manner.tongue = tongue_of(own_locale(options));
    manner.interactive = ::isatty(STDIN_FILENO) != 0;
    manner.json = options.json;
    manner.screen.terminal = ::isatty(STDOUT_FILENO) != 0;
    const auto term = environment("TERM");
    manner.screen.erases = manner.screen.terminal && !term.empty() && term != "dumb";
    manner.screen.colours = manner.screen.erases && environment("NO_COLOR").empty();
    return manner;
}

gateway::ClientConfig client_config(const Options& options, bool interactive) {
    gateway::ClientConfig config;
    config.commands = options.commands;
    config.events = options.events;
    config.core.gateway = options.gateway.empty()
                              ? "chat-" + gateway::make_turn_id(gateway::system_random())
                              : options.gateway;
    config.core.silent_max = interactive ? patience_of_a_person : options.patience;
    return config;
}

class Shell final : Ports {
public:
    explicit Shell(Options options)
        : options_(std::move(options)),
          manner_(manner_of(options_)),
          client_(loop_, context_, client_config(options_, manner_.interactive),
                  gateway::system_random()),
          input_(loop_, STDIN_FILENO),
          signals_(loop_, SIGINT, SIGTERM, SIGHUP),
          conversation_(manner_, *this) {
        signals_.add(SIGWINCH);
        if (options_.session.empty()) {
            options_.session = "chat-" + gateway::make_turn_id(gateway::system_random());
        }
    }

    int run() {
        const auto started =
            client_.start([this](gateway::Link link) { conversation_.on_link(link); });
        if (!started) {
            tell("emostage-chat: " + started.error().message + "\n");
            return exit_usage;
        }
        resize();
        wait_for_signal();
        conversation_.start();
        loop_.run();
        return code_;
    }

private:
    Result<std::string> open(std::string text, gateway::TurnSink& sink) override {
        return client_.open({.session = options_.session,
                             .text = std::move(text),
                             .locale = options_.locale,
                             .pipeline = options_.pipeline,
                             .deadline = options_.deadline},
                            sink);
    }
    void cancel(std::string_view turn) override { client_.cancel(turn); }
    void read_line() override {
        input_.read([this](std::optional<Line> line) {
            line ? conversation_.on_line(*line) : conversation_.on_end_of_input();
        });
    }
    void leave(int code) override {
        code_ = code;
        loop_.stop();
    }
    void write(std::string_view bytes) override {
        if (!write_all(STDOUT_FILENO, bytes)) leave(Conversation::not_all_completed);
    }
    void tell(std::string_view bytes) override {
        const bool among_replies = manner_.interactive && !manner_.json;
        (void)write_all(among_replies ? STDOUT_FILENO : STDERR_FILENO, bytes);
    }
    std::uint64_t text_bytes_max() const override { return client_.limits().text_bytes; }

    void resize() {
        winsize size{};
        if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
            conversation_.on_resize(size.ws_col, size.ws_row);
        }
    }

    void wait_for_signal() {
        signals_.async_wait([this](const asio::error_code& error, int signal) {
            if (error) return;
            if (signal == SIGWINCH) {
                resize();
            } else if (signal == SIGINT) {
                conversation_.on_interrupt(Clock::now());
            } else {
                conversation_.on_terminate();
            }
            wait_for_signal();
        });
    }

    Options options_;
    Manner manner_;
    asio::io_context loop_;
    zmq::context_t context_;
    gateway::Client client_;
    InputLines input_;
    asio::signal_set signals_;
    Conversation conversation_;
    int code_ = Conversation::not_all_completed;
};

}  // namespace
}  // namespace emostage::chat

int main(int argc, char** argv) {
    using namespace emostage::chat;
    const auto parsed = parse_options(argc, argv);
    if (!parsed.options) return parsed.exit_code;
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return Shell(*parsed.options).run();
    } catch (const std::exception& error) {
        std::string line = "emostage-chat: " + std::string(error.what()) + "\n";
        (void)write_all(STDERR_FILENO, line);
        return Conversation::not_all_completed;
    }
}
