#include "broker/content_hash.hpp"

#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

TEST(ContentHash, TheSameContentIsTheSameWhateverElseDiffers) {
    auto a = Scene::an_open("t1"), b = Scene::an_open("t2", "s1", "hello", "g2");
    b.deadline = 5s;
    b.priority = wire::Priority::high;
    b.on_busy = wire::OnBusy::reject;
    EXPECT_EQ(content_hash(a), content_hash(b));
}

TEST(ContentHash, EachPartOfTheContentCounts) {
    const auto base = content_hash(Scene::an_open("t"));
    const auto changed = [](auto change) {
        auto open = Scene::an_open("t");
        change(open);
        return content_hash(open);
    };
    EXPECT_NE(base, changed([](auto& o) { o.session = "s2"; }));
    EXPECT_NE(base, changed([](auto& o) { o.text = "hellp"; }));
    EXPECT_NE(base, changed([](auto& o) { o.locale = "ja"; }));
    EXPECT_NE(base, changed([](auto& o) { o.pipeline = "base"; }));
    EXPECT_NE(base, changed([](auto& o) { o.history.emplace(); }));
}

TEST(ContentHash, TheBordersBetweenPartsCount) {
    auto a = Scene::an_open("t", "s1", "ab"), b = Scene::an_open("t", "s1", "a");
    b.locale = "b";
    EXPECT_NE(content_hash(a), content_hash(b));
    a = b = Scene::an_open("t");
    a.history = {{wire::Role::user, "x"}, {wire::Role::user, "y"}};
    b.history = {{wire::Role::user, "xy"}};
    EXPECT_NE(content_hash(a), content_hash(b));
    b.history = {{wire::Role::user, "x"}, {wire::Role::assistant, "y"}};
    EXPECT_NE(content_hash(a), content_hash(b));
}

}  // namespace
}  // namespace emostage::broker::test
