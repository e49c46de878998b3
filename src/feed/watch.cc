#include "watch.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr base::Micros kTogether = 50ms;
constexpr std::size_t kFilesMax = 3;

std::filesystem::path directory_of(const std::string& path) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  return directory.empty() ? std::filesystem::path(".") : directory;
}

}  // namespace

Watch::Watch(std::string path)
    : path_(std::move(path)),
      directory_(directory_of(path_).string()),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

void Watch::arm() {
  if (!inotify_.valid()) {
    return;
  }
  // Adding what is watched already changes nothing. Not IN_MODIFY for the directory: that would
  // wake us for every line of every log in it.
  ::inotify_add_watch(inotify_.get(), directory_.c_str(), IN_CREATE | IN_MOVED_TO | IN_DELETE);
  const int file = ::inotify_add_watch(inotify_.get(), path_.c_str(), IN_MODIFY | IN_ATTRIB);
  if (file < 0 || std::find(watched_.begin(), watched_.end(), file) != watched_.end()) {
    return;
  }
  watched_.push_back(file);
  if (watched_.size() > kFilesMax) {
    ::inotify_rm_watch(inotify_.get(), watched_.front());
    watched_.pop_front();
  }
}

void Watch::wait(base::Micros timeout, int other) {
  if (poll_for(timeout, inotify_.get(), other)) {
    poll_for(kTogether, -1, -1);
  }
  std::array<char, 4096> events{};
  while (inotify_.valid() && ::read(inotify_.get(), events.data(), events.size()) > 0) {
  }
}

// Returns whether something happened but wake().
bool Watch::poll_for(base::Micros timeout, int files, int other) {
  std::array<pollfd, 3> descriptors{
      {{wake_.get(), POLLIN, 0}, {files, POLLIN, 0}, {other, POLLIN, 0}}};
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  ::poll(descriptors.data(), descriptors.size(), static_cast<int>(wait));
  return descriptors[1].revents != 0 || descriptors[2].revents != 0;
}

void Watch::wake() noexcept {
  wake_.set();
}

}  // namespace rampart::feed
