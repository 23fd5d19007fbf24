#include "broker/journal_events.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "core/codec/codec.hpp"
#include "core/codec/fields.hpp"
#include "core/codec/pack.hpp"

namespace emostage::broker {
namespace {

using codec::Packer;

constexpr std::size_t row_bytes = 1024 * 1024;  // about; below what unpack() takes
constexpr std::size_t deltas_per_run_max = 16'384;
constexpr std::uint64_t kind_run = 0, kind_others = 1;  // of items in a row of events
constexpr std::string_view batch_name = "j";            // event batches have to name a broker

// A row is an array of items, each a kind and bytes: deltas that follow one another, or other
// events as an event batch.
class EventsPacker {
public:
    EventsPacker(const Turn& turn, std::vector<EventsRow>& into) : turn_(turn), into_(into) {}

    void add(wire::Event& event) {
        const auto* delta = std::get_if<wire::Delta>(&event.body);
        if (first_ == 0) first_ = wire::first_number(event);
        last_ = event.seq;
        bytes_ += delta ? delta->text.size() + 4 : 256;
        if (delta) {
            if (!others_.empty() || !continues(event)) close_item();
            if (lengths_.empty()) run_ = {event.seq, event.attempt, event.at_ms};
            text_ += delta->text;
            lengths_.push_back(delta->text.size());
            delays_.push_back(
                static_cast<std::uint64_t>(std::max<std::int64_t>(0, event.at_ms - run_.at_ms)));
        } else {
            if (!lengths_.empty() || others_.size() == wire::events_per_batch_max) close_item();
            if (const auto* stage = std::get_if<wire::Stage>(&event.body))
                bytes_ += stage->result.bytes.size();
            others_.push_back(std::move(event));
        }
        if (bytes_ >= row_bytes) close_row();
    }

    void close_row() {
        close_item();
        if (items_ == 0) return;
        std::string row;
        Packer(row).array(2 * items_).raw(packed_);
        into_.push_back({turn_.order, first_, last_, std::move(row)});
        packed_.clear();
        items_ = 0;
        bytes_ = 0;
        first_ = 0;
    }

private:
    struct Run {
        std::uint64_t first = 0;
        std::uint32_t attempt = 0;
        std::int64_t at_ms = 0;
    };

    bool continues(const wire::Event& event) const {
        return lengths_.empty() ||
               (event.attempt == run_.attempt && lengths_.size() < deltas_per_run_max);
    }

    void close_item() {
        Packer out(packed_);
        if (!lengths_.empty()) {
            ++items_;
            std::string bytes;
            Packer run(bytes);
            run.array(6).uint(run_.first).uint(run_.attempt).integer(run_.at_ms).str(text_);
            run.array(lengths_.size());
            for (const auto length : lengths_) run.uint(length);
            run.array(delays_.size());
            for (const auto delay : delays_) run.uint(delay);
            out.uint(kind_run).str(bytes);
            text_.clear();
            lengths_.clear();
            delays_.clear();
        }
        if (!others_.empty()) {
            ++items_;
            out.uint(kind_others);
            out.str(codec::encode_events({std::string(batch_name), std::move(others_)}));
            others_.clear();
        }
    }

    const Turn& turn_;
    std::vector<EventsRow>& into_;
    std::string packed_;
    std::size_t items_ = 0, bytes_ = 0;
    std::uint64_t first_ = 0, last_ = 0;
    Run run_;
    std::string text_;
    std::vector<std::uint64_t> lengths_, delays_;
    std::vector<wire::Event> others_;
};

bool is_numbers(const msgpack::object& object, std::size_t count) {
    if (object.type != msgpack::type::ARRAY || object.via.array.size != count) return false;
    const std::span items(object.via.array.ptr, object.via.array.size);
    return std::all_of(items.begin(), items.end(), [](const msgpack::object& item) {
        return item.type == msgpack::type::POSITIVE_INTEGER;
    });
}

const Error out_of_order{Errc::malformed, "events are not in their order"};

Result<void> read_run(std::string_view bytes, EventLog& log) {
    const auto object = codec::unpack(bytes);
    if (!object) return tl::unexpected(object.error());
    if (object->type != msgpack::type::ARRAY) {
        return fail(Errc::malformed, "deltas are not understood");
    }
    const std::span item(object->via.array.ptr, object->via.array.size);
    const auto type = [&](std::size_t i) { return item[i].type; };
    const bool fits = item.size() == 6 && type(0) == msgpack::type::POSITIVE_INTEGER &&
                      type(1) == msgpack::type::POSITIVE_INTEGER &&
                      (type(2) == msgpack::type::POSITIVE_INTEGER ||
                       type(2) == msgpack::type::NEGATIVE_INTEGER) &&
                      type(3) == msgpack::type::STR && type(4) == msgpack::type::ARRAY &&
                      is_numbers(item[4], item[4].via.array.size) &&
                      is_numbers(item[5], item[4].via.array.size);
    if (!fits) return fail(Errc::malformed, "deltas are not understood");
    if (item[0].via.u64 != log.last() + 1) return tl::unexpected(out_of_order);
    const auto attempt = static_cast<std::uint32_t>(item[1].via.u64);
    const auto base = item[2].via.i64;
    std::string_view text(item[3].via.str.ptr, item[3].via.str.size);
    for (std::uint32_t i = 0; i < item[4].via.array.size; ++i) {
        const auto length = item[4].via.array.ptr[i].via.u64;
        if (length > text.size()) return fail(Errc::malformed, "deltas are cut short");
        const auto at = base + static_cast<std::int64_t>(item[5].via.array.ptr[i].via.u64);
        log.append_delta(text.substr(0, length), attempt, at);
        text.remove_prefix(length);
    }
    return {};
}

Result<void> read_others(std::string_view bytes, EventLog& log) {
    const auto batch = codec::decode_events(bytes);
    if (!batch) return tl::unexpected(batch.error());
    for (const auto& event : batch->events) {
        const auto first = wire::first_number(event);
        if (std::holds_alternative<wire::Delta>(event.body) || first != log.last() + 1 ||
            event.seq < first) {
            return tl::unexpected(out_of_order);
        }
        if (first == event.seq) {
            log.append(event.body, event.attempt, event.at_ms);
        } else {
            log.append_gap(event.seq, event.body, event.attempt, event.at_ms);
        }
    }
    return {};
}

}  // namespace

void add_event_rows(const Turn& turn, std::uint64_t after, std::vector<EventsRow>& into) {
    EventsPacker packer(turn, into);
    turn.log.replay(after, turn.log.last(), 0, [&](wire::Event& event) { packer.add(event); });
    packer.close_row();
}

Result<void> read_events(const EventsRow& row, EventLog& log) {
    // An item's unpacking takes the memory of the row's: first where they all are.
    std::vector<std::pair<std::uint64_t, std::string_view>> found;
    {
        const auto object = codec::unpack(row.events);
        if (!object) return tl::unexpected(object.error());
        if (object->type != msgpack::type::ARRAY) {
            return fail(Errc::malformed, "events are not understood");
        }
        const std::span items(object->via.array.ptr, object->via.array.size);
        for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
            if (items[i].type != msgpack::type::POSITIVE_INTEGER ||
                items[i + 1].type != msgpack::type::STR) {
                return fail(Errc::malformed, "events are not understood");
            }
            const auto& bytes = items[i + 1].via.str;
            found.emplace_back(items[i].via.u64, std::string_view(bytes.ptr, bytes.size));
        }
    }
    for (const auto& [kind, bytes] : found) {
        auto read = kind == kind_run ? read_run(bytes, log) : read_others(bytes, log);
        if (!read) return read;
    }
    return {};
}

EventLog unpack_events(const std::vector<EventsRow>& rows, std::uint32_t attempt,
                       std::int64_t at_ms) {
    EventLog log;
    for (const EventsRow& row : rows) {
        const auto read = read_events(row, log);
        if (read && log.last() == row.last) continue;
        EventLog unread;
        unread.append_gap(rows.back().last,
                          wire::Failed{Errc::internal, "what was kept of it is not understood"},
                          attempt, at_ms);
        return unread;
    }
    return log;
}

}  // namespace emostage::broker
