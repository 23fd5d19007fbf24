#include "broker/session_table.hpp"

namespace emostage::broker {
namespace {

using namespace std::chrono_literals;

class SessionTableTest : public testing::Test {
protected:
    Session& with_memory(const std::string& id, std::size_t bytes = 10) {
        Session& session = table_.get(id, now_);
        Turn turn;
        turn.order = ++order_;
        turn.open.text = std::string(bytes, 'x');
        table_.remember(session, turn, "", nullptr, now_);
        return session;
    }

    static Now at(Duration after) { return {TimePoint(1h) + after, 0}; }

    Config config_;
    Counters counters_;
    Meters meters_;
    Ledger ledger_{config_, counters_, meters_};
    SessionTable table_{config_, ledger_};
    Now now_ = at(0s);

private:
    std::uint64_t order_ = 0;
};

TEST_F(SessionTableTest, AnIdleSessionWithNothingToRememberIsForgottenAtOnce) {
    table_.settle(table_.get("s", now_), at(0s));
    EXPECT_EQ(table_.size(), 0u);
    EXPECT_EQ(table_.bytes(), 0u);
}

TEST_F(SessionTableTest, AnIdleSessionIsForgottenAfterItsRetention) {
    table_.settle(with_memory("s"), at(0s));
    EXPECT_EQ(table_.next(), at(config_.session_retention).steady);
    EXPECT_FALSE(table_.forget_overdue(at(config_.session_retention - 1ms)));
    EXPECT_TRUE(table_.forget_overdue(at(config_.session_retention)));
    EXPECT_EQ(table_.size(), 0u);
    EXPECT_EQ(table_.bytes(), 0u);
    EXPECT_EQ(table_.next(), std::nullopt);
}

TEST_F(SessionTableTest, ASessionThatIsUsedAgainStaysAndIsTheLastToGo) {
    config_.sessions_max = 2;
    table_.settle(with_memory("a"), at(0s));
    table_.settle(with_memory("b"), at(1s));
    table_.settle(table_.get("a", now_), at(2s));
    table_.get("c", now_);
    EXPECT_TRUE(table_.find("a"));
    EXPECT_FALSE(table_.find("b"));
}

TEST_F(SessionTableTest, LiveSessionsDoNotGiveWay) {
    config_.sessions_max = 1;
    Turn turn;
    table_.get("a", now_).running = &turn;
    EXPECT_FALSE(table_.has_room_for("b"));
    EXPECT_TRUE(table_.has_room_for("a"));
}

TEST_F(SessionTableTest, TooManyBytesPushOutTheLongestIdle) {
    config_.sessions_bytes_max = 3000;
    config_.session_history_bytes_max = 10000;
    table_.settle(with_memory("a", 1000), at(0s));
    table_.settle(with_memory("b", 1000), at(0s));
    with_memory("c", 1500);
    EXPECT_FALSE(table_.find("a"));
    EXPECT_LE(table_.bytes(), 3000u);
}

TEST_F(SessionTableTest, TheBytesAreBoundedWhereAllSessionsAreLive) {
    config_.sessions_bytes_max = 3000;
    config_.session_history_bytes_max = 10000;
    Turn turn;
    with_memory("a", 2000).running = &turn;
    Session& b = with_memory("b", 2000);
    EXPECT_LE(table_.bytes(), 3000u);
    EXPECT_TRUE(b.memory.silent());
    EXPECT_FALSE(table_.find("a")->memory.silent());
}

}  // namespace
}  // namespace emostage::broker
