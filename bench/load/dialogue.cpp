#include "bench/load/dialogue.hpp"

namespace emostage::load {

namespace {

using wire::Role;

const std::vector<wire::Utterance>& history() {
    static const std::vector<wire::Utterance> said = {
        {Role::user,
         "Hello. I am not sure that I am right here, it has been a hard month with the "
         "family."},
        {Role::assistant,
         "You are welcome here. There is no wrong place to begin. What has made it so hard?"},
        {Role::user,
         "My father fell ill, and since then I drive to him every evening. I get home "
         "late."},
        {Role::assistant,
         "Work, then the road, then his care: that is a great deal. How are you "
         "in all of it?"},
        {Role::user,
         "Worn out, I suppose. My sister manages so much more and never seems to "
         "complain about it."},
        {Role::assistant,
         "It weighs even more when you hold it against hers, and are this tired already."},
    };
    return said;
}

constexpr const char* newest =
    "Last night I shouted at my father over a spilt glass, and then I sat in the car and could not "
    "drive. I am afraid that I am failing all of them.";

}  // namespace

gateway::OpenRequest turn_of(std::size_t person, const std::string& pipeline) {
    return {.session = "person-" + std::to_string(person),
            .text = newest,
            .history = history(),
            .locale = "en",
            .pipeline = pipeline};
}

}  // namespace emostage::load
