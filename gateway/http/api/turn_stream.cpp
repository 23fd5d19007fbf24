// The native events: PROTOCOL.md's, as server-sent ones.
#include <variant>

#include "gateway/client/event_json.hpp"
#include "gateway/http/api/dialect.hpp"
#include "gateway/http/api/turn_request.hpp"

namespace emostage::http {

namespace {

class TurnStream final : public Dialect {
public:
    explicit TurnStream(std::string scope) : scope_(std::move(scope)) {}

    void on_event(const wire::Event& event, std::string& out) override {
        if (std::holds_alternative<wire::Other>(event.body)) return;
        // What follows a reset of the client library's own is told from the first number on: a
        // reader that is cut now has to begin there.
        const bool anew = event.seq == 0 && std::holds_alternative<wire::Reset>(event.body);
        if (event.seq != 0 || anew) {
            out += "id: ";
            gateway::append_number(out, event.seq);
            out += '\n';
        }
        out.append("event: ").append(gateway::type_of(event.body)).append("\ndata: ");
        if (event.turn != turn_ || event.session != session_) name(event);
        gateway::append_named_event_json(out, event, names_);
        out += "\n\n";
        over_ = wire::is_end(event.body);
    }

    void fail(const ApiError& error, std::string& out) override {
        if (over_) return;
        over_ = true;
        out += "event: error\ndata: " + to_json(error) + "\n\n";
    }

    bool over() const override { return over_; }

private:
    // The client's names for the turn and its session; those of one turn do not change.
    void name(const wire::Event& event) {
        turn_ = event.turn;
        session_ = event.session;
        names_ = gateway::names_json(client_turn(scope_, turn_), client_turn(scope_, session_));
    }

    const std::string scope_;
    std::string turn_, session_, names_;
    bool over_ = false;
};

}  // namespace

std::unique_ptr<Dialect> make_turn_stream(std::string scope) {
    return std::make_unique<TurnStream>(std::move(scope));
}

}  // namespace emostage::http
