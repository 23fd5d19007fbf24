#include "broker/session_memory.hpp"

namespace emostage::broker {
namespace {

std::string said(const SessionMemory& memory) {
    std::string all;
    for (const auto& [role, text] : memory.utterances()) {
        all += (role == wire::Role::user ? "u:" : "a:") + text + " ";
    }
    return all;
}

TEST(SessionMemory, ATurnIsItsTextAndItsReply) {
    SessionMemory memory;
    memory.add(1, "hi", "hello", 10, 1000);
    memory.add(2, "so", "", 10, 1000);
    EXPECT_EQ(said(memory), "u:hi a:hello u:so ");
}

TEST(SessionMemory, ATurnThatEndsEarlyKeepsItsPlaceAmongTheOthers) {
    SessionMemory memory;
    memory.add(3, "three", "", 10, 1000);
    memory.add(2, "two", "2", 10, 1000);
    memory.add(4, "four", "", 10, 1000);
    EXPECT_EQ(said(memory), "u:two a:2 u:three u:four ");
}

TEST(SessionMemory, TheOldestIsForgottenWhenThereAreTooMany) {
    SessionMemory memory;
    memory.add(1, "a", "b", 3, 1000);
    memory.add(2, "c", "d", 3, 1000);
    EXPECT_EQ(said(memory), "a:b u:c a:d ");
}

TEST(SessionMemory, TheOldestIsForgottenWhenTheBytesAreTooMany) {
    SessionMemory memory;
    memory.add(1, std::string(60, 'x'), "", 10, 100);
    memory.add(2, std::string(60, 'y'), "", 10, 100);
    EXPECT_EQ(memory.utterances().size(), 1u);
    memory.add(3, std::string(101, 'z'), "", 10, 100);
    EXPECT_TRUE(memory.silent());
}

TEST(SessionMemory, ItIsEmptyUntilSomethingIsSaidOrSet) {
    SessionMemory memory;
    EXPECT_TRUE(memory.empty());
    memory.set_state({"x"});
    EXPECT_FALSE(memory.empty());
    EXPECT_TRUE(memory.silent());
}

}  // namespace
}  // namespace emostage::broker
