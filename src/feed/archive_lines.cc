#include "archive_lines.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <zlib.h>

namespace rampart::feed {
namespace {

constexpr std::size_t kChunkSize = 256UL * 1024UL;
constexpr std::size_t kLineMax = 64UL * 1024UL;
constexpr std::string_view kGzip{"\x1f\x8b", 2};
constexpr int kGzipWindow = 15 + 16;  // zlib.h: 16 more for a gzip header

struct Magic {
  std::string_view bytes;
  std::string_view name;
};
constexpr std::array<Magic, 3> kOthers{
    {{{"\xfd\x37zXZ", 5}, "xz"}, {{"BZh", 3}, "bzip2"}, {{"\x28\xb5\x2f\xfd", 4}, "zstd"}}};

Bytef* bytes_of(std::string& text, std::size_t from) {
  return reinterpret_cast<Bytef*>(text.data() + from);  // NOLINT: zlib's bytes are unsigned
}

}  // namespace

struct ArchiveLines::Inflater {
  Inflater() { good = ::inflateInit2(&stream, kGzipWindow) == Z_OK; }
  ~Inflater() { ::inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
  bool good = false;
  bool between = false;  // a member ended: another one, padding or the end follows
};

ArchiveLines::ArchiveLines(base::Descriptor file, std::uint64_t end)
    : file_(std::move(file)), end_(end) {}
ArchiveLines::ArchiveLines(ArchiveLines&&) noexcept = default;
ArchiveLines& ArchiveLines::operator=(ArchiveLines&&) noexcept = default;
ArchiveLines::~ArchiveLines() = default;

void ArchiveLines::rewind() {
  offset_ = 0;
  lines_ = 0;
  started_ = false;
  ended_ = false;
  inflater_.reset();
  chunk_.clear();
  buffer_.clear();
  line_begin_ = 0;
  skipping_ = false;
  problem_.clear();
}

bool ArchiveLines::next(std::string_view& line) {
  for (;;) {
    const std::size_t at = buffer_.find('\n', line_begin_);
    if (at != std::string::npos) {
      line = std::string_view(buffer_).substr(line_begin_, std::min(at - line_begin_, kLineMax));
      line_begin_ = at + 1;
      if (std::exchange(skipping_, false)) {
        continue;
      }
      line.remove_prefix(std::min(line.find_first_not_of('\0'), line.size()));
      ++lines_;
      return true;
    }
    if (!skipping_ && buffer_.size() - line_begin_ > kLineMax) {
      line = std::string_view(buffer_).substr(line_begin_, kLineMax);
      line_begin_ = buffer_.size();
      skipping_ = true;
      ++lines_;
      return true;
    }
    if (!fill()) {
      return false;
    }
  }
}

// Adds to the buffer. Returns false at the end.
bool ArchiveLines::fill() {
  if (skipping_) {
    buffer_.clear();
  } else {
    buffer_.erase(0, line_begin_);
  }
  line_begin_ = 0;
  if (ended_) {
    return false;
  }
  if (!started_ && !start()) {
    return false;
  }
  if (inflater_) {
    return inflate_more();
  }
  if (chunk_.empty() && read_chunk() == 0) {
    ended_ = true;
    return false;
  }
  buffer_ += chunk_;
  chunk_.clear();
  return true;
}

// Looks at the first bytes.
bool ArchiveLines::start() {
  started_ = true;
  read_chunk();
  for (const Magic& other : kOthers) {
    if (chunk_.starts_with(other.bytes)) {
      fail("compressed with " + std::string(other.name) + ": unpack it first");
      return false;
    }
  }
  if (!chunk_.starts_with(kGzip)) {
    return true;
  }
  inflater_ = std::make_unique<Inflater>();
  if (!inflater_->good) {
    fail("no memory to unpack it");
    return false;
  }
  inflater_->stream.next_in = bytes_of(chunk_, 0);
  inflater_->stream.avail_in = static_cast<uInt>(chunk_.size());
  return true;
}

// @return bytes now in the chunk, 0 at the end
std::size_t ArchiveLines::read_chunk() {
  chunk_.resize(std::min<std::uint64_t>(kChunkSize, end_ - std::min(end_, offset_)));
  ssize_t got = 0;
  do {
    got = ::pread(file_.get(), chunk_.data(), chunk_.size(), static_cast<off_t>(offset_));
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    fail(base::error_text(errno));
    got = 0;
  }
  chunk_.resize(static_cast<std::size_t>(got));
  offset_ += chunk_.size();
  return chunk_.size();
}

// Unpacks until there is something new. Returns false at the end.
bool ArchiveLines::inflate_more() {
  z_stream& stream = inflater_->stream;
  for (;;) {
    if (stream.avail_in == 0) {
      if (read_chunk() == 0) {
        ended_ = true;
        if (!inflater_->between && problem_.empty()) {
          fail("the compressed data ends too early");
        }
        return false;
      }
      stream.next_in = bytes_of(chunk_, 0);
      stream.avail_in = static_cast<uInt>(chunk_.size());
    }
    if (inflater_->between) {
      if (*stream.next_in == 0) {
        ++stream.next_in;
        --stream.avail_in;
        continue;
      }
      ::inflateReset(&stream);
      inflater_->between = false;
    }
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kChunkSize);
    stream.next_out = bytes_of(buffer_, before);
    stream.avail_out = kChunkSize;
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    buffer_.resize(before + kChunkSize - stream.avail_out);
    inflater_->between = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      fail("the compressed data is damaged");
      return buffer_.size() > before;
    }
    if (buffer_.size() > before) {
      return true;
    }
  }
}

void ArchiveLines::fail(std::string what) {
  problem_ = std::move(what);
  ended_ = true;
}

}  // namespace rampart::feed
