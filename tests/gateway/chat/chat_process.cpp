#include "tests/gateway/chat/chat_process.hpp"

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "tests/gateway/scripted_broker.hpp"

namespace emostage::chat::test {

namespace {

constexpr std::size_t output_bytes_max = 16 * 1024 * 1024;

std::string program() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "emostage-chat";
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> out;
    for (auto& one : strings) out.push_back(one.data());
    out.push_back(nullptr);
    return out;
}

struct Pipe {
    Pipe() {
        std::array<int, 2> ends;
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
        read = ends[0];
        write = ends[1];
    }
    int read, write;
};

}  // namespace

ChatProcess::ChatProcess(asio::io_context& loop, Options options)
    : loop_(loop),
      in_(loop),
      from_out_(loop),
      from_err_(loop),
      alive_(std::make_shared<bool>(true)) {
    // All that the child needs is made before the fork: after it, only exec is safe.
    std::vector<std::string> arguments{program()};
    arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
    std::vector<std::string> environment;
    for (const auto& [name, value] : options.environment) environment.push_back(name + "=" + value);
    auto argv = pointers(arguments), envp = pointers(environment);

    Pipe error;
    std::optional<Pipe> input, output;
    int master = -1, file = -1;
    if (options.terminal) {
        winsize size{24, 40, 0, 0};
        pid_ = ::forkpty(&master, nullptr, nullptr, &size);
    } else {
        if (options.input_file.empty()) {
            input.emplace();
        } else {
            file = ::open(options.input_file.c_str(), O_RDONLY | O_CLOEXEC);
        }
        output.emplace();
        pid_ = ::fork();
    }
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) {
        if (!options.terminal) {
            ::dup2(input ? input->read : file, 0);
            ::dup2(output->write, 1);
        }
        ::dup2(error.write, 2);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    ::close(error.write);
    if (file >= 0) ::close(file);
    if (options.terminal) {
        in_.assign(::dup(master));
        from_out_.assign(master);
    } else {
        ::close(output->write);
        from_out_.assign(output->read);
        if (input) {
            ::close(input->read);
            in_.assign(input->write);
        }
    }
    if (in_.is_open()) in_.native_non_blocking(true);  // type() runs the loop while it waits
    from_err_.assign(error.read);
    read(from_out_, out_, out_open_);
    read(from_err_, err_, err_open_);
}

ChatProcess::~ChatProcess() {
    *alive_ = false;
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void ChatProcess::read(Descriptor& from, std::string& into, bool& open) {
    auto buffer = std::make_shared<std::array<char, 4096>>();
    from.async_read_some(asio::buffer(*buffer),
                         [this, &from, &into, &open, buffer, alive = alive_](
                             const asio::error_code& error, std::size_t got) {
                             if (!*alive) return;
                             if (error || into.size() > output_bytes_max) {
                                 open = false;  // a terminal that its process has left gives EIO
                                 return;
                             }
                             into.append(buffer->data(), got);
                             read(from, into, open);
                         });
}

void ChatProcess::type(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto put = ::write(in_.native_handle(), bytes.data(), bytes.size());
        if (put > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(put));
        } else if (errno == EAGAIN) {
            loop_.run_one_for(std::chrono::milliseconds(10));
        } else if (errno != EINTR) {
            throw std::runtime_error("the chat no longer reads");
        }
    }
}

void ChatProcess::close_input() { in_.close(); }

void ChatProcess::signal(int number) { ::kill(pid_, number); }

bool ChatProcess::shows(std::string_view text, std::size_t from) {
    return gateway::test::run_until(loop_,
                                    [&] { return out_.find(text, from) != std::string::npos; });
}

int ChatProcess::exit_code() {
    if (pid_ <= 0) return -1;
    if (!gateway::test::run_until(loop_, [&] { return !out_open_ && !err_open_; })) return -1;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace emostage::chat::test
