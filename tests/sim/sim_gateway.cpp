#include "tests/sim/sim_gateway.hpp"

#include <algorithm>

#include "core/codec/codec.hpp"

namespace emostage::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t sessions = 6;
constexpr std::string_view subscription = "+";

}  // namespace

// One turn's sink: tells the checker what a reader is shown.
class SimGateway::Reader final : public gateway::TurnSink {
public:
    Reader(SimGateway& shell, std::string turn)
        : shell_(shell),
          turn_(std::move(turn)),
          id_(shell.context_.checker.reader_begins(shell.name(), turn_)) {}
    ~Reader() override { shell_.context_.checker.reader_is_gone(id_); }

    void on_event(const wire::Event& event) override {
        shell_.context_.checker.reader_hears(id_, event);
        if (!wire::is_end(event.body)) return;
        shell_.unread_.erase(turn_);
        shell_.ended_.push_back(turn_);
    }

private:
    SimGateway& shell_;
    std::string turn_;
    std::uint64_t id_;
};

SimGateway::SimGateway(Context& context, std::string name, SimBroker& broker,
                       std::vector<std::string>& turns)
    : Process(context, std::move(name)),
      broker_(broker),
      turns_(turns),
      commands_(context, *this, broker,
                {[] {}, [] {}, [this](std::string bytes) { broker_.on_command(bytes); }, {}}),
      events_(context, *this, broker,
              {[this] { events_.send_to_server(std::string(subscription)); },
               [this] { broker_.gateway_gone(this->name()); },
               [this](const std::string&) { broker_.on_subscription(this->name()); },
               [this](std::string bytes) { on_events(bytes); }}) {}
SimGateway::~SimGateway() = default;

void SimGateway::on_start() {
    gateway::Config config;
    config.gateway = name();
    core_ = std::make_unique<gateway::GatewayCore>(std::move(config), *this, now());
    commands_.connect_soon();
    events_.connect_soon();
    // Half of them push what they had opened once more, half ask for what they missed.
    const auto unread = unread_;
    for (const auto& [turn, open] : unread) {
        if (context_.random.chance(500)) {
            this->open(open);
        } else {
            join(turn);
        }
    }
}

void SimGateway::on_kill() {
    commands_.cut();
    events_.cut();
    counters_ = counters();
    core_.reset();
    readers_.clear();
    ended_.clear();
}

gateway::Counters SimGateway::counters() const {
    auto sum = counters_;
    if (!core_) return sum;
    const auto& now = core_->counters();
    sum.opened += now.opened;
    sum.opens_pushed += now.opens_pushed;
    sum.resumes_pushed += now.resumes_pushed;
    sum.gaps += now.gaps;
    sum.rereads += now.rereads;
    sum.reconnects += now.reconnects;
    sum.given_up += now.given_up;
    return sum;
}

// --- its shell -----------------------------------------------------------------------------------

bool SimGateway::push(std::string_view command) {
    if (context_.random.chance(context_.faults.command_lost)) return true;
    return commands_.send_to_server(std::string(command));
}

void SimGateway::resubscribe() { events_.send_to_server(std::string(subscription)); }

void SimGateway::on_events(const std::string& bytes) {
    if (context_.random.chance(context_.faults.event_lost)) return;
    auto batch = codec::decode_events(bytes);
    if (!batch) return context_.checker.violated("an event message cannot be read");
    core_->on(std::move(*batch), now());
}

void SimGateway::settle() {
    for (const auto& turn : std::exchange(ended_, {})) readers_.erase(turn);
}

// --- the people behind it ------------------------------------------------------------------------

void SimGateway::act() {
    if (!reachable()) return;
    auto& random = context_.random;
    const auto dice = random.below(100);
    if (dice < 65 || turns_.empty()) {
        open_new();
    } else if (dice < 85) {
        const auto turn = turns_[random.below(turns_.size())];
        if (readers_.contains(turn)) {
            context_.checker.cancel_is_wanted(turn);
            core_->cancel(turn, now());
        } else if (dice < 70) {
            context_.checker.cancel_is_wanted(turn);  // by another gateway than the opener
            join(turn);
            core_->cancel(turn, now());
        }
    } else {
        const auto turn = turns_[random.below(turns_.size())];
        if (!readers_.contains(turn)) join(turn);
    }
    settle_soon();
}

void SimGateway::open_new() {
    auto& random = context_.random;
    wire::Open open;
    open.turn = name() + "-" + std::to_string(++opened_);
    open.session = "s" + std::to_string(random.below(sessions));
    open.text = "hello";
    open.pipeline = random.chance(300) ? "base" : "";
    open.priority = static_cast<wire::Priority>(random.below(3));
    open.on_lost = static_cast<wire::OnLost>(random.below(3));
    if (random.chance(250)) open.on_busy = static_cast<wire::OnBusy>(1 + random.below(2));
    if (random.chance(150)) open.history.emplace();
    if (random.chance(100)) open.deadline = random.between(1s, 20s);
    context_.checker.turn_is_made(open);
    turns_.push_back(open.turn);
    unread_[open.turn] = open;
    this->open(std::move(open));
}

void SimGateway::open(wire::Open open) {
    const auto turn = open.turn;
    if (!core_->open(std::move(open), reader(turn), now()))
        context_.checker.violated(turn + ": refused by its own gateway");
}

void SimGateway::join(const std::string& turn) {
    if (!core_->join(turn, 0, reader(turn), now()))
        context_.checker.violated(turn + ": not joined by its own gateway");
}

SimGateway::Reader& SimGateway::reader(const std::string& turn) {
    auto& reader = readers_[turn];
    reader = std::make_unique<Reader>(*this, turn);
    return *reader;
}

}  // namespace emostage::sim
