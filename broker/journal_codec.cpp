#include "broker/journal_codec.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "broker/fanout.hpp"
#include "broker/journal_events.hpp"
#include "broker/lease_table.hpp"
#include "broker/session_table.hpp"
#include "core/codec/codec.hpp"
#include "core/codec/fields.hpp"
#include "core/codec/pack.hpp"

namespace emostage::broker {
namespace {

using codec::Fields;
using codec::Packer;

constexpr std::uint64_t uint_max = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t uint32_max = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t items_max = 65'536;

std::int64_t to_unix(TimePoint at, Now now) { return now.unix_ms + to_ms(at - now.steady); }

std::int64_t end_unix(const Turn& turn, Now now) {
    return turn.state == TurnState::ended ? std::max<std::int64_t>(1, to_unix(turn.ended_at, now))
                                          : 0;
}

void pack_said(Packer& out, wire::Role role, std::string_view text) {
    out.uint(static_cast<std::uint64_t>(role)).str(text);
}

// --- turns -------------------------------------------------------------------------------------

std::string pack_head(const Turn& turn, std::uint64_t reserved, Now now) {
    std::string bytes;
    Packer out(bytes);
    out.map(14u + (turn.lease ? 1 : 0));
    out.field("gateway", turn.open.gateway).field("pipeline", turn.open.pipeline);
    out.field("priority", static_cast<std::uint64_t>(turn.open.priority));
    out.field("on_lost", static_cast<std::uint64_t>(turn.open.on_lost));
    out.str("content").array(2).uint(turn.content.high).uint(turn.content.low);
    out.field("accepted", to_unix(turn.accepted_at, now));
    out.field("deadline", to_unix(turn.deadline, now));
    out.field("attempt", std::uint64_t{turn.attempt}).field("returns", std::uint64_t{turn.returns});
    out.str("alerted").boolean(turn.alerted).str("retried").boolean(turn.retried);
    out.field("last", turn.log.last()).field("reserved", reserved);
    out.str("askers").array(turn.askers.size());
    for (const Asker& asker : turn.askers) out.str(asker.gateway->name);
    if (const Lease* lease = turn.lease) {
        out.str("lease").map(6).field("id", lease->id);
        out.field("instance", lease->worker->instance).field("worker", lease->worker->name);
        out.field("next", lease->next_ordinal);
        out.str("started").boolean(lease->started).str("shown").boolean(lease->shown);
    }
    return bytes;
}

std::string pack_request(const wire::Open& open) {
    std::string bytes;
    Packer out(bytes);
    out.map(3u + (open.history ? 1 : 0));
    out.field("text", open.text).field("locale", open.locale);
    out.field("traceparent", open.traceparent);
    if (open.history) {
        out.str("history").array(2 * open.history->size());
        for (const auto& said : *open.history) pack_said(out, said.role, said.text);
    }
    return bytes;
}

// Pairs of a role and a text, one after the other.
std::vector<wire::Utterance> read_said(Fields& fields, std::string_view key) {
    std::vector<wire::Utterance> all;
    const auto items = fields.array(key, items_max);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        const auto text = codec::checked_str(items[i + 1], wire::message_bytes_max);
        if (items[i].type != msgpack::type::POSITIVE_INTEGER || items[i].via.u64 > 1 || !text) {
            fields.fail_field(key, "must hold roles and texts");
            break;
        }
        all.push_back({static_cast<wire::Role>(items[i].via.u64), std::string(*text)});
    }
    return all;
}

Result<void> read_request(std::string_view bytes, wire::Open& open) {
    const auto object = codec::unpack(bytes);
    if (!object) return tl::unexpected(object.error());
    Fields fields(*object, "request");
    open.text = fields.str("text", wire::message_bytes_max);
    open.locale = fields.str("locale", wire::locale_bytes_max);
    open.traceparent = fields.str("traceparent", wire::traceparent_bytes_max);
    if (fields.has("history")) open.history = read_said(fields, "history");
    if (!fields.ok()) return tl::unexpected(fields.error());
    return {};
}

RestoredLease read_lease(const msgpack::object& object, Fields& head) {
    Fields fields(object, "lease");
    RestoredLease lease;
    lease.id = fields.uint("id", uint_max);
    lease.instance = fields.id("instance");
    lease.worker = fields.id("worker");
    lease.next_ordinal = fields.uint("next", uint_max);
    lease.started = fields.boolean("started");
    lease.shown = fields.boolean("shown");
    if (!fields.ok()) head.fail(fields.error().code, fields.error().message);
    return lease;
}

Result<RestoredTurn> read_head(TurnRow& row) {
    const auto object = codec::unpack(row.head);
    if (!object) return tl::unexpected(object.error());
    Fields fields(*object, "turn");
    RestoredTurn turn;
    turn.open.turn = std::move(row.turn);
    turn.open.session = std::move(row.session);
    turn.order = row.order;
    turn.state = row.state;
    turn.ended_ms = row.ended_ms;
    turn.open.gateway = fields.id("gateway");
    turn.open.pipeline = fields.id("pipeline");
    turn.open.priority = static_cast<wire::Priority>(fields.uint("priority", 2));
    turn.open.on_lost = static_cast<wire::OnLost>(fields.uint("on_lost", 2));
    const auto content = fields.array("content", 2);
    if (content.size() == 2 && content[0].type == msgpack::type::POSITIVE_INTEGER &&
        content[1].type == msgpack::type::POSITIVE_INTEGER) {
        turn.content = {content[0].via.u64, content[1].via.u64};
    } else {
        fields.fail_field("content", "must be two numbers");
    }
    turn.accepted_ms = fields.integer("accepted");
    turn.deadline_ms = fields.integer("deadline");
    turn.attempt = static_cast<std::uint32_t>(fields.uint("attempt", uint32_max));
    turn.returns = static_cast<std::uint32_t>(fields.uint("returns", uint32_max));
    turn.alerted = fields.boolean("alerted");
    turn.retried = fields.boolean("retried");
    turn.last = fields.uint("last", uint_max);
    turn.reserved = fields.uint("reserved", uint_max);
    for (const auto& item : fields.array("askers", items_max)) {
        const auto asker = codec::checked_str(item, wire::id_bytes_max);
        if (!asker) {
            fields.fail_field("askers", "must hold names");
            break;
        }
        turn.askers.emplace_back(*asker);
    }
    if (const auto* lease = fields.find("lease")) turn.lease = read_lease(*lease, fields);
    if ((turn.state == TurnState::running) != turn.lease.has_value()) {
        fields.fail_field("lease", "is there if, and only if, the turn runs");
    }
    if (!fields.ok()) return tl::unexpected(fields.error());
    if (turn.state == TurnState::ended) return turn;
    if (!row.request) return fail(Errc::malformed, "a live turn has no request");
    if (auto read = read_request(*row.request, turn.open); !read) {
        return tl::unexpected(read.error());
    }
    return turn;
}

// --- sessions ----------------------------------------------------------------------------------

Result<RestoredSession> read_session(SessionRow& row) {
    const auto object = codec::unpack(row.memory);
    if (!object) return tl::unexpected(object.error());
    Fields fields(*object, "session");
    RestoredSession session;
    session.id = std::move(row.session);
    session.changed_ms = row.changed_ms;
    session.alerted = fields.boolean("alerted");
    const auto orders = fields.array("orders", items_max);
    auto said = read_said(fields, "said");
    if (said.size() != orders.size() ||
        !std::all_of(orders.begin(), orders.end(), [](const msgpack::object& item) {
            return item.type == msgpack::type::POSITIVE_INTEGER;
        })) {
        fields.fail_field("orders", "must say whose each text is");
    }
    wire::Packed state;
    if (const auto* packed = fields.find("state")) Packer(state.bytes).object(*packed);
    if (!fields.ok()) return tl::unexpected(fields.error());
    for (std::size_t i = 0; i < said.size(); ++i) {
        session.memory.restore(orders[i].via.u64, std::move(said[i]));
    }
    session.memory.set_state(std::move(state));
    return session;
}

tl::unexpected<Error> row_error(std::string_view what, const Error& error) {
    return fail(error.code, "the journal has " + std::string(what) +
                                " that this version does not understand (" + error.message +
                                "): start the version that wrote it, or move the directory away");
}

}  // namespace

TurnRow turn_row(const Turn& turn, std::uint64_t reserved, bool request, Now now) {
    TurnRow row;
    row.order = turn.order;
    row.turn = turn.id();
    row.session = turn.open.session;
    row.state = turn.state;
    row.ended_ms = end_unix(turn, now);
    row.head = pack_head(turn, reserved, now);
    if (turn.state == TurnState::ended) {
        row.request = std::string();
    } else if (request) {
        row.request = pack_request(turn.open);
    }
    return row;
}

SessionRow session_row(const Session& session, Now now) {
    SessionRow row;
    row.session = session.id;
    row.changed_ms = now.unix_ms;
    Packer out(row.memory);
    const auto& said = session.memory.said();
    const auto& state = session.memory.state().bytes;
    out.map(3u + (state.empty() ? 0 : 1)).str("alerted").boolean(session.alerted);
    out.str("orders").array(said.size());
    for (const auto& one : said) out.uint(one.order);
    out.str("said").array(2 * said.size());
    for (const auto& one : said) pack_said(out, one.utterance.role, one.utterance.text);
    if (!state.empty()) out.str("state").raw(state);
    return row;
}

Result<Restored> read_stored(Stored stored) {
    Restored restored{std::move(stored.broker), stored.start, {}, {}};
    restored.turns.reserve(stored.turns.size());
    auto events = stored.events.begin();
    for (auto& row : stored.turns) {
        auto turn = read_head(row);
        if (!turn) return row_error("a turn", turn.error());
        while (events != stored.events.end() && events->order < row.order) ++events;
        std::uint64_t last = 0;
        for (; events != stored.events.end() && events->order == row.order; ++events) {
            if (events->first != last + 1) {
                return row_error("events", {Errc::malformed, "they are not in their order"});
            }
            last = events->last;
            if (turn->state == TurnState::ended) {
                turn->packed.push_back(std::move(*events));
                continue;
            }
            if (auto read = read_events(*events, turn->log); !read) {
                return row_error("events", read.error());
            }
            events->events = {};  // both forms at once are only ever held of one row
        }
        const bool whole = turn->state == TurnState::ended || turn->log.last() == last;
        if (last != turn->last || !whole) {
            return row_error("a turn", {Errc::malformed, "some of its events are missing"});
        }
        restored.turns.push_back(std::move(*turn));
    }
    restored.sessions.reserve(stored.sessions.size());
    for (auto& row : stored.sessions) {
        auto session = read_session(row);
        if (!session) return row_error("a session", session.error());
        restored.sessions.push_back(std::move(*session));
    }
    return restored;
}

}  // namespace emostage::broker
