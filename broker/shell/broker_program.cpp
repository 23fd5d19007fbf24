#include "broker/shell/broker_program.hpp"

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <random>

#include "broker/admin/admin_pages.hpp"
#include "broker/journal/open_journal.hpp"
#include "broker/journal_codec.hpp"
#include "broker/shell/broker_shell.hpp"
#include "core/admin/admin_server.hpp"
#include "core/log/log.hpp"

namespace emostage::broker {
namespace {

// The first signal drains, the second ends at once.
class Signals {
public:
    Signals(asio::io_context& loop, BrokerShell& shell)
        : loop_(loop), shell_(shell), signals_(loop, SIGTERM, SIGINT) {
        wait();
    }

    // A second signal came before the first had drained the broker.
    bool cut_short() const { return cut_short_; }

private:
    void wait() {
        signals_.async_wait([this](const asio::error_code& error, int) {
            if (!error) on_signal();
        });
    }
    void on_signal() {
        if (draining_) {
            cut_short_ = true;
            loop_.stop();
            return;
        }
        draining_ = true;
        log::info("draining");
        shell_.drain([this] {
            shell_.close();
            loop_.stop();
        });
        wait();
    }

    asio::io_context& loop_;
    BrokerShell& shell_;
    asio::signal_set signals_;
    bool draining_ = false;
    bool cut_short_ = false;
};

void log_start(const std::string& id, const BrokerShell::Endpoints& endpoints,
               const std::string& admin, const std::string& state, const Snapshot& found) {
    log::info("broker started", {{"broker", id},
                                 {"version", EMOSTAGE_VERSION},
                                 {"commands", endpoints.commands},
                                 {"events", endpoints.events},
                                 {"workers", endpoints.workers},
                                 {"admin", admin},
                                 {"state", state},
                                 {"turns_queued", found.queued},
                                 {"turns_running", found.running},
                                 {"turns_kept", found.kept},
                                 {"sessions", found.sessions}});
}

}  // namespace

std::string random_broker_id() {
    constexpr char digits[] = "0123456789abcdef";
    std::random_device random;
    std::string id;
    for (int i = 0; i < 16; ++i) id += digits[random() % 16];
    return id;
}

Result<void> run_broker(const BrokerOptions& options, JournalWriter::Observer observer) {
    asio::io_context loop(1);
    auto journal = open_journal(options.state, random_broker_id(), std::move(observer));
    if (!journal) return tl::unexpected(journal.error());
    auto restored = read_stored(std::move(journal->stored));
    if (!restored) return tl::unexpected(restored.error());
    const std::string id = restored->broker;
    const std::int64_t started_unix_ms = now().unix_ms;
    BrokerShell shell(loop, options, std::move(*restored), std::move(journal->sink));
    const TakeReport report = [&shell, started_unix_ms] {
        return Report{shell.snapshot(), shell.traffic(), started_unix_ms, log::lines_lost()};
    };
    admin::AdminServer admin(loop, [report](std::string_view method, std::string_view path) {
        return admin_page(method, path, report);
    });
    std::string admin_address = "off";
    if (options.admin) {
        const auto address = admin.open(*options.admin);
        if (!address) return tl::unexpected(address.error());
        admin_address = config::to_string(*address);
    }
    if (auto opened = shell.open(); !opened) return opened;
    const Signals signals(loop, shell);
    log_start(id, shell.endpoints(), admin_address, options.state, shell.snapshot());
    loop.run();
    if (signals.cut_short()) {
        return fail(Errc::cancelled, "stopped by a second signal before all turns had ended");
    }
    log::info("broker stopped");
    return {};
}

}  // namespace emostage::broker
