#include "broker/journal/open_journal.hpp"

#include <utility>

namespace emostage::broker {

Result<OpenedJournal> open_journal(const std::string& state, const std::string& new_broker,
                                   JournalWriter::Observer observer) {
    if (state == state_in_memory) {
        return OpenedJournal{Stored{new_broker, 1, {}, {}, {}}, std::make_unique<MemoryOnly>()};
    }
    auto store = SqliteStore::open(state, new_broker);
    if (!store) return tl::unexpected(store.error());
    auto stored = store->load();
    if (!stored) return tl::unexpected(stored.error());
    return OpenedJournal{std::move(*stored),
                         std::make_unique<JournalWriter>(std::move(*store), std::move(observer))};
}

}  // namespace emostage::broker
