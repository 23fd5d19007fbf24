// emostage-chat as a process of its own, at pipes or at a terminal, driven from the test's loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace emostage::chat::test {

class ChatProcess {
public:
    struct Options {
        std::vector<std::string> arguments;
        std::map<std::string, std::string> environment;  // the whole of it
        bool terminal = false;                           // a pty of 40 columns and 24 rows
        std::string input_file = {};                     // standard input; else what type() writes
    };

    ChatProcess(asio::io_context& loop, Options options);
    ~ChatProcess();  // kills it if it still runs
    ChatProcess(const ChatProcess&) = delete;
    ChatProcess& operator=(const ChatProcess&) = delete;

    void type(std::string_view bytes);
    void close_input();
    void signal(int number);

    const std::string& out() const { return out_; }  // of a terminal: its echo too
    const std::string& err() const { return err_; }

    // Runs the loop until the output holds `text` (after `from`); false when patience ended first.
    bool shows(std::string_view text, std::size_t from = 0);
    // Runs the loop until the process has ended: its exit code; -1 without one in time or by a
    // signal.
    int exit_code();

private:
    using Descriptor = asio::posix::stream_descriptor;
    void read(Descriptor& from, std::string& into, bool& open);

    asio::io_context& loop_;
    int pid_ = -1;
    Descriptor in_, from_out_, from_err_;
    std::string out_, err_;
    bool out_open_ = true, err_open_ = true;
    std::shared_ptr<bool> alive_;
};

}  // namespace emostage::chat::test
