#include "broker/session_memory.hpp"

#include <algorithm>

namespace emostage::broker {

void SessionMemory::add(std::uint64_t order, std::string text, std::string reply,
                        std::size_t utterances_max, std::size_t bytes_max) {
    insert(order, wire::Role::user, std::move(text));
    if (!reply.empty()) insert(order, wire::Role::assistant, std::move(reply));
    while (said_.size() > utterances_max || text_bytes_ > bytes_max) drop_oldest();
}

void SessionMemory::insert(std::uint64_t order, wire::Role role, std::string text) {
    text_bytes_ += text.size();
    auto place = said_.end();
    while (place != said_.begin() && std::prev(place)->order > order) --place;
    said_.insert(place, {order, {role, std::move(text)}});
}

void SessionMemory::restore(std::uint64_t order, wire::Utterance utterance) {
    text_bytes_ += utterance.text.size();
    said_.push_back({order, std::move(utterance)});
}

std::vector<wire::Utterance> SessionMemory::utterances() const {
    std::vector<wire::Utterance> all;
    all.reserve(said_.size());
    for (const auto& said : said_) all.push_back(said.utterance);
    return all;
}

void SessionMemory::drop_oldest() {
    text_bytes_ -= said_.front().utterance.text.size();
    said_.erase(said_.begin());
}

std::size_t SessionMemory::bytes() const {
    return text_bytes_ + said_.size() * sizeof(Said) + state_.bytes.size();
}

}  // namespace emostage::broker
