#include "broker/content_hash.hpp"

#include <xxhash.h>

#include <memory>
#include <string_view>

namespace emostage::broker {
namespace {

struct FreeState {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

class Hasher {
public:
    Hasher() : state_(XXH3_createState()) { XXH3_128bits_reset(state_.get()); }

    void number(std::uint64_t value) { XXH3_128bits_update(state_.get(), &value, sizeof value); }
    // With its length before it, so that two fields never read as one.
    void field(std::string_view text) {
        number(text.size());
        XXH3_128bits_update(state_.get(), text.data(), text.size());
    }
    ContentHash digest() const {
        const auto hash = XXH3_128bits_digest(state_.get());
        return {hash.high64, hash.low64};
    }

private:
    std::unique_ptr<XXH3_state_t, FreeState> state_;
};

}  // namespace

ContentHash content_hash(const wire::Open& open) {
    Hasher hasher;
    hasher.field(open.session);
    hasher.field(open.text);
    hasher.field(open.locale);
    hasher.field(open.pipeline);
    hasher.number(open.history ? open.history->size() + 1 : 0);  // none is not the same as empty
    if (open.history) {
        for (const auto& utterance : *open.history) {
            hasher.number(static_cast<std::uint64_t>(utterance.role));
            hasher.field(utterance.text);
        }
    }
    return hasher.digest();
}

}  // namespace emostage::broker
