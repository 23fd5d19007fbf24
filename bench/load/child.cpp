#include "bench/load/child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>

namespace emostage::load {

namespace {

constexpr int could_not_start = 127;

std::string words_of(int code) { return std::error_code(code, std::generic_category()).message(); }

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(Child::log_bytes_max, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::string last_line(std::string_view text) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    const auto at = text.rfind('\n');
    return std::string(at == text.npos ? text : text.substr(at + 1));
}

// Between fork and exec, where next to nothing is allowed.
[[noreturn]] void become(char* const* arguments, int output, pid_t parent) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(could_not_start);  // it died meanwhile
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv(arguments[0], arguments);
    ::_exit(could_not_start);
}

}  // namespace

Result<Child> Child::start(std::string name, const std::vector<std::string>& command,
                           std::filesystem::path log) {
    if (::access(command.front().c_str(), X_OK) != 0) {
        return fail(Errc::io, command.front() + ": " + words_of(errno) +
                                  "; build it first (./ops/build release)");
    }
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (output < 0) return fail(Errc::io, log.string() + ": " + words_of(errno));
    std::vector<char*> arguments;
    for (const auto& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
    arguments.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) become(arguments.data(), output, parent);
    const int code = errno;
    ::close(output);
    if (pid < 0) return fail(Errc::io, name + ": " + words_of(code));
    return Child(std::move(name), pid, std::move(log));
}

Child::Child(Child&& other) noexcept
    : name_(std::move(other.name_)),
      pid_(std::exchange(other.pid_, -1)),
      log_(std::move(other.log_)) {}

Child::~Child() { stop(); }

bool Child::running() const { return pid_ > 0 && ended().empty(); }

std::string Child::ended() const {
    siginfo_t info{};
    if (pid_ <= 0 ||
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0) {
        return {};
    }
    const std::string how = info.si_code == CLD_EXITED ? "exit code " : "signal ";
    return how + std::to_string(info.si_status) + ": " + last_line(contents(log_));
}

void Child::stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    for (auto end = Clock::now() + stop_max; running() && Clock::now() < end;) {
        std::this_thread::sleep_for(look_again);
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

Result<std::string> Child::line_with(std::string_view text, Duration longest,
                                     const std::function<bool()>& stopped) const {
    const auto end = Clock::now() + longest;
    while (true) {
        const bool lives = running();  // first: what it says last is then in the file
        const std::string said = contents(log_);
        if (const auto at = said.find(text); at != said.npos) {
            const auto begin = said.rfind('\n', at) + 1;  // npos + 1 is 0
            const auto line_end = said.find('\n', at);
            if (line_end != said.npos) return said.substr(begin, line_end - begin);
        }
        const char* what = !lives               ? " ended by itself: "
                           : stopped()          ? " was not ready when all was stopped: "
                           : Clock::now() > end ? " is not ready: "
                                                : nullptr;
        if (what != nullptr) return fail(Errc::unavailable, name_ + what + last_line(said));
        std::this_thread::sleep_for(look_again);
    }
}

std::string value_in(std::string_view line, std::string_view key) {
    for (std::size_t at = 0; (at = line.find(key, at)) != line.npos; at += key.size()) {
        const bool begins = at == 0 || line[at - 1] == ' ';
        const auto value = at + key.size() + 1;
        if (begins && value <= line.size() && line[value - 1] == '=') {
            return std::string(line.substr(value, line.find(' ', value) - value));
        }
    }
    return {};
}

}  // namespace emostage::load
