#include "broker/journal/ballast.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

namespace emostage::broker {

// A broker that was killed while it made the file may have left a part of it.
Ballast::Ballast(std::string path) : path_(std::move(path)) {
    struct stat is {};
    kept_ = ::stat(path_.c_str(), &is) == 0 && is.st_size == bytes &&
            is.st_blocks * 512 >= bytes;  // st_blocks is in 512 bytes always
    if (!kept_) drop();
}

bool Ballast::room() const {
    struct statvfs disk {};
    const std::string directory = std::filesystem::path(path_).parent_path();
    if (::statvfs(directory.c_str(), &disk) != 0) return false;
    return disk.f_bavail >= static_cast<std::uint64_t>(bytes + room_min) / disk.f_frsize;
}

bool Ballast::keep() {
    if (kept_ || !room()) return kept_;
    const int descriptor = ::open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    kept_ = descriptor >= 0 && ::posix_fallocate(descriptor, 0, bytes) == 0;
    if (descriptor >= 0) ::close(descriptor);
    if (!kept_) drop();
    return kept_;
}

void Ballast::drop() {
    ::unlink(path_.c_str());
    kept_ = false;
}

}  // namespace emostage::broker
