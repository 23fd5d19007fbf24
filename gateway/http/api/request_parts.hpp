// What the requests of the three interfaces have in common: schemas/HTTP.md, "Common to all".
//
// Internal to gateway/http/api. Each reads its fields and leaves the first refusal in them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "gateway/http/api/json_body.hpp"
#include "gateway/http/api/turn_request.hpp"

namespace emostage::http {

inline constexpr std::size_t messages_max = 1'024;            // of a request; a broker takes fewer
inline constexpr std::size_t parts_max = 256;                 // of a message
inline constexpr std::size_t ignored_max = 16;                // names in x-emostage-ignored
inline constexpr std::uint64_t deadline_ms_max = 86'400'000;  // a broker's own is shorter

// `model`: must be there. What cannot be a pipeline's name is 404, `model_not_found`.
void read_model(JsonFields& body, TurnRequest& request);

// `on_lost`, `on_busy`, `priority`, `locale`, `deadline_ms`, in whichever object they stand. What
// is not there stays as it is.
void read_run(JsonFields& fields, gateway::OpenRequest& open);

// The object `emostage`; its unknown fields are refused.
void read_wishes(JsonFields& body, TurnRequest& request);

// Those of `names` that are there have no effect.
void read_ignored(JsonFields& body, std::span<const std::string_view> names, TurnRequest& request);

struct MessageForm {
    std::string_view key;                          // of the list
    std::span<const std::string_view> part_types;  // of parts that are text
    bool items_have_types;                         // and only `message` is taken
};

// Messages of `system` and `developer` are left out (and told as ignored). The last of the others
// is the user's and not empty.
std::vector<wire::Utterance> read_messages(JsonFields& body, const MessageForm& form,
                                           TurnRequest& request);

// The turn's id, session and trace; `session` is the body's name for it, the header's goes before.
// True where either names a session.
bool set_names(JsonFields& body, const RequestContext& context, std::string_view session,
               TurnRequest& request);

// The same, and what is said: the last of `said` is the turn's text, the others its history.
void set_turn(JsonFields& body, const RequestContext& context, std::string_view session,
              std::vector<wire::Utterance> said, TurnRequest& request);

}  // namespace emostage::http
