#include "core/config/address.hpp"

#include <gtest/gtest.h>

namespace emostage::config {
namespace {

TEST(ListenAddress, IsAnIpAddressAndAPort) {
    EXPECT_EQ(parse_listen_address("127.0.0.1:7704"), (Address{"127.0.0.1", 7704}));
    EXPECT_EQ(parse_listen_address("[::1]:0"), (Address{"::1", 0}));
    EXPECT_EQ(parse_listen_address("localhost:80"), (Address{"127.0.0.1", 80}));
    EXPECT_EQ(parse_listen_address("*:65535"), (Address{"0.0.0.0", 65535}));
}

TEST(ListenAddress, IsWrittenAsItIsRead) {
    for (const auto* text : {"127.0.0.1:7704", "[::1]:1"}) {
        EXPECT_EQ(to_string(*parse_listen_address(text)), text);
    }
}

TEST(ListenAddress, RefusesEverythingElse) {
    for (const auto* text :
         {"", ":", "7704", ":7704", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
          "127.0.0.1:-1", "127.0.0.1: 1", "::1:7704", "[::1]", "[127.0.0.1]:1", "[]:1", "[*]:1",
          "example.org:1", "300.0.0.1:1", "http://127.0.0.1:1"}) {
        const auto address = parse_listen_address(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().code, Errc::config);
        EXPECT_THAT(address.error().message, testing::HasSubstr("HOST:PORT"));
    }
}

TEST(ZmqEndpoint, IsTcpOrIpc) {
    for (const auto* text :
         {"tcp://127.0.0.1:7701", "tcp://*:7701", "tcp://127.0.0.1:*", "tcp://eth0:1",
          "tcp://[::]:7701", "ipc:///run/emostage/commands.sock", "ipc://@abstract"}) {
        EXPECT_TRUE(check_zmq_endpoint(text, EndpointUse::bind)) << text;
    }
    for (const auto* text : {"tcp://127.0.0.1:7701", "tcp://broker.example.org:7701",
                             "tcp://[::1]:7701", "ipc:///run/emostage/commands.sock"}) {
        EXPECT_TRUE(check_zmq_endpoint(text, EndpointUse::connect)) << text;
    }
}

TEST(ZmqEndpoint, RefusesEverythingElse) {
    for (const auto* text :
         {"", "tcp", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://:7701", "tcp://a b:1",
          "tcp://127.0.0.1:99999", "tcp://127.0.0.1:x", "tcp://::1:7701", "tcp://[x]:1", "ipc://",
          "ipc://a b", "inproc://x", "udp://127.0.0.1:1", "127.0.0.1:7701",
          "http://127.0.0.1:7701"}) {
        EXPECT_FALSE(check_zmq_endpoint(text, EndpointUse::bind)) << text;
        EXPECT_FALSE(check_zmq_endpoint(text, EndpointUse::connect)) << text;
    }
    EXPECT_FALSE(check_zmq_endpoint("ipc://" + std::string(108, 'a'), EndpointUse::bind));
    EXPECT_TRUE(check_zmq_endpoint("ipc://" + std::string(107, 'a'), EndpointUse::bind));
}

TEST(ZmqEndpoint, CannotConnectToEverythingOrAnything) {
    EXPECT_FALSE(check_zmq_endpoint("tcp://*:7701", EndpointUse::connect));
    EXPECT_FALSE(check_zmq_endpoint("tcp://127.0.0.1:*", EndpointUse::connect));
    EXPECT_FALSE(check_zmq_endpoint("tcp://127.0.0.1:0", EndpointUse::connect));
}

}  // namespace
}  // namespace emostage::config
