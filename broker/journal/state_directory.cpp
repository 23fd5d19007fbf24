#include "broker/journal/state_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace emostage::broker {
namespace {

constexpr const char* lock_name = "/lock";

std::string reason() { return std::generic_category().message(errno); }

struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

Result<void> sync_directory(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    const std::string why = synced ? "" : reason();
    if (descriptor >= 0) ::close(descriptor);
    if (!synced) return fail(Errc::io, "cannot write the directory " + path + ": " + why);
    return {};
}

Result<void> make(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0) {
        const auto parent = std::filesystem::path(path).parent_path();
        return sync_directory(parent.empty() ? "/" : parent.string());
    }
    if (errno != EEXIST) {
        return fail(Errc::io, "cannot make the directory " + path + ": " + reason() +
                                  "; choose another with --state");
    }
    struct stat is {};
    if (::stat(path.c_str(), &is) != 0 || !S_ISDIR(is.st_mode)) {
        return fail(Errc::io, path + " is not a directory: choose another with --state");
    }
    return {};
}

}  // namespace

Result<StateDirectory> StateDirectory::open(const std::string& given) {
    std::error_code failed;
    std::string path = std::filesystem::absolute(given, failed).lexically_normal().string();
    if (failed)
        return fail(Errc::io, "cannot use the directory " + given + ": " + failed.message());
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    if (auto made = make(path); !made) return tl::unexpected(made.error());
    const int lock = ::open((path + lock_name).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (lock < 0) {
        return fail(Errc::io, "cannot write in the directory " + path + ": " + reason() +
                                  "; let this user write there, or choose another with --state");
    }
    StateDirectory directory(std::move(path), lock);
    auto wanted = whole_file();
    if (::fcntl(lock, F_OFD_SETLK, &wanted) == 0) return directory;
    if (errno == EAGAIN || errno == EACCES) {
        return fail(Errc::io, "another broker keeps its state in " + directory.path() +
                                  ": stop it, or choose another directory with --state");
    }
    return fail(Errc::io, "cannot lock " + directory.path() + lock_name + ": " + reason() +
                              "; choose a directory on a local disk with --state");
}

bool StateDirectory::held(const std::string& path) {
    const int descriptor = ::open((path + lock_name).c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    auto found = whole_file();
    found.l_type = F_RDLCK;  // as far as a descriptor for reading may ask
    const bool held = ::fcntl(descriptor, F_OFD_GETLK, &found) == 0 && found.l_type != F_UNLCK;
    ::close(descriptor);
    return held;
}

Result<void> StateDirectory::sync() const { return sync_directory(path_); }

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

StateDirectory::~StateDirectory() {
    if (lock_ >= 0) ::close(lock_);
}

}  // namespace emostage::broker
